// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The channel's frames: the stack sends them, a reader takes them, and sleeps until there is one.
#![forbid(unsafe_code)]

use super::port::{is_full, Frame, FrameList, Listeners};
use super::{Channel, Opener, State};
use crate::kern::errno::{Errno, Result};
use crate::kern::mutex::Guard;

/// The result of queueing a frame that the stack sends.
#[must_use]
pub enum Pushed<F> {
    /// The frame is queued for a reader.
    Queued {
        /// Whether SIGIO must be sent.
        sigio: bool,
    },
    /// The interface is not open, or not running.
    Closed(F),
    /// The queue is full, or the frame is empty.
    Full(F),
}

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// Queues a frame that the stack sends. `max` is the limit of the queue.
    #[inline(always)]
    pub fn push(&self, frame: L::Frame, max: u32) -> Pushed<L::Frame> {
        let mut state = self.state.lock();
        if !state.running || self.is_open_by(Opener::None) {
            return Pushed::Closed(frame);
        }
        let len = frame.frame_len();
        if len == 0 || is_full(state.frames.len(), max, len as usize) {
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

    /// Removes and returns the next frame. Sleeps until there is one, unless `nonblock` is set.
    ///
    /// ENXIO when the interface is gone, EIO when the node is revoked, EHOSTDOWN while it is down,
    /// EWOULDBLOCK, or the error with which a signal ends the sleep. It never succeeds without a
    /// frame: a read would return 0, which programs take for end of file.
    #[inline(always)]
    pub fn next(&self, nonblock: bool) -> Result<L::Frame> {
        self.take_one(nonblock).map(|(frame, _)| frame)
    }

    /// The same, with a number for [`put_back`](Self::put_back).
    #[inline(always)]
    pub fn take_one(&self, nonblock: bool) -> Result<(L::Frame, u32)> {
        let mut state = self.state.lock();
        // The queue is purged when the interface goes down or is destroyed, so a queued frame means
        // that the interface is alive and running.
        if let Some(frame) = state.frames.pop() {
            self.publish(&state);
            return Ok((frame, state.purges));
        }
        self.take_one_later(state, nonblock)
    }

    /// The same, when there was none.
    #[cold]
    #[inline(never)]
    fn take_one_later(
        &self,
        mut state: Guard<'_, State<L>>,
        nonblock: bool,
    ) -> Result<(L::Frame, u32)> {
        loop {
            self.wait_for_frame(&mut state, nonblock)?;
            if let Some(frame) = state.frames.pop() {
                self.publish(&state);
                return Ok((frame, state.purges));
            }
        }
    }

    /// Removes and returns at most `max` frames, not 0, as [`next`](Self::next) does the first one.
    /// The number is for [`put_back`](Self::put_back).
    pub fn take(&self, max: u32, nonblock: bool) -> Result<(L, u32)> {
        let mut state = self.state.lock();
        while state.frames.is_empty() {
            self.wait_for_frame(&mut state, nonblock)?;
        }
        let mut taken = L::empty();
        while taken.len() < max {
            let Some(frame) = state.frames.pop() else { break };
            taken.push(frame);
        }
        self.publish(&state);
        Ok((taken, state.purges))
    }

    /// Puts frames back that were taken and have not been read: they are the first ones again.
    /// `purges` is what [`take`](Self::take) returned with them. Returns them if the queue has been
    /// purged since, because the interface was down, or closed: they are not for its next opener.
    pub fn put_back(&self, mut frames: L, purges: u32) -> L {
        let mut state = self.state.lock();
        if frames.is_empty() || state.purges != purges {
            return frames;
        }
        while let Some(frame) = state.frames.pop() {
            frames.push(frame);
        }
        state.frames = frames;
        self.publish(&state);
        // There may be several frames again, and as many readers asleep.
        self.cv.broadcast();
        self.notify(&mut state);
        L::empty()
    }

    /// Takes out the frames that a reader refuses by now. The others stay, in their order.
    pub fn take_out(&self, is_refused: impl Fn(&L::Frame) -> bool) -> L {
        let mut state = self.state.lock();
        let (mut kept, mut refused) = (L::empty(), L::empty());
        while let Some(frame) = state.frames.pop() {
            if is_refused(&frame) {
                refused.push(frame);
            } else {
                kept.push(frame);
            }
        }
        state.frames = kept;
        // Where there was a frame, the interface is alive.
        if !refused.is_empty() {
            self.publish(&state);
        }
        refused
    }

    /// From now on a reader gets so many bytes before each frame, below 2^8.
    pub fn set_before(&self, bytes: u32) {
        let mut state = self.state.lock();
        state.before = bytes;
        if !state.dying {
            self.publish(&state);
        }
    }

    /// Waits for a frame. Fails with the errors of [`next`](Self::next).
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
            // The wake-up for that frame may have gone to this reader, so wake up another one.
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
