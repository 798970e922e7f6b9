// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the loader asks of the processor and its Linux. Code of the kernel's memory model runs in the low 2 GiB.

use std::ptr;

/// The end of what a signed 32-bit word addresses.
const LOW: usize = 1 << 31;

/// New pages in low memory; `None` when there are none.
pub fn mapped(len: usize) -> Option<usize> {
    let bits = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
    // SAFETY: new pages, wherever the kernel likes in the low 2 GiB.
    let start = unsafe { libc::mmap(ptr::null_mut(), len, bits, flags, -1, 0) };
    (start != libc::MAP_FAILED).then_some(start as usize)
}

/// Whether modules, and the static array at `_array` if they are there, reach what ends at
/// `address`.
pub fn reaches(_array: usize, address: usize) -> bool {
    address <= LOW
}

/// Has instructions that were written seen: this processor does that itself.
pub fn synchronise(_start: usize, _len: usize) {}

/// Where a signal interrupted a thread.
pub fn pc(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
}
