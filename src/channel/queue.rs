// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The channel's frames: the stack sends them, a reader takes them, and sleeps until there is one.
#![forbid(unsafe_code)]

use super::port::{Frame, FrameList, Listeners};
use super::{Channel, Opener, State};
use crate::kern::errno::{Errno, Result};
use crate::kern::mutex::Guard;

/// What became of a frame that the stack sent.
#[must_use]
pub enum Pushed<F> {
    /// It waits for a reader; the flag asks for SIGIO.
    Queued {
        /// Whether the owner wants a signal.
        sigio: bool,
    },
    /// Nobody has the interface open, or it does not run.
    Closed(F),
    /// The queue is full, or the frame is empty.
    Full(F),
}

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// The stack sends a frame. `max` is the queue's bound.
    pub fn push(&self, frame: L::Frame, max: u32) -> Pushed<L::Frame> {
        let mut state = self.state.lock();
        if !state.running || self.is_open_by(Opener::None) {
            return Pushed::Closed(frame);
        }
        if state.frames.len() >= max || frame.frame_len() == 0 {
            return Pushed::Full(frame);
        }
        state.frames.push(frame);
        self.publish(&state);
        if state.sleepers != 0 {
            self.cv.signal();
        }
        self.notify(&mut state);
        Pushed::Queued { sigio: state.async_io }
    }

    /// Takes the next frame, and sleeps for one unless `nonblock`.
    ///
    /// ENXIO when the interface is gone, EIO when the node is revoked, EHOSTDOWN while it is down,
    /// EWOULDBLOCK, or what a signal ends the sleep with. It never comes back empty-handed
    /// without an error, so a read never returns 0, which clients take for end of file.
    pub fn next(&self, nonblock: bool) -> Result<L::Frame> {
        let mut state = self.state.lock();
        loop {
            // A frame that waits says that the interface is alive and runs: its end purges.
            if let Some(frame) = state.frames.pop() {
                self.publish(&state);
                return Ok(frame);
            }
            self.wait_for_frame(&mut state, nonblock)?;
        }
    }

    /// Returns once a frame waits, or with the error that [`next`](Self::next) ends with.
    #[cold]
    #[inline(never)]
    fn wait_for_frame(&self, state: &mut Guard<'_, State<L>>, nonblock: bool) -> Result {
        state.readers = state.readers.wrapping_add(1);
        let waited = self.sleep_for_frame(state, nonblock);
        state.readers = state.readers.wrapping_sub(1);
        if state.readers == 0 {
            state.restart = false;
        }
        if waited.is_err() && state.sleepers != 0 && !state.frames.is_empty() {
            // The wake-up for that frame may have been spent on this reader: pass it on.
            self.cv.signal();
        }
        waited
    }

    fn sleep_for_frame(&self, state: &mut Guard<'_, State<L>>, nonblock: bool) -> Result {
        loop {
            if state.dying {
                return Err(Errno::ENXIO);
            }
            if state.cancelled {
                return Err(Errno::EIO);
            }
            if !state.running {
                return Err(Errno::EHOSTDOWN);
            }
            if !state.frames.is_empty() {
                return Ok(());
            }
            if nonblock {
                return Err(Errno::EWOULDBLOCK);
            }
            if state.restart {
                return Err(Errno::ERESTART);
            }
            state.sleepers = state.sleepers.wrapping_add(1);
            let woken = self.cv.wait_sig(state);
            state.sleepers = state.sleepers.wrapping_sub(1);
            woken?;
        }
    }
}
