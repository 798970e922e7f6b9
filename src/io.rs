// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) and write(2): one call, one frame.
//!
//! Bytes are copied to and from user space outside of every lock and of the gate, for a page may
//! take for ever to come; the softc stays because the descriptor or the node does.
#![forbid(unsafe_code)]

use crate::channel::Frame;
use crate::ether::{check_length, BadLength};
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Counter;
use crate::kern::mbuf::Mbuf;
use crate::kern::uio::Uio;
use crate::softc::Softc;

/// read(2): the next frame that the stack sent. A short buffer gets the frame's beginning, and the
/// loss is counted as an output error; so is a frame that a fault lost, which is not counted as
/// sent. A request of no bytes takes no frame, as spec_read(9) has it for nodes.
pub fn read(softc: &Softc, uio: &mut Uio<'_>, nonblock: bool) -> Result {
    if uio.resid() == 0 {
        return Ok(());
    }
    let frame = softc.channel.next(nonblock)?;
    let copied = frame.write_to(uio);
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        match copied {
            Ok(bytes) => {
                let truncated = bytes < frame.frame_len() as usize;
                softc.interface.count_output(bytes, frame.is_multicast(), truncated);
            }
            Err(_) => softc.interface.count(Counter::OutputErrors),
        }
    }
    copied.map(drop)
}

/// write(2), writev(2): a frame from the wire. EINVAL without a whole Ethernet header, EMSGSIZE
/// beyond the MTU, a header and a VLAN tag; ENOBUFS, which is counted, without memory.
pub fn write(softc: &Softc, uio: &mut Uio<'_>) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let len = uio.resid();
    check_length(len, softc.interface.mtu()).map_err(|bad| match bad {
        BadLength::Runt => Errno::EINVAL,
        BadLength::Giant => Errno::EMSGSIZE,
    })?;
    let frame = Mbuf::read_from(uio, len);
    let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
    match frame {
        Ok(frame) => {
            softc.interface.input(frame);
            softc.touch_modification();
            Ok(())
        }
        Err(error) => {
            if error == Errno::ENOBUFS {
                softc.interface.count(Counter::InputErrors);
            }
            Err(error)
        }
    }
}
