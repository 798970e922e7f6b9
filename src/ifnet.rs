// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The callbacks of the network stack: init, stop, transmit, media.
#![forbid(unsafe_code)]

use crate::channel::queue::Pushed;
use crate::event;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Link;
use crate::kern::mbuf::Mbuf;
use crate::kern::media::{self, Medium};
use crate::softc::Softc;
use crate::vnet::segments;

/// The media that tap(4) has always offered: three, each also in full duplex, and automatic choice.
pub static MEDIA: [Medium; 7] = [
    Medium::T1000,
    Medium::T1000.union(Medium::FDX),
    Medium::TX100,
    Medium::TX100.union(Medium::FDX),
    Medium::T10,
    Medium::T10.union(Medium::FDX),
    Medium::AUTO,
];

/// if_init. The stack holds IFNET_LOCK.
pub fn init(softc: &Softc) {
    softc.interface.set_running(true);
    let _nothing_to_free = softc.channel.set_running(true);
}

/// if_stop. The stack holds IFNET_LOCK. The queued frames are dropped, and readers wake up and
/// return EHOSTDOWN.
pub fn stop(softc: &Softc) {
    softc.interface.set_running(false);
    let (frames, sigio) = softc.channel.set_running(false);
    softc.discard(frames);
    if sigio {
        event::request_sigio(softc);
    }
}

/// if_transmit: queues a frame for user space, or drops it if the interface is not open. bpf(4)
/// sees each frame once, whether it is dropped or queued.
///
/// A frame counts as sent when it is read. A frame that is dropped is in no byte counter.
///
/// A large TCP packet that the reader does not take is cut. The stack seldom sends one: only until
/// it sees that the interface has lost the capability.
pub fn transmit(softc: &Softc, frame: Mbuf) -> Result {
    let _call = softc.channel.enter().ok_or(Errno::ENETDOWN)?;
    if frame.is_large() && !segments::is_taken(&frame, softc.vnet.get()) {
        return transmit_segments(softc, &frame);
    }
    send(softc, frame)
}

/// Shows bpf(4) a frame and queues it. A call in flight only.
#[inline(always)]
fn send(softc: &Softc, frame: Mbuf) -> Result {
    softc.interface.tap_output(&frame);
    let (refused, result) = match softc.channel.push(frame, softc.interface.queue_limit()) {
        Pushed::Queued { sigio } => {
            if sigio {
                event::request_sigio(softc);
            }
            return Ok(());
        }
        // This is like a cable that is not connected at the other end, which is no error for the
        // sender.
        Pushed::Closed(frame) => (frame, Ok(())),
        Pushed::Full(frame) => (frame, Err(Errno::ENOBUFS)),
    };
    drop(refused);
    softc.interface.count_drops(1);
    result
}

/// Transmits the frames that a large TCP packet stands for. The first error, if there is one. A
/// call in flight only.
#[cold]
#[inline(never)]
fn transmit_segments(softc: &Softc, packet: &Mbuf) -> Result {
    let Some(frames) = segments::of_stack(packet) else {
        softc.interface.count_drops(1);
        return Err(Errno::ENOBUFS);
    };
    let mut result = Ok(());
    for frame in frames {
        result = result.and(send(softc, frame));
    }
    result
}

/// ifm_status: reports the selected medium, and the link state that was last reported to the stack.
/// ifmedia(9) holds its spin mutex, so the channel's lock cannot be taken here.
pub fn media_status(softc: &Softc, request: &mut media::Request<'_>) {
    request.set(softc.interface.selected_media(), softc.interface.link() == Link::Up);
}
