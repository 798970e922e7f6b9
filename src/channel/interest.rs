// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Those who want to be told of the channel's frames and of its end: pollers, knotes, and the owner
//! that gets SIGIO.
#![forbid(unsafe_code)]

use super::port::{FrameList, Listeners, SigIo};
use super::Channel;
use crate::kern::errno::{Errno, Result};

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// Checks again with the lock held, and runs `record` unless the interface is gone. A later
    /// frame, or the destruction of the interface, then notifies the poller. The poller is recorded
    /// even if a frame is queued, because it may have asked for another event.
    pub fn look_and_record(&self, record: impl FnOnce(&W)) -> Option<u32> {
        let mut state = self.state.lock();
        let look = self.look();
        if look.is_some() {
            record(&self.listeners);
            state.polled = true;
        }
        look
    }

    /// Runs `attach` with the lock held, unless the interface is gone. If `reads` is set, counts
    /// one more knote that waits for frames.
    pub fn attach_knote(&self, reads: bool, attach: impl FnOnce(&W)) -> Result {
        let mut state = self.state.lock();
        if state.dying {
            return Err(Errno::ENXIO);
        }
        attach(&self.listeners);
        if reads {
            state.knotes = state.knotes.wrapping_add(1);
        }
        Ok(())
    }

    /// The reverse of [`attach_knote`](Self::attach_knote).
    pub fn detach_knote(&self, reads: bool, detach: impl FnOnce(&W)) {
        let mut state = self.state.lock();
        detach(&self.listeners);
        if reads {
            state.knotes = state.knotes.wrapping_sub(1);
        }
    }

    /// FIOASYNC.
    pub fn set_async(&self, on: bool) {
        self.state.lock().async_io = on;
    }

    /// FIOSETOWN, with an owner that fsetown(9) has checked.
    pub fn set_owner(&self, owner: i32) {
        self.state.lock().owner = owner;
    }

    /// FIOGETOWN.
    pub fn owner(&self) -> i32 {
        self.state.lock().owner
    }

    /// The present receiver of SIGIO, if there is one.
    pub fn sigio(&self) -> Option<SigIo> {
        Self::sigio_of(&self.state.lock())
    }
}
