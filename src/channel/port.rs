// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the channel asks of the frames that it carries, and of its listeners. In the kernel these
//! are mbufs and selinfos, see `adapter.rs`. A test supplies its own types.
#![forbid(unsafe_code)]

/// A frame of more bytes than this is long.
const LONG: usize = 16384;

/// Whether a queue of at most `max` frames, of which `waiting` are taken, has no place for a frame of
/// that length. Long frames leave three quarters of the queue to shorter ones, so that the memory of
/// a full queue is limited too.
#[inline(always)]
pub fn is_full(waiting: u32, max: u32, frame_len: usize) -> bool {
    waiting >= max || (frame_len > LONG && waiting >= max.div_ceil(4))
}

/// A frame. The channel uses only its length.
pub trait Frame {
    /// Length in bytes, below 2^31.
    fn frame_len(&self) -> u32;
}

/// A first-in-first-out list of frames that allocates nothing.
pub trait FrameList: Sized {
    /// What the list holds.
    type Frame: Frame;
    /// An empty list.
    fn empty() -> Self;
    /// How many frames it holds.
    fn len(&self) -> u32;
    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Length in bytes of the first frame, 0 when there is none.
    fn first_len(&self) -> u32;
    /// Appends a frame.
    fn push(&mut self, frame: Self::Frame);
    /// Takes the first frame.
    fn pop(&mut self) -> Option<Self::Frame>;
}

/// What the channel notifies: pollers, knotes, and the place where the length of the queue is
/// shown. All methods are called with the lock held.
pub trait Listeners {
    /// The queue now holds this number of frames.
    fn length(&self, frames: u32);
    /// A frame was queued, or the node was revoked. Listeners must check the channel again.
    fn readable(&self);
    /// The interface is gone.
    fn gone(&self);
}

/// The receiver of SIGIO, and what the signal reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigIo {
    /// A process, or a process group if negative. 0 means no receiver.
    pub owner: i32,
    /// Whether the interface is running. If so the signal reports data, else a hang-up.
    pub running: bool,
}
