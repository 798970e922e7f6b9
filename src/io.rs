// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) and write(2). Each call transfers one frame.
//!
//! A copy to or from user space is made with no lock held and outside the gate, because it may wait
//! for a page without limit. The descriptor or the node keeps the softc alive during the copy.
#![forbid(unsafe_code)]

use crate::ether::check_length;
use crate::input;
use crate::kern::capability::Capabilities;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifcount::{Counter, Output};
use crate::kern::mbuf::Mbuf;
use crate::kern::uio::{Transfer, Uio};
use crate::softc::Softc;
use crate::vnet::{self, mode::Mode};

/// read(2): returns the next frame that the stack sent. If the buffer is too short, it gets the
/// beginning of the frame, and an output error is counted. If the copy faults, the frame is lost.
/// It is then counted as an output error, and not as sent. A request of no bytes removes no frame,
/// as spec_read does for nodes.
pub fn read(softc: &Softc, mut uio: Uio<'_>, nonblock: bool) -> Result {
    if uio.resid() == 0 {
        return if softc.channel.is_gone() { Err(Errno::ENXIO) } else { Ok(()) };
    }
    let mode = softc.vnet.get();
    if mode != Mode::OFF {
        return read_behind(softc, uio, nonblock, mode);
    }
    let frame = softc.channel.next(nonblock)?;
    if frame.is_unfinished() {
        return read_unfinished(softc, frame, uio, nonblock, mode);
    }
    let copied = frame.write_to(&mut uio);
    finish_read(softc, &frame, copied)
}

/// The frame has been read: `copied` says how many bytes of it.
#[inline(always)]
fn finish_read(softc: &Softc, frame: &Mbuf, copied: Result<usize>) -> Result {
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        match copied {
            Ok(bytes) => {
                let truncated = bytes < frame.packet_len() as usize;
                softc.interface.count_output(&Output {
                    packets: 1,
                    bytes: bytes as _,
                    mcasts: frame.is_multicast().into(),
                    errors: truncated.into(),
                });
            }
            Err(_) => softc.interface.count(Counter::OutputErrors),
        }
    }
    copied.map(drop)
}

/// The same, behind an offload header. EINVAL if the request has no room for the header; then no
/// frame is removed.
#[cold]
fn read_behind(softc: &Softc, uio: Uio<'_>, nonblock: bool, mode: Mode) -> Result {
    if uio.resid() < mode.header() as usize {
        return Err(if softc.channel.is_gone() { Errno::ENXIO } else { Errno::EINVAL });
    }
    let frame = softc.channel.next(nonblock)?;
    read_unfinished(softc, frame, uio, nonblock, mode)
}

/// Returns a frame of which something may be left to do. If it has become one that the reader does
/// not take, it is dropped and counted, and the next one is returned.
#[cold]
#[inline(never)]
fn read_unfinished(
    softc: &Softc,
    mut frame: Mbuf,
    mut uio: Uio<'_>,
    nonblock: bool,
    mode: Mode,
) -> Result {
    loop {
        let mode = mode.with_takes_of(softc.vnet.get());
        if let Some(copied) = vnet::read::write_to(&frame, &mut uio, mode) {
            return finish_read(softc, &frame, copied);
        }
        softc.interface.count_drops(1);
        frame = softc.channel.next(nonblock)?;
    }
}

/// write(2), writev(2): receives a frame, or behind an offload header the frames that it stands
/// for. EINVAL if it has no complete Ethernet header, EMSGSIZE if it is longer than 65535 bytes,
/// ENOBUFS if there is no memory, which is counted.
pub fn write(softc: &Softc, mut uio: Uio<'_>) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let mode = softc.vnet.get();
    if mode.header() != 0 {
        return write_behind(softc, uio, mode);
    }
    let len = uio.resid();
    if let Err(bad) = check_length(len) {
        return Err(vnet::write::errno(bad.into()));
    }
    let frame = match Mbuf::read_from(&mut uio, len) {
        Ok(frame) => frame,
        Err(error) => return Err(not_read(softc, error)),
    };
    input::post(softc, frame, len);
    input::schedule();
    softc.touch_modification();
    Ok(())
}

/// The same, of a frame behind an offload header.
#[cold]
#[inline(never)]
fn write_behind(softc: &Softc, mut uio: Uio<'_>, mode: Mode) -> Result {
    receive_behind(softc, &mut uio, mode)?;
    input::schedule();
    softc.touch_modification();
    Ok(())
}

/// Queues what is written behind an offload header. All of the frames that it stands for are queued
/// or, if there is an error, none.
pub fn receive_behind(softc: &Softc, source: &mut dyn Transfer, mode: Mode) -> Result {
    let len = source.resid();
    let whole = softc.interface.enabled().contains(Capabilities::WHOLE);
    match vnet::write::read_from(source, mode, softc.interface.mtu(), whole) {
        Ok(frames) => input::post_all(softc, frames, len),
        Err(error) => return Err(not_read(softc, error)),
    }
    Ok(())
}

/// Counts a frame for which there was no memory. Returns the error for the writer.
#[cold]
pub fn not_read(softc: &Softc, error: Errno) -> Errno {
    let Some(_call) = softc.channel.enter() else { return Errno::ENXIO };
    if error == Errno::ENOBUFS {
        softc.interface.count(Counter::InputErrors);
    }
    error
}
