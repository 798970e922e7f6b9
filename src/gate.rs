// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A count of the calls in flight, and a door that closes behind them.
//!
//! A call that touches what detach tears down (the attached `ifnet`, its counters, its input
//! queue) enters first and leaves last. Detach closes the gate once, so that no later call gets
//! in, and waits until those inside have left. Entering and leaving cost one atomic instruction
//! each and take no lock; only the last call out of a closed gate has more to do.
//!
//! Nothing that sleeps for long, above all no copy to or from user space, is done inside.
#![forbid(unsafe_code)]

use crate::lockfree::atomic::{AtomicU32, Ordering};

/// Set in the count as long as the gate is open; a closed and empty one is 0, which the processor
/// compares with for nothing.
const OPEN: u32 = 1 << 31;

/// The count of calls in flight. The top bit says that the gate is open.
pub struct Gate(AtomicU32);

/// What is left to do for a call that leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Open,
    /// It was the last one out of a closed gate: who waits for that must be told.
    Last,
}

impl Gate {
    /// An open gate with nobody inside.
    pub fn new() -> Self {
        Gate(AtomicU32::new(OPEN))
    }

    /// Counts the caller in, and says whether the gate was open. Whatever the answer, the caller
    /// must [`leave`](Self::leave): a refused call was counted for a moment, and a waiter may have
    /// seen it.
    #[must_use]
    pub fn enter(&self) -> bool {
        self.0.fetch_add(1, Ordering::Acquire) & OPEN != 0
    }

    /// Counts the caller out.
    #[must_use]
    pub fn leave(&self) -> Left {
        // Release: what the call did is visible to whoever sees the gate empty.
        if self.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            Left::Last
        } else {
            Left::Open
        }
    }

    /// Closes the gate for good.
    pub fn close(&self) {
        self.0.fetch_and(!OPEN, Ordering::AcqRel);
    }

    /// Whether the gate is closed and nobody is inside.
    pub fn empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
