// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Work that one at a time does, for whoever else comes meanwhile.
#![forbid(unsafe_code)]

use crate::lockfree::atomic::{AtomicU32, Ordering};

/// How many have come since the work was last begun with nobody at it.
pub struct Solo(AtomicU32);

impl Solo {
    /// Nobody is at work; the count begins at 0.
    pub const fn new(count: AtomicU32) -> Self {
        Solo(count)
    }

    /// Does the work, and again if others come meanwhile; if somebody is at it already, leaves it to
    /// that one. What the caller did before is seen by the work that is done for it.
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
