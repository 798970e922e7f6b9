// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Copies to and from user memory, sys/kern/subr_copy.c: this process's own, where what is not
//! mapped is an error and no fault.
//!
//! process_vm_readv(2) and process_vm_writev(2) are for that. An emulator of user programs may lack
//! them; there bytes go through a pipe, whose read(2) and write(2) check addresses as well.

use std::ffi::c_void;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsRawFd;

/// From or to user memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

/// What the smallest pipe has room for.
const PIPE: usize = 4096;

/// Copies what can be copied between kernel memory, which is the caller's, and user memory; whether
/// that was all.
pub(super) fn copy(direction: Direction, kernel: *mut c_void, user: usize, len: usize) -> bool {
    match direct(direction, kernel, user, len) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            by_pipe(direction, kernel, user, len).unwrap_or(false)
        }
        moved => moved.is_ok_and(|moved| moved == len),
    }
}

fn direct(direction: Direction, kernel: *mut c_void, user: usize, len: usize) -> io::Result<usize> {
    let ours = libc::iovec { iov_base: kernel, iov_len: len };
    let theirs = libc::iovec { iov_base: user as *mut c_void, iov_len: len };
    let pid = std::process::id() as libc::pid_t;
    let moved = match direction {
        // SAFETY: the kernel memory is the caller's, and the user memory is checked by the system.
        Direction::In => unsafe { libc::process_vm_readv(pid, &ours, 1, &theirs, 1, 0) },
        // SAFETY: as above.
        Direction::Out => unsafe { libc::process_vm_writev(pid, &ours, 1, &theirs, 1, 0) },
    };
    usize::try_from(moved).map_err(|_| io::Error::last_os_error())
}

fn by_pipe(direction: Direction, kernel: *mut c_void, user: usize, len: usize) -> io::Result<bool> {
    let (reader, writer) = io::pipe()?;
    for at in (0..len).step_by(PIPE) {
        let kernel = kernel.wrapping_byte_add(at);
        let user = user.wrapping_add(at) as *mut c_void;
        let (from, to) = match direction {
            Direction::In => (user, kernel),
            Direction::Out => (kernel, user),
        };
        if !through(&writer, &reader, from, to, PIPE.min(len - at)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes no more bytes than there is room for, and reads them again; whether all could be.
fn through(
    writer: &PipeWriter,
    reader: &PipeReader,
    from: *const c_void,
    to: *mut c_void,
    len: usize,
) -> bool {
    // SAFETY: one of the two memories is the caller's, the other is checked by the system.
    let written = unsafe { libc::write(writer.as_raw_fd(), from, len) };
    if written != len as isize {
        return false;
    }
    // SAFETY: as above.
    let read = unsafe { libc::read(reader.as_raw_fd(), to, len) };
    read == len as isize
}

#[cfg(test)]
mod tests {
    use super::*;

    type Way = fn(Direction, *mut c_void, usize, usize) -> bool;

    fn only_by_pipe(direction: Direction, kernel: *mut c_void, user: usize, len: usize) -> bool {
        by_pipe(direction, kernel, user, len).unwrap_or(false)
    }

    /// The way that there is, and the one through a pipe.
    const WAYS: [Way; 2] = [copy, only_by_pipe];

    #[test]
    fn bytes_arrive_however_many() {
        for copies in WAYS {
            for len in [1, PIPE - 1, PIPE, PIPE + 1, 3 * PIPE + 5] {
                let user: Vec<u8> = (0..len).map(|n| n as u8 ^ 0x5a).collect();
                let mut kernel = vec![0; len];
                let mut back = vec![0; len];
                let ours = kernel.as_mut_ptr().cast();
                assert!(copies(Direction::In, ours, user.as_ptr() as usize, len));
                assert!(copies(Direction::Out, ours, back.as_mut_ptr() as usize, len));
                assert_eq!(kernel, user);
                assert_eq!(back, user);
            }
        }
    }

    #[test]
    fn a_bad_address_is_an_error() {
        let mut kernel = [0_u8; 8];
        static CONSTANT: [u8; 8] = [1; 8];
        for copies in WAYS {
            let ours = kernel.as_mut_ptr().cast();
            assert!(!copies(Direction::In, ours, 8, 8));
            assert!(!copies(Direction::Out, ours, 8, 8));
            assert!(!copies(Direction::Out, ours, CONSTANT.as_ptr() as usize, 8));
        }
    }
}
