// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! copyin(9) and copyout(9) between the kernel and a user's memory, which may not be mapped: the
//! user is this very process, asked for through process_vm_readv(2), which does not fault.

use tap_conformance::errno::{Errno, Result};

fn span(address: usize, len: usize) -> libc::iovec {
    libc::iovec { iov_base: address as *mut libc::c_void, iov_len: len }
}

fn pid() -> libc::pid_t {
    std::process::id() as libc::pid_t
}

/// Copies from the user's memory; EFAULT where it is not mapped.
pub fn copyin(from: usize, to: &mut [u8]) -> Result<()> {
    let (local, remote) = (span(to.as_mut_ptr() as usize, to.len()), span(from, to.len()));
    // SAFETY: the local span is the caller's; the remote one is checked by the call.
    let n = unsafe { libc::process_vm_readv(pid(), &local, 1, &remote, 1, 0) };
    (n == to.len() as isize).then_some(()).ok_or(Errno::EFAULT)
}

/// Copies to the user's memory; EFAULT where it is not mapped.
pub fn copyout(from: &[u8], to: usize) -> Result<()> {
    let (local, remote) = (span(from.as_ptr() as usize, from.len()), span(to, from.len()));
    // SAFETY: the local span is the caller's; the remote one is checked by the call.
    let n = unsafe { libc::process_vm_writev(pid(), &local, 1, &remote, 1, 0) };
    (n == from.len() as isize).then_some(()).ok_or(Errno::EFAULT)
}
