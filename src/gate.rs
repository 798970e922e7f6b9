// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A count of the calls in flight, which can be closed to later calls.
//!
//! A call that uses what detach destroys (the attached `ifnet`, its counters, its input queue)
//! enters the gate before, and leaves it after. Detach closes the gate, so that later calls are
//! refused, and waits until the calls inside have left. Entering and leaving take one atomic
//! instruction each, and no lock. Only the last call that leaves a closed gate has to do more.
//!
//! A call inside the gate must not sleep for long. In particular, it must not copy to or from user
//! space.
#![forbid(unsafe_code)]

use crate::lockfree::atomic::{AtomicU32, Ordering};

/// Set in the count while the gate is open. A closed and empty gate is 0, so the check for it needs
/// no compare instruction.
const OPEN: u32 = 1 << 31;

/// The count of calls in flight. The top bit says that the gate is open.
pub struct Gate(AtomicU32);

/// What a call that leaves has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Open,
    /// It was the last call to leave a closed gate, and must wake up the drain.
    Last,
}

impl Gate {
    /// An open gate with nobody inside.
    pub fn new() -> Self {
        Gate(AtomicU32::new(OPEN))
    }

    /// Counts the caller in, and returns whether the gate was open. In both cases the caller must
    /// [`leave`](Self::leave). A refused call was counted too, and the drain may have seen it.
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
