// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The channel's ports in a kernel: its frames are mbufs, and those who wait outside of it are
//! recorded in selinfos.
#![forbid(unsafe_code)]

use crate::channel::port::{Frame, FrameList, Listeners};
use crate::kern::ifcount::QueueGauge;
use crate::kern::ifnet::Interface;
use crate::kern::knote::{Filter, Knote};
use crate::kern::mbuf::{Mbuf, MbufList};
use crate::kern::select::SelInfo;

impl Frame for Mbuf {
    fn frame_len(&self) -> u32 {
        self.packet_len()
    }
}

impl FrameList for MbufList {
    type Frame = Mbuf;

    fn empty() -> Self {
        MbufList::new()
    }

    fn len(&self) -> u32 {
        self.len()
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn first_len(&self) -> u32 {
        self.first_len()
    }

    fn push(&mut self, frame: Mbuf) {
        self.push(frame);
    }

    fn pop(&mut self) -> Option<Mbuf> {
        self.pop()
    }
}

/// Those who wait for frames, those who only want to know when the interface is destroyed, and the
/// place where the queue's length is shown. The channel's lock guards all of them.
///
/// Write knotes have a record of their own, because they are not notified when a frame arrives.
///
/// # Invariants
///
/// [`pin_init`](Self::pin_init) has run, at the final address, before anybody else can see it. The
/// interface is in the same softc, and each knote holds a reference to that.
pub struct Waiters {
    read: SelInfo,
    write: SelInfo,
    gauge: QueueGauge,
}

impl Waiters {
    /// Nobody.
    pub const fn new() -> Self {
        Waiters { read: SelInfo::new(), write: SelInfo::new(), gauge: QueueGauge::new() }
    }

    /// Prepares all parts, at their final address.
    pub fn pin_init(&mut self, interface: &Interface) {
        self.gauge.init(interface);
        self.read.init();
        self.write.init();
    }

    /// Records the running thread as a poller. Called by the channel, with its lock held.
    pub fn record_poller(&self) {
        self.read.record();
    }

    /// Attaches a knote. Called by the channel, with its lock held.
    pub fn attach(&self, knote: &mut Knote<'_>, filter: Filter) {
        self.side(filter).attach(knote);
    }

    /// Detaches a knote. Called by the channel, with its lock held.
    pub fn detach(&self, knote: &mut Knote<'_>, filter: Filter) {
        self.side(filter).detach(knote);
    }

    fn side(&self, filter: Filter) -> &SelInfo {
        match filter {
            Filter::Read => &self.read,
            Filter::Write => &self.write,
        }
    }
}

impl Default for Waiters {
    fn default() -> Self {
        Self::new()
    }
}

impl Listeners for Waiters {
    fn length(&self, frames: u32) {
        self.gauge.set(frames);
    }

    fn readable(&self) {
        self.read.notify();
    }

    fn gone(&self) {
        self.read.notify();
        self.write.notify();
    }
}
