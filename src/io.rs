// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) and write(2): one call, one frame.
//!
//! Bytes are copied to and from user space outside of every lock and of the gate, for a page may
//! take for ever to come; the softc stays because the descriptor or the node does.
#![forbid(unsafe_code)]

use crate::ether::{check_length, BadLength};
use crate::input;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifcount::Counter;
use crate::kern::mbuf::Mbuf;
use crate::kern::uio::Uio;
use crate::softc::Softc;

/// read(2): the next frame that the stack sent. A short buffer gets the frame's beginning, and the
/// loss is counted as an output error; so is a frame that a fault lost, which is not counted as
/// sent. A request of no bytes takes no frame, as spec_read(9) has it for nodes.
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

/// write(2), writev(2): a frame from the wire. EINVAL without a whole Ethernet header, EMSGSIZE
/// beyond 65535 bytes; ENOBUFS, which is counted, without memory.
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

/// Counts a frame that there was no memory for. Returns what to tell the writer.
#[cold]
fn not_read(softc: &Softc, error: Errno) -> Errno {
    let Some(_call) = softc.channel.enter() else { return Errno::ENXIO };
    if error == Errno::ENOBUFS {
        softc.interface.count(Counter::InputErrors);
    }
    error
}
