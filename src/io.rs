// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) and write(2). Each call transfers one frame.
//!
//! A copy to or from user space is made with no lock held and outside the gate, because it may wait
//! for a page without limit. The descriptor or the node keeps the softc alive during the copy.
#![forbid(unsafe_code)]

use crate::ether::{check_length, BadLength};
use crate::input;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifcount::Counter;
use crate::kern::mbuf::Mbuf;
use crate::kern::uio::Uio;
use crate::softc::Softc;

/// read(2): returns the next frame that the stack sent. If the buffer is too short, it gets the
/// beginning of the frame, and an output error is counted. If the copy faults, the frame is lost.
/// It is then counted as an output error, and not as sent. A request of no bytes removes no frame,
/// as spec_read does for nodes.
pub fn read(softc: &Softc, mut uio: Uio<'_>, nonblock: bool) -> Result {
    if uio.resid() == 0 {
        return if softc.channel.is_gone() { Err(Errno::ENXIO) } else { Ok(()) };
    }
    let frame = softc.channel.next(nonblock)?;
    let copied = frame.write_to(&mut uio);
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        match copied {
            Ok(bytes) => {
                let truncated = bytes < frame.packet_len() as usize;
                softc.interface.count_output(bytes, frame.is_multicast(), truncated);
            }
            Err(_) => softc.interface.count(Counter::OutputErrors),
        }
    }
    copied.map(drop)
}

/// write(2), writev(2): receives a frame. EINVAL if it has no complete Ethernet header, EMSGSIZE if
/// it is longer than 65535 bytes, ENOBUFS if there is no memory, which is counted.
pub fn write(softc: &Softc, mut uio: Uio<'_>) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let len = uio.resid();
    match check_length(len) {
        Ok(()) => {}
        Err(BadLength::Runt) => return Err(Errno::EINVAL),
        Err(BadLength::Giant) => return Err(Errno::EMSGSIZE),
    }
    let frame = match Mbuf::read_from(&mut uio, len) {
        Ok(frame) => frame,
        Err(error) => return Err(not_read(softc, error)),
    };
    input::post(softc, frame);
    softc.touch_modification();
    Ok(())
}

/// Counts a frame for which there was no memory. Returns the error for the writer.
#[cold]
fn not_read(softc: &Softc, error: Errno) -> Errno {
    let Some(_call) = softc.channel.enter() else { return Errno::ENXIO };
    if error == Errno::ENOBUFS {
        softc.interface.count(Counter::InputErrors);
    }
    error
}
