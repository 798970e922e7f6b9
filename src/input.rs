// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Passes frames from write(2) to the network stack.
//!
//! The stack must receive frames in a soft interrupt. All interfaces share one soft interrupt and
//! one queue. if_percpuq would take a soft interrupt for each interface, of the about 800 that
//! the kernel has, and would take a large part of the time of a creation and destruction.
#![forbid(unsafe_code)]

use crate::channel::port::is_full;
use crate::kern::ifcount::Counter;
use crate::kern::mbuf::{Mbuf, MbufList};
use crate::kern::softint::Softint;
use crate::lockfree::arc::Arc;
use crate::lockfree::atomic::{AtomicU32, Ordering};
use crate::lockfree::inputq::InputQueue;
use crate::softc::Softc;
use crate::solo::Solo;

/// Calls [`deliver`].
pub static SOFTINT: Softint = Softint::new();
/// The frames of all interfaces, each with a reference to its softc.
static QUEUE: InputQueue<Softc> = InputQueue::new();
/// Ensures that one CPU at a time works in [`deliver`].
static AT_WORK: Solo = Solo::new(AtomicU32::new(0));
/// How many frames of one interface can be queued. An if_percpuq has the same limit.
const MAX_WAITING: u32 = 256;

/// Queues a frame of `len` bytes for the stack. If too many are queued, it is dropped and counted,
/// as by if_percpuq. The caller then calls [`schedule`].
#[inline(always)]
pub fn post(softc: &Softc, frame: Mbuf, len: usize) {
    if is_full(softc.incoming.fetch_add(1, Ordering::Relaxed), MAX_WAITING, len) {
        return refuse(softc, 1);
    }
    QUEUE.post(frame, Arc::retain(softc));
}

/// Has the queued frames passed to the stack.
#[inline(always)]
pub fn schedule() {
    SOFTINT.schedule();
}

/// Has the queued frames passed to the stack already if half as many wait as can, before more of a
/// write of `len` bytes are queued.
pub fn make_room(softc: &Softc, len: usize) {
    if is_full(softc.incoming.load(Ordering::Relaxed), MAX_WAITING / 2, len) {
        schedule();
    }
}

/// Queues the frames that came in a write of `len` bytes: all, or none if too many are queued. The
/// caller then calls [`schedule`].
pub fn post_all(softc: &Softc, frames: MbufList, len: usize) {
    let count = frames.len();
    if is_full(softc.incoming.fetch_add(count, Ordering::Relaxed), MAX_WAITING, len) {
        return refuse(softc, count);
    }
    for frame in frames {
        QUEUE.post(frame, Arc::retain(softc));
    }
}

#[cold]
fn refuse(softc: &Softc, count: u32) {
    softc.incoming.fetch_sub(count, Ordering::Relaxed);
    if let Some(_call) = softc.channel.enter() {
        for _ in 0..count {
            softc.interface.count(Counter::InputDrops);
        }
    }
}

/// The soft interrupt: passes the queued frames to the stack, except those of interfaces that are
/// gone.
///
/// The stack may sleep while it handles a frame. Frames that another CPU queues during that time
/// wait, so that the frames of an interface stay in order.
pub fn deliver() {
    AT_WORK.run(|| {
        for (frame, softc) in QUEUE.take() {
            softc.incoming.fetch_sub(1, Ordering::Relaxed);
            if let Some(_call) = softc.channel.enter() {
                softc.receive(frame);
            }
        }
    });
}
