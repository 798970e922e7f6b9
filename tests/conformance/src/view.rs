// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TCP and UDP packets of the stack's, looked at: whether their lengths and sums are right, and
//! whether an offload header says what is left to do.

use crate::abi::offload::{VnetHdr, NEEDS_CSUM};
use crate::case::Verdict;
use crate::check;
use crate::frames::checksum;
use crate::packets::{pseudo, TCP, UDP};

/// A TCP or UDP packet that was read.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// IPv6.
    pub v6: bool,
    /// IP's number.
    pub transport: u8,
    /// Where the IP header begins.
    pub ip: usize,
    /// Where the TCP or UDP header begins.
    pub start: usize,
    /// Where the payload begins.
    pub payload: usize,
    /// Source and destination.
    pub ports: [u16; 2],
    /// TCP's sequence number.
    pub seq: u32,
    /// TCP's acknowledgement.
    pub ack: u32,
    /// TCP's flags.
    pub flags: u8,
    /// What IP's header says where the frame ends.
    pub end: usize,
}

impl View {
    /// If it is one, and not tagged.
    #[must_use]
    pub fn of(frame: &[u8]) -> Option<Self> {
        let half = |at: usize| Some(u16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]));
        let word = |at: usize| Some(u32::from(half(at)?) << 16 | u32::from(half(at + 2)?));
        let ip = 14;
        let v6 = match half(12)? {
            0x0800 => false,
            0x86dd => true,
            _ => return None,
        };
        let (start, end, transport) = if v6 {
            (ip + 40, ip + 40 + usize::from(half(ip + 4)?), *frame.get(ip + 6)?)
        } else {
            let header = usize::from(*frame.get(ip)? & 0xf) * 4;
            (ip + header, ip + usize::from(half(ip + 2)?), *frame.get(ip + 9)?)
        };
        let ports = [half(start)?, half(start + 2)?];
        let mut view =
            Self { v6, transport, ip, start, payload: 0, ports, seq: 0, ack: 0, flags: 0, end };
        match transport {
            UDP => view.payload = start + 8,
            TCP => {
                view.seq = word(start + 4)?;
                view.ack = word(start + 8)?;
                view.payload = start + usize::from(*frame.get(start + 12)? >> 4) * 4;
                view.flags = *frame.get(start + 13)?;
            }
            _ => return None,
        }
        Some(view)
    }

    /// Whether IP's header is right: its length is the frame's, and its sum.
    #[must_use]
    pub fn is_sound(&self, frame: &[u8]) -> bool {
        self.end == frame.len() && (self.v6 || checksum(&frame[self.ip..self.start]) == 0)
    }

    /// Whether the checksum is right.
    #[must_use]
    pub fn is_summed(&self, frame: &[u8]) -> bool {
        let rest = checksum(&frame[self.start..]);
        let head = pseudo(frame, self.ip, self.start, self.transport);
        u32::from(!rest) + u32::from(!head) == 0xffff
            || u32::from(!rest) + u32::from(!head) == 0x1_fffe
    }

    /// Whether its field holds the sum of the pseudo header, for someone else to complete.
    #[must_use]
    pub fn is_seeded(&self, frame: &[u8]) -> bool {
        let at = self.start + if self.transport == TCP { 16 } else { 6 };
        let seed = !pseudo(frame, self.ip, self.start, self.transport);
        frame[at..at + 2] == seed.to_be_bytes()
    }
}

/// A frame of the stack's is what its header says: its checksum is right, or is to be completed.
pub fn consistent(header: VnetHdr, frame: &[u8], view: View) -> Verdict {
    let n = frame.len();
    check!(view.is_sound(frame), "a frame of {n} bytes with a wrong length or sum in IP's header");
    check!(header.num_buffers == 1, "{} buffers", header.num_buffers);
    if header.flags == 0 {
        check!(header == VnetHdr::NONE, "without flags: {header:?}");
        check!(view.is_summed(frame), "a wrong checksum in a frame of {n} bytes, and no flag");
        return Ok(());
    }
    let offset = if view.transport == UDP { 6 } else { 16 };
    let place = [usize::from(header.csum_start), usize::from(header.csum_offset)];
    check!(header.flags == NEEDS_CSUM, "flags {:#x}", header.flags);
    check!(place == [view.start, offset], "checksum at {place:?}");
    check!(view.is_seeded(frame), "the checksum's field does not hold the pseudo header's sum");
    Ok(())
}
