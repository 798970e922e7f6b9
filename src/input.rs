// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames on their way up, from write(2) to the network stack.
//!
//! The stack wants them in a soft interrupt. All interfaces share one, and one queue: if_percpuq,
//! which gives each interface its own, takes one of the kernel's few hundred for each, and a good
//! part of the time of a creation and destruction.
#![forbid(unsafe_code)]

use crate::kern::ifcount::Counter;
use crate::kern::mbuf::Mbuf;
use crate::kern::softint::Softint;
use crate::lockfree::arc::Arc;
use crate::lockfree::atomic::{AtomicU32, Ordering};
use crate::lockfree::inputq::InputQueue;
use crate::softc::Softc;
use crate::solo::Solo;

/// Calls [`deliver`].
pub static SOFTINT: Softint = Softint::new();
/// Frames of all interfaces, each with a reference to its softc.
static QUEUE: InputQueue<Softc> = InputQueue::new();
/// The one CPU that is in [`deliver`].
static AT_WORK: Solo = Solo::new(AtomicU32::new(0));
/// How many frames of one interface may wait, as many as in its if_percpuq.
const MAX_WAITING: u32 = 256;

/// Sends a frame up. One that too many wait before is dropped and counted, as by if_percpuq.
pub fn post(softc: &Softc, frame: Mbuf) {
    if softc.incoming.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
        return refuse(softc);
    }
    QUEUE.post(frame, Arc::retain(softc));
    SOFTINT.schedule();
}

#[cold]
fn refuse(softc: &Softc) {
    softc.incoming.fetch_sub(1, Ordering::Relaxed);
    if let Some(_call) = softc.channel.enter() {
        softc.interface.count(Counter::InputDrops);
    }
}

/// The soft interrupt: hands to the stack what has come, except to interfaces that are gone.
///
/// The stack may sleep over a frame. What comes on another CPU meanwhile waits, so that an
/// interface's frames stay in order.
pub fn deliver() {
    AT_WORK.run(|| {
        for (frame, softc) in QUEUE.take() {
            softc.incoming.fetch_sub(1, Ordering::Relaxed);
            if let Some(_call) = softc.channel.enter() {
                softc.interface.input(frame);
            }
        }
    });
}
