// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The page that nobody has mapped, and the two before it that are.

use std::sync::OnceLock;

const PAGE: usize = 4096;
static EDGE: OnceLock<usize> = OnceLock::new();

/// The end of 8192 writable bytes behind which nothing is mapped.
pub fn address() -> usize {
    *EDGE.get_or_init(|| {
        // SAFETY: a new mapping, wherever there is room.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                3 * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        crate::kassert!(start != libc::MAP_FAILED, "no memory for the edge");
        let edge = start as usize + 2 * PAGE;
        // SAFETY: the last page of the mapping made above, which nobody uses. It stays
        // reserved, without access, so that nobody else gets the place.
        let failed = unsafe { libc::mprotect(edge as *mut _, PAGE, libc::PROT_NONE) };
        crate::kassert!(failed == 0, "no edge of memory");
        edge
    })
}
