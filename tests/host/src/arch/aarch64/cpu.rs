// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the loader needs to know of the processor and of Linux. Branches have a limited range, so
//! modules are placed in a static array near the host's functions, as they would be near the
//! kernel's.

use std::ffi::c_char;

/// Less than an adrp reaches, from wherever in the array.
const REACH: usize = 1 << 31;

/// New pages: none, since nobody says how near they would be.
pub fn mapped(_len: usize) -> Option<usize> {
    None
}

/// Whether modules in the static array at `array` reach what ends at `address`.
pub fn reaches(array: usize, address: usize) -> bool {
    array.abs_diff(address) < REACH
}

unsafe extern "C" {
    /// The compiler's own: cleans the data cache and forgets the instruction cache.
    fn __clear_cache(start: *mut c_char, end: *mut c_char);
}

/// Has instructions that were written seen by all processors.
pub fn synchronise(start: usize, len: usize) {
    // SAFETY: the caller's pages, which can be read.
    unsafe { __clear_cache(start as *mut c_char, (start + len) as *mut c_char) };
}

/// Where a signal interrupted a thread.
pub fn pc(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.pc as usize
}
