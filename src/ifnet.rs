// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the network stack asks of the interface: init, stop, transmit, media.
#![forbid(unsafe_code)]

use crate::channel::queue::Pushed;
use crate::event;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Link;
use crate::kern::mbuf::Mbuf;
use crate::kern::media::{self, Medium};
use crate::softc::Softc;

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

/// if_init, under IFNET_LOCK.
pub fn init(softc: &Softc) {
    softc.interface.set_running(true);
    let _nothing_to_free = softc.channel.set_running(true);
}

/// if_stop, under IFNET_LOCK: the frames that wait are dropped, and readers wake to be told
/// EHOSTDOWN.
pub fn stop(softc: &Softc) {
    softc.interface.set_running(false);
    let (frames, sigio) = softc.channel.set_running(false);
    softc.discard(frames);
    if sigio {
        event::request_sigio(softc);
    }
}

/// if_transmit: a frame goes out, to user space if somebody has the interface open. bpf(4) sees
/// each frame once, whether it is dropped here or read later.
///
/// A frame counts as sent when it is read, so one that is dropped is in no byte counter.
pub fn transmit(softc: &Softc, frame: Mbuf) -> Result {
    let _call = softc.channel.enter().ok_or(Errno::ENETDOWN)?;
    softc.interface.tap_output(&frame);
    let (refused, result) = match softc.channel.push(frame, softc.interface.queue_limit()) {
        Pushed::Queued { sigio } => {
            if sigio {
                event::request_sigio(softc);
            }
            return Ok(());
        }
        // A cable without a far end: no error of the sender's.
        Pushed::Closed(frame) => (frame, Ok(())),
        Pushed::Full(frame) => (frame, Err(Errno::ENOBUFS)),
    };
    drop(refused);
    softc.interface.count_drops(1);
    result
}

/// ifm_status: the selected medium, and the link as the stack has been told. ifmedia(9) holds its
/// spin mutex, so the channel's lock cannot be taken here.
pub fn media_status(softc: &Softc, request: &mut media::Request<'_>) {
    request.set(softc.interface.selected_media(), softc.interface.link() == Link::Up);
}
