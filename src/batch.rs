// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND and TAPRECV: many frames a call. Each frame is written or read as by write(2) and read(2),
//! but the soft interrupt is scheduled, the queue locked and the counters visited once for many.
#![forbid(unsafe_code)]

use crate::ether::check_length;
use crate::input;
use crate::io;
use crate::kern::batch::{Batch, Direction, Entry, Memory};
use crate::kern::errno::{Errno, Result};
use crate::kern::ifcount::Output;
use crate::kern::mbuf::{Mbuf, MbufList};
use crate::kern::uio::Transfer;
use crate::softc::Softc;
use crate::vnet;
use crate::vnet::mode::Mode;

/// TAPSEND: receives frames of the program, until one has an error. That is the result only if no
/// frame came before it. EINVAL if the array makes no sense, see [`check`], and the errors of
/// write(2).
pub fn send(softc: &Softc, mut batch: Batch<'_>) -> Result {
    let mode = softc.vnet.get();
    batch.run(Direction::Send, &mut |entries| {
        check(entries)?;
        let mut done = 0usize;
        let mut result = Ok(());
        while let Some(frame) = frame_at(entries, done) {
            result = send_one(softc, frame, mode);
            if result.is_err() {
                break;
            }
            done = done.wrapping_add(frame.len());
        }
        if done == 0 {
            return result.map(|()| 0);
        }
        input::schedule();
        softc.touch_modification();
        Ok(done)
    })
}

/// Queues one frame for the stack.
fn send_one(softc: &Softc, entries: &[Entry], mode: Mode) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let mut memory = Memory::new(Direction::Send, entries);
    input::make_room(softc, memory.resid());
    if mode.header() != 0 {
        return io::receive_behind(softc, &mut memory, mode);
    }
    let len = memory.resid();
    check_length(len).map_err(|bad| vnet::write::errno(bad.into()))?;
    let frame = Mbuf::read_from(&mut memory, len).map_err(|error| io::not_read(softc, error))?;
    input::post(softc, frame, len);
    Ok(())
}

/// TAPRECV: returns frames that the stack sent, as many as are queued and have a place. Waits for the
/// first of them only, as read(2) does. EINVAL if the array makes no sense, or a frame's place has no
/// room for a header or for a byte; and the errors of read(2).
pub fn receive(softc: &Softc, mut batch: Batch<'_>, nonblock: bool) -> Result {
    let mode = softc.vnet.get();
    batch.run(Direction::Receive, &mut |entries| {
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
    })
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
            let Some(place) = frame_at(entries, self.done) else { return };
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
        let truncated = bytes < frame.packet_len() as usize;
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

/// The entries of the frame that begins at `start`; `None` at the end.
fn frame_at(entries: &[Entry], start: usize) -> Option<&[Entry]> {
    let rest = entries.get(start..)?;
    let last = rest.iter().position(|entry| !entry.has_more())?;
    rest.get(..=last)
}

/// How many frames have a place of at least so many bytes, up to the first one that has not.
fn count_places(entries: &[Entry], least: usize) -> u32 {
    let mut start = 0usize;
    let mut places = 0u32;
    while let Some(frame) = frame_at(entries, start) {
        if Memory::new(Direction::Receive, frame).resid() < least {
            break;
        }
        start = start.wrapping_add(frame.len());
        places = places.wrapping_add(1);
    }
    places
}
