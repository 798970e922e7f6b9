// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Identifies processes, even after they have ended.

use core::sync::atomic::{AtomicU64, Ordering};

use super::kpi;

/// Remembers a process, which may have ended since.
pub struct ProcessCell(AtomicU64);

impl ProcessCell {
    /// No process.
    pub const fn new() -> Self {
        ProcessCell(AtomicU64::new(0))
    }

    /// Remembers the process that runs.
    pub fn set_current(&self) {
        // SAFETY: a function without preconditions.
        self.0.store(unsafe { kpi::tap_rs_current_process() }, Ordering::Relaxed);
    }

    /// Forgets it.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The number of the process, if it has not ended and the running process may see it. A later
    /// process with the same number is not taken for it. May sleep.
    pub fn visible(&self) -> Option<i32> {
        let process = self.0.load(Ordering::Relaxed);
        if process == 0 {
            return None;
        }
        // SAFETY: a function without preconditions, in thread context.
        let pid = unsafe { kpi::tap_rs_visible_process(process) };
        (pid != 0).then_some(pid)
    }
}

impl Default for ProcessCell {
    fn default() -> Self {
        Self::new()
    }
}
