// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Who has the interface open, and whether the interface goes with its close.
#![forbid(unsafe_code)]

use super::port::{FrameList, Listeners};
use super::Channel;
use crate::lockfree::atomic::Ordering;

/// Who has the interface open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Opener {
    /// Nobody.
    None,
    /// A device node.
    Node,
    /// The descriptor of a cloning open.
    Cloner,
}

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// Whether `opener` has the interface open. Takes no lock: `opener` itself, who alone ends its
    /// use, needs none.
    pub fn is_open_by(&self, opener: Opener) -> bool {
        self.opener.load(Ordering::Relaxed) == opener as u32
    }

    /// TAPSTRANSIENT, by the opener.
    pub fn set_transient(&self, goes: bool) {
        self.transient.store(goes, Ordering::Relaxed);
    }

    /// Whether the interface goes with its close. Takes no lock: the opener, who alone changes it,
    /// needs none.
    pub fn is_transient(&self) -> bool {
        self.transient.load(Ordering::Relaxed)
    }

    /// The lock is held.
    pub(super) fn set_opener(&self, opener: Opener) {
        self.opener.store(opener as u32, Ordering::Relaxed);
    }
}
