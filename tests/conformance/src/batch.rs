// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND and TAPRECV: arrays of frames, and frames whose order can be told.

use crate::abi::offload::{TapBatch, TapFrame, CUT, MORE, TAPRECV, TAPSEND};
use crate::case::{Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Result;
use crate::frames;
use crate::net::Live;
use crate::sys::System;
use crate::user::Out;

/// What tb_done is before a call.
const NOTHING_DONE: u32 = 0xa5a5_a5a5;

impl TapFrame {
    /// A frame to send, or a part of one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::at(bytes.as_ptr() as usize, bytes.len())
    }

    /// A place for a frame, or for a part of one.
    #[must_use]
    pub fn place(bytes: &mut [u8]) -> Self {
        Self::at(bytes.as_mut_ptr() as usize, bytes.len())
    }

    /// Memory that may not be there.
    #[must_use]
    pub fn at(addr: usize, len: usize) -> Self {
        Self { addr: addr as u64, len: len as u32, flags: 0 }
    }

    /// The same, with the frame going on in the next entry.
    #[must_use]
    pub fn more(self) -> Self {
        Self { flags: MORE, ..self }
    }

    /// Whether TAPRECV said that the frame was longer.
    #[must_use]
    pub fn is_cut(self) -> bool {
        self.flags & CUT != 0
    }
}

/// A batch at any address; the entries used up.
pub fn batch_at(s: System, fd: i32, command: u64, frames: usize, count: usize) -> Result<usize> {
    let mut batch = TapBatch { frames: frames as u64, count: count as u32, done: NOTHING_DONE };
    s.ioctl(fd, command, Out::value(&mut batch)).map(|_| batch.done as usize)
}

/// TAPSEND; the entries used up.
pub fn send(s: System, fd: i32, frames: &mut [TapFrame]) -> Result<usize> {
    batch_at(s, fd, TAPSEND, frames.as_mut_ptr() as usize, frames.len())
}

/// TAPRECV; the entries used up.
pub fn receive(s: System, fd: i32, frames: &mut [TapFrame]) -> Result<usize> {
    batch_at(s, fd, TAPRECV, frames.as_mut_ptr() as usize, frames.len())
}

/// Bytes of an echo request and of its reply.
pub const ECHO: usize = 60;
/// Room for a frame.
pub type Room = [u8; 128];

/// Places, an entry for each.
#[must_use]
pub fn places<const N: usize>(rooms: &mut [Room; N]) -> [TapFrame; N] {
    rooms.each_mut().map(|room| TapFrame::place(room))
}

/// Looks whether frames that were received are replies in the order of the requests: `next` is the
/// number of the first. Others of the stack's may come between.
pub fn in_order(rooms: &[Room], frames: &[TapFrame], next: &mut u16) -> Verdict {
    for (room, frame) in rooms.iter().zip(frames) {
        let len = frame.len as usize;
        let bytes = room.get(..len).unwrap_or_default();
        check!(!bytes.is_empty() && !frame.is_cut(), "{frame:?} of a place of {}", room.len());
        if len == ECHO && bytes[34] == 0 && bytes[23] == 1 {
            check!(frames::is_echo_reply(bytes, *next), "reply {next} is out of order");
            *next += 1;
        }
    }
    Ok(())
}

impl Ctx<'_> {
    /// Has the stack send replies with these numbers, which wait to be read.
    pub fn replies(&self, live: &Live, numbers: core::ops::Range<u16>) -> Verdict {
        self.keep_order()?;
        let before = self.queued(live.name.as_str())?;
        let count = i32::from(numbers.end - numbers.start);
        for number in numbers {
            let mut frame = [0; ECHO];
            frames::echo_request(&mut frame, live.mac, live.net, number);
            self.send(live.fd, &frame).on("write of an echo request")?;
            // IP's own queue takes 256.
            if number % 64 == 63 {
                self.settled_data(live.name.as_str())?;
            }
        }
        let mut now = 0;
        let come = self.wait_for(|| {
            now = self.queued(live.name.as_str()).unwrap_or(0) - before;
            now >= count
        });
        check!(come, "{now} of {count} replies wait");
        Ok(())
    }

    /// How many frames wait to be read.
    pub fn queued(&self, name: &str) -> Fallible<i32> {
        let node: crate::text::Text<48> =
            crate::text::Text::of(format_args!("net.interfaces.{name}.sndq.len"));
        let mut value = 0_i32;
        self.sys.sysctl_get(node.as_str(), Out::value(&mut value)).on(node.as_str())?;
        Ok(value)
    }

    /// Receives everything that waits, by batches; the replies among it are in order from `first`
    /// on, and there are so many.
    pub fn receive_replies(&self, fd: i32, first: u16, count: u16) -> Verdict {
        let mut next = first;
        loop {
            let mut rooms = [[0xa5; 128]; 8];
            let mut frames = places(&mut rooms);
            match receive(self.sys, fd, &mut frames) {
                Ok(done) => in_order(&rooms, &frames[..done], &mut next)?,
                Err(crate::errno::Errno::EAGAIN) => break,
                Err(e) => return Err(e).on("TAPRECV"),
            }
        }
        if next - first == count {
            return Ok(());
        }
        Err(Failure::of(format_args!("{} replies came, not {count}", next - first)))
    }
}
