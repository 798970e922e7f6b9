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
use crate::kern::file::FileFlags;
use crate::kern::ifcount::{Counter, Output};
use crate::kern::mbuf::{Mbuf, Writable};
use crate::kern::uio::{Transfer, Uio};
use crate::offload::header::{frame_len, Header};
use crate::softc::Softc;
use crate::vnet::{self, mode::Mode};

/// read(2): returns the next frame that the stack sent. If the buffer is too short, it gets the
/// beginning of the frame, and an output error is counted. If the copy faults, the frame is lost.
/// It is then counted as an output error, and not as sent. A request of no bytes removes no frame,
/// as spec_read does for nodes.
pub fn read(softc: &Softc, uio: &mut Uio, flags: FileFlags) -> Result {
    if uio.resid() == 0 {
        return if softc.channel.is_gone() { Err(Errno::ENXIO) } else { Ok(()) };
    }
    let mode = softc.vnet.get();
    if mode != Mode::OFF {
        return read_behind(softc, uio, flags, mode);
    }
    let frame = softc.channel.next(flags.contains(FileFlags::NONBLOCK))?;
    if frame.is_unfinished() {
        return read_unfinished(softc, frame, uio, flags, mode);
    }
    match frame.write_to(uio) {
        Ok(bytes) => {
            count_read(softc, &frame, bytes, frame.is_longer(bytes));
            Ok(())
        }
        Err(error) => Err(lose(softc, frame, error)),
    }
}

/// So many bytes of the frame have been read, and the rest of it is lost if it was cut.
#[inline(always)]
pub fn count_read(softc: &Softc, frame: &Mbuf, bytes: usize, cut: bool) {
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        softc.interface.count_output(&Output {
            packets: 1,
            bytes: bytes as _,
            mcasts: frame.is_multicast().into(),
            errors: cut.into(),
        });
    }
}

/// The copy of the frame has faulted. Returns the error for the reader.
#[cold]
#[inline(never)]
pub fn lose(softc: &Softc, _frame: Mbuf, error: Errno) -> Errno {
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        softc.interface.count(Counter::OutputErrors);
    }
    error
}

/// The same, behind an offload header. EINVAL if the request has no room for the header; then no
/// frame is removed.
#[cold]
fn read_behind(softc: &Softc, uio: &mut Uio, flags: FileFlags, mode: Mode) -> Result {
    if uio.resid() < mode.header() as usize {
        return Err(if softc.channel.is_gone() { Errno::ENXIO } else { Errno::EINVAL });
    }
    let frame = softc.channel.next(flags.contains(FileFlags::NONBLOCK))?;
    read_unfinished(softc, frame, uio, flags, mode)
}

/// Returns a frame of which something may be left to do. If it has become one that the reader does
/// not take, it is dropped and counted, and the next one is returned.
#[cold]
#[inline(never)]
fn read_unfinished(
    softc: &Softc,
    mut frame: Mbuf,
    uio: &mut Uio,
    flags: FileFlags,
    mode: Mode,
) -> Result {
    loop {
        let mode = mode.with_takes_of(softc.vnet.get());
        match vnet::read::write_to(&frame, uio, mode) {
            Some(Ok(bytes)) => {
                count_read(softc, &frame, bytes, frame.is_longer(bytes));
                return Ok(());
            }
            Some(Err(error)) => return Err(lose(softc, frame, error)),
            None => softc.interface.count_drops(1),
        }
        frame = softc.channel.next(flags.contains(FileFlags::NONBLOCK))?;
    }
}

/// write(2), writev(2): receives a frame, or behind an offload header the frames that it stands
/// for. EINVAL if it has no complete Ethernet header, EMSGSIZE if it is longer than 65535 bytes,
/// ENOBUFS if there is no memory, which is counted.
pub fn write(softc: &Softc, uio: &mut Uio) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let mode = softc.vnet.get();
    if mode.header() != 0 {
        return write_behind(softc, uio, mode);
    }
    let len = uio.resid();
    if !is_short(len) {
        return write_long(softc, uio);
    }
    receive_bare(softc, uio, len)?;
    written(softc);
    Ok(())
}

/// Frames have been queued for the stack.
#[inline(always)]
pub fn written(softc: &Softc) {
    input::schedule();
    softc.touch_modification();
}

/// Whether a frame of that length is one that is written, and is read into one mbuf. What is done
/// with it then needs nothing in memory.
#[inline(always)]
pub fn is_short(len: usize) -> bool {
    check_length(len).is_ok() && Mbuf::is_one(len)
}

/// Queues what is written without an offload header, of a length that [`check_length`] has found
/// good.
#[inline(always)]
pub fn receive_bare(softc: &Softc, source: &mut impl Transfer, len: usize) -> Result {
    match Mbuf::read_from(source, len) {
        Ok(frame) => input::post(softc, frame, len),
        Err(error) => return Err(not_read(softc, error)),
    }
    Ok(())
}

/// A write of any other length.
#[cold]
#[inline(never)]
fn write_long(softc: &Softc, uio: &mut Uio) -> Result {
    receive_long(softc, uio)?;
    written(softc);
    Ok(())
}

/// Queues what is written without an offload header, if its length is good.
#[inline(always)]
pub fn receive_long(softc: &Softc, source: &mut impl Transfer) -> Result {
    let len = source.resid();
    if let Err(bad) = check_length(len) {
        return Err(vnet::write::errno(bad.into()));
    }
    receive_bare(softc, source, len)
}

/// A write of a frame behind an offload header.
#[inline(never)]
fn write_behind(softc: &Softc, uio: &mut Uio, mode: Mode) -> Result {
    receive_behind(softc, uio, mode)?;
    written(softc);
    Ok(())
}

/// Queues what is written behind an offload header. All of the frames that it stands for are queued
/// or, if there is an error, none.
#[inline(always)]
pub fn receive_behind(softc: &Softc, source: &mut impl Transfer, mode: Mode) -> Result {
    let total = source.resid();
    let before = mode.header() as usize;
    let len = total.wrapping_sub(before);
    if total < before || check_length(len).is_err() || !Mbuf::is_one(total) {
        return receive_long_behind(softc, source, before);
    }
    match Writable::read_first(source, before, len) {
        Ok(mut frame) if Header::says_nothing(frame.front()) => {
            frame.strip(before);
            input::post(softc, frame.finish(), len);
            Ok(())
        }
        Ok(frame) => receive_planned(softc, source, frame, before, len),
        Err(error) => Err(not_read(softc, error)),
    }
}

/// The same, of any other length.
#[cold]
#[inline(never)]
fn receive_long_behind(softc: &Softc, mut source: &mut dyn Transfer, before: usize) -> Result {
    let len = frame_len(source.resid(), before).map_err(vnet::write::errno);
    match len.and_then(|len| Ok((Writable::read_first(&mut source, before, len)?, len))) {
        Ok((frame, len)) => receive_planned(softc, source, frame, before, len),
        Err(error) => Err(not_read(softc, error)),
    }
}

/// Queues a frame of `len` bytes of which the beginning has been read, or the frames that it stands
/// for, as its header says.
#[cold]
#[inline(never)]
fn receive_planned(
    softc: &Softc,
    source: &mut dyn Transfer,
    frame: Writable,
    before: usize,
    len: usize,
) -> Result {
    // What will be cut anyway is copied once if it is cut now.
    let interface = &softc.interface;
    let whole = interface.enabled().contains(Capabilities::WHOLE) && !interface.is_member();
    match vnet::write::plan(source, frame, before, len, interface.mtu(), whole) {
        Ok(frames) => input::post_all(softc, frames, before.wrapping_add(len)),
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
