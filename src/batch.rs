// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND and TAPRECV: many frames a call. Each frame is written or read as by write(2) and read(2),
//! but the soft interrupt is scheduled, the queue locked and the counters visited once for many.
#![forbid(unsafe_code)]

use core::mem::MaybeUninit;

use crate::input;
use crate::io;
use crate::kern::batch::{Batch, Direction, Entry, Memory};
use crate::kern::errno::{Errno, Result};
use crate::kern::file::FileFlags;
use crate::kern::ifcount::Output;
use crate::kern::mbuf::{Mbuf, MbufList};
use crate::kern::uio::Transfer;
use crate::softc::Softc;
use crate::vnet;
use crate::vnet::mode::Mode;

/// TAPSEND: receives frames of the program, until one has an error. That is the result only if no
/// frame came before it. EINVAL if the array makes no sense, see [`check`], and the errors of
/// write(2).
#[inline(never)]
pub fn send(softc: &Softc, mut batch: Batch<'_>) -> Result {
    let mode = softc.vnet.get();
    batch.run(Direction::Send, |entries| {
        check(entries)?;
        let mut left = &*entries;
        let mut result = Ok(());
        while let [entry, rest @ ..] = left {
            if softc.channel.is_gone() {
                result = Err(Errno::ENXIO);
                break;
            }
            let one = if mode == Mode::OFF && !entry.has_more() && io::is_short(entry.room()) {
                (send_short(softc, entry), rest)
            } else {
                let Some((frame, rest)) = split_frame(left) else { break };
                (send_any(softc, frame, mode), rest)
            };
            result = one.0;
            if result.is_err() {
                break;
            }
            left = one.1;
        }
        let done = entries.len().wrapping_sub(left.len());
        if done == 0 {
            return result.map(|()| 0);
        }
        io::written(softc);
        Ok(done)
    })
}

/// Queues the frame of one entry for the stack, without a header and short: most are.
#[inline(always)]
fn send_short(softc: &Softc, entry: &Entry) -> Result {
    let len = entry.room();
    input::make_room(softc, len);
    io::receive_bare(softc, &mut entry.place(Direction::Send), len)
}

/// Queues any frame.
#[inline(never)]
fn send_any(softc: &Softc, entries: &[Entry], mode: Mode) -> Result {
    let mut memory = Memory::new(Direction::Send, entries);
    input::make_room(softc, memory.resid());
    if mode.header() != 0 {
        return io::receive_behind(softc, &mut memory, mode);
    }
    io::receive_long(softc, &mut memory)
}

/// TAPRECV: returns frames that the stack sent, as many as are queued and have a place. Waits for the
/// first of them only, as read(2) does. EINVAL if the array makes no sense, or a frame's place has no
/// room for a header or for a byte; and the errors of read(2).
#[inline(never)]
pub fn receive(softc: &Softc, batch: Batch<'_>, flags: FileFlags) -> Result {
    let nonblock = flags.contains(FileFlags::NONBLOCK);
    let mode = softc.vnet.get();
    if mode == Mode::OFF && batch.is_one() {
        return receive_one(softc, batch, nonblock);
    }
    receive_batch(softc, batch, mode, nonblock)
}

/// The fast path: one frame into one entry, without an offload header. If the entry cannot be
/// written, the frame is put back.
fn receive_one(softc: &Softc, mut batch: Batch<'_>, nonblock: bool) -> Result {
    let mut room = MaybeUninit::uninit();
    let entry = batch.read_one(&mut room)?;
    if entry.room() == 0 || entry.has_more() || !entry.is_known() {
        return receive_batch(softc, batch, Mode::OFF, nonblock);
    }
    let (frame, purges) = softc.channel.take_one(nonblock)?;
    if frame.is_unfinished() {
        put_back(softc, frame, purges);
        return receive_batch(softc, batch, Mode::OFF, nonblock);
    }
    let copied = if frame.is_single() {
        frame.write_first(&mut entry.place(Direction::Receive))
    } else {
        write_chain(&frame, entry).map(|len| len as usize)
    };
    match copied {
        Ok(bytes) => {
            let cut = frame.is_longer(bytes);
            entry.set_whole(bytes, cut);
            if let Err(error) = batch.write_one(entry) {
                put_back(softc, frame, purges);
                return Err(error);
            }
            io::count_read(softc, &frame, bytes, cut);
            Ok(())
        }
        Err(error) if batch.write_one(entry).is_ok() => Err(io::lose(softc, frame, error)),
        // A frame whose buffer cannot be written is lost. If the entry cannot be written either,
        // the frame is put back.
        Err(error) => {
            put_back(softc, frame, purges);
            Err(error)
        }
    }
}

/// Copies a frame of several mbufs to the place of an entry.
#[inline(never)]
fn write_chain(frame: &Mbuf, entry: &Entry) -> Result<u32> {
    // Below 2^31; a result of 32 bits is not returned in memory.
    frame.write_to(&mut entry.place(Direction::Receive)).map(|len| len as u32)
}

/// Makes a frame that has not been read the first one again.
#[cold]
#[inline(never)]
fn put_back(softc: &Softc, frame: Mbuf, purges: u32) {
    softc.discard(softc.channel.put_back(MbufList::of(frame), purges));
}

/// Any array, and any frames.
#[inline(never)]
fn receive_batch(softc: &Softc, mut batch: Batch<'_>, mode: Mode, nonblock: bool) -> Result {
    batch.run(Direction::Receive, |entries| receive_many(softc, entries, mode, nonblock))
}

/// Frames to the places of any array.
#[inline(always)]
fn receive_many(softc: &Softc, entries: &mut [Entry], mode: Mode, nonblock: bool) -> Result<usize> {
    check(entries)?;
    let places = count_places(entries, (mode.header() as usize).max(1));
    if places == 0 {
        return Err(if softc.channel.is_gone() { Errno::ENXIO } else { Errno::EINVAL });
    }
    let mut round = Round {
        done: 0,
        output: Output { bytes: 0, packets: 0, mcasts: 0, errors: 0 },
        error: None,
    };
    while round.done == 0 && round.error.is_none() {
        let taken = softc.channel.take(places, nonblock)?;
        let mode = mode.with_takes_of(softc.vnet.get());
        round.give(softc, taken, entries, mode);
    }
    softc.touch_access();
    if let Some(_call) = softc.channel.enter() {
        softc.interface.count_output(&round.output);
    }
    match round.error {
        Some(error) if round.done == 0 => Err(error),
        _ => Ok(round.done),
    }
}

/// What a TAPRECV has done so far.
struct Round {
    /// Entries that are used up.
    done: usize,
    output: Output,
    error: Option<Errno>,
}

impl Round {
    /// Copies frames to their places, until a copy faults: that frame is lost, and those after it
    /// are put back. A frame that the reader does not take any more is dropped and counted.
    fn give(
        &mut self,
        softc: &Softc,
        (mut frames, purges): (MbufList, u32),
        entries: &mut [Entry],
        mode: Mode,
    ) {
        while let Some(frame) = frames.pop() {
            let left = entries.get(self.done..).unwrap_or_default();
            let Some((place, _)) = split_frame(left) else { return };
            let mut memory = Memory::new(Direction::Receive, place);
            let copied = if mode == Mode::OFF && !frame.is_unfinished() {
                frame.write_to(&mut memory)
            } else if let Some(copied) = vnet::read::write_to(&frame, &mut memory, mode) {
                copied
            } else {
                softc.interface.count_drops(1);
                continue;
            };
            match copied {
                Ok(bytes) => self.given(&frame, bytes, entries, mode),
                Err(error) => {
                    self.output.errors = self.output.errors.wrapping_add(1);
                    self.error = Some(error);
                    return softc.discard(softc.channel.put_back(frames, purges));
                }
            }
        }
    }

    /// So many bytes of a frame have been copied to the next place.
    fn given(&mut self, frame: &Mbuf, bytes: usize, entries: &mut [Entry], mode: Mode) {
        let truncated = frame.is_longer(bytes);
        let mut left = bytes.wrapping_add(mode.header() as usize);
        for entry in entries.iter_mut().skip(self.done) {
            self.done = self.done.wrapping_add(1);
            left = entry.set_stored(left);
            if !entry.has_more() {
                entry.set_cut(truncated);
                break;
            }
        }
        let output = &mut self.output;
        output.packets = output.packets.wrapping_add(1);
        output.bytes = output.bytes.wrapping_add(bytes as _);
        output.mcasts = output.mcasts.wrapping_add(frame.is_multicast().into());
        output.errors = output.errors.wrapping_add(truncated.into());
    }
}

/// Checks an array: its flags are known, and its last frame ends in it. EINVAL otherwise.
fn check(entries: &[Entry]) -> Result {
    let known = entries.iter().all(Entry::is_known);
    match entries.last() {
        Some(last) if known && !last.has_more() => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

/// The entries of the first frame, and those behind it; `None` if there is no frame.
fn split_frame(entries: &[Entry]) -> Option<(&[Entry], &[Entry])> {
    let last = entries.iter().position(|entry| !entry.has_more())?;
    entries.split_at_checked(last.wrapping_add(1))
}

/// How many frames have a place of at least so many bytes, up to the first one that has not.
fn count_places(entries: &[Entry], least: usize) -> u32 {
    let mut left = entries;
    let mut places = 0u32;
    while let Some((frame, rest)) = split_frame(left) {
        if Memory::new(Direction::Receive, frame).resid() < least {
            break;
        }
        left = rest;
        places = places.wrapping_add(1);
    }
    places
}
