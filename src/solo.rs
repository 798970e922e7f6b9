// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Work that one caller at a time does, on behalf of all callers that arrive in the meantime.
#![forbid(unsafe_code)]

use crate::lockfree::atomic::{AtomicU32, Ordering};

/// The number of callers since the work began; 0 if no caller is at work.
pub struct Solo(AtomicU32);

impl Solo {
    /// Makes one with no caller at work. `count` must be 0.
    pub const fn new(count: AtomicU32) -> Self {
        Solo(count)
    }

    /// Does the work, and repeats it if other callers arrive during it. If another caller is
    /// already at work, that caller does it. The work that is done for a caller sees everything
    /// that the caller did before.
    pub fn run(&self, mut work: impl FnMut()) {
        let mut come = self.0.fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        if come != 1 {
            return;
        }
        loop {
            work();
            match self.0.compare_exchange(come, 0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => come = now,
            }
        }
    }
}
