// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The virtio-net header before a frame: what a program may write in it, and what it reads.
//!
//! `shim/if_tap_rs.h` declares the same for programs.
#![forbid(unsafe_code)]

use super::checksum::{TCP_OFFSET, UDP_OFFSET};
use super::cut::{Large, CWR, MAX_SEGMENTS, RST, SYN, URG};
use super::packet::{Family, Network, Packet, Transport, VLAN_TAG_LEN};
use crate::ether::{check_length, BadLength, HDR_LEN};

/// Length of a header without num_buffers.
pub const SHORT: usize = 10;
/// Length of a whole header.
pub const WHOLE: usize = 12;
/// The longest frame behind a header: an IP packet, Ethernet's header and a VLAN tag.
pub const MAX_FRAME: usize = HDR_LEN + VLAN_TAG_LEN + 65535;

/// In the flags: a checksum is to be completed.
pub const NEEDS_CSUM: u8 = 0x01;
/// In the flags: the checksum has been verified.
pub const DATA_VALID: u8 = 0x02;
/// The type of a frame that stands for itself.
pub const GSO_NONE: u8 = 0x00;
/// The type of a large TCP packet in IPv4.
pub const GSO_TCPV4: u8 = 0x01;
/// The type of a large TCP packet in IPv6.
pub const GSO_TCPV6: u8 = 0x04;
/// With one of the two: CWR is set.
pub const GSO_ECN: u8 = 0x80;

/// What a reader takes: frames without a checksum.
pub const TAKES_CSUM: u32 = 0x01;
/// What a reader takes: large TCP packets in IPv4.
pub const TAKES_TSO4: u32 = 0x02;
/// What a reader takes: large TCP packets in IPv6.
pub const TAKES_TSO6: u32 = 0x04;
/// What a reader takes: large TCP packets with CWR.
pub const TAKES_ECN: u32 = 0x08;

/// Why a frame or a request is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It makes no sense: EINVAL.
    Invalid,
    /// It is longer than the interface takes: EMSGSIZE.
    TooLong,
}

impl From<BadLength> for Refused {
    fn from(bad: BadLength) -> Refused {
        match bad {
            BadLength::Runt => Refused::Invalid,
            BadLength::Giant => Refused::TooLong,
        }
    }
}

/// Whether a header may be that long; 0 is for none.
pub fn is_length(len: i32) -> bool {
    matches!(len, 0 | 10 | 12)
}

/// Whether a program may say that it takes these: none without a header, large packets only
/// without their checksums, and those with CWR only if it takes any.
pub fn may_take(bits: u32, has_header: bool) -> bool {
    let known = bits & !(TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_ECN) == 0;
    let large = bits & (TAKES_TSO4 | TAKES_TSO6) != 0;
    known
        && (bits == 0 || has_header)
        && (!large || bits & TAKES_CSUM != 0)
        && (bits & TAKES_ECN == 0 || large)
}

/// The length of the frame in a write of `total` bytes, a header of `header` bytes first.
pub fn frame_len(total: usize, header: usize) -> Result<usize, Refused> {
    match total.checked_sub(header) {
        None | Some(..HDR_LEN) => Err(Refused::Invalid),
        Some(len) if len > MAX_FRAME => Err(Refused::TooLong),
        Some(len) => Ok(len),
    }
}

/// A checksum that is to be completed: of the bytes from `start` to the frame's end, where the sum
/// of what is not there stands in its field already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partial {
    /// The first byte that is summed.
    pub start: u16,
    /// Where its field is, from there.
    pub offset: u16,
}

impl Partial {
    /// One whose field lies in a frame of `len` bytes, behind the Ethernet header.
    fn new(start: u16, offset: u16, len: usize) -> Option<Partial> {
        let partial = Partial { start, offset };
        let fits = usize::from(start) >= HDR_LEN && partial.field().wrapping_add(2) <= len;
        fits.then_some(partial)
    }

    /// The one that the stack has left of a frame of `len` bytes; `front` is the frame's beginning.
    /// `None` if there can be none.
    pub fn of_stack(front: &[u8], len: usize, left: Left) -> Option<Partial> {
        let network = Network::find(front)?;
        if left.header < network.least() {
            return None;
        }
        let start = network.start.checked_add(left.header)?;
        Partial::new(u16::try_from(start).ok()?, left.offset, len)
    }

    /// Where its field is in the frame.
    pub fn field(&self) -> usize {
        usize::from(self.start).wrapping_add(self.offset.into())
    }

    /// Whether it is that packet's own.
    fn is_of(&self, packet: &Packet) -> bool {
        let offset = match packet.transport {
            Transport::Tcp => TCP_OFFSET,
            Transport::Udp => UDP_OFFSET,
        };
        packet.start == self.start.into() && self.offset == offset
    }
}

/// What is to be done with a frame that a program has written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// It goes up, less the bytes beyond `len`.
    Frame {
        /// Its length.
        len: usize,
        /// A checksum to complete first.
        sum: Option<Partial>,
        /// The packet whose checksum is then right.
        verified: Option<Packet>,
    },
    /// It stands for several, at most [`MAX_SEGMENTS`].
    Large(Large),
}

/// What the stack has left to the interface of a frame that it sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// Length of the IP header, and of what extends it.
    pub header: usize,
    /// Where the checksum's field is in what follows.
    pub offset: u16,
    /// Bytes of payload in a segment, if the packet stands for several.
    pub segment: Option<u16>,
}

/// The header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// [`NEEDS_CSUM`], [`DATA_VALID`]; unknown ones mean nothing.
    pub flags: u8,
    /// One of the types, with [`GSO_ECN`] or without.
    pub gso_type: u8,
    /// Length of all headers of a large packet; not looked at in a write.
    pub hdr_len: u16,
    /// Bytes of payload in a segment.
    pub gso_size: u16,
    /// Where the sum begins.
    pub csum_start: u16,
    /// Where the checksum's field is, from there.
    pub csum_offset: u16,
}

impl Header {
    /// Reads a header, all but num_buffers.
    pub fn from_bytes(bytes: &[u8; SHORT]) -> Header {
        let [flags, gso_type, a, b, c, d, e, f, g, h] = *bytes;
        Header {
            flags,
            gso_type,
            hdr_len: u16::from_ne_bytes([a, b]),
            gso_size: u16::from_ne_bytes([c, d]),
            csum_start: u16::from_ne_bytes([e, f]),
            csum_offset: u16::from_ne_bytes([g, h]),
        }
    }

    /// Whether a frame that begins with a header goes up as it is, if its length is good: no
    /// checksum is to be completed or has been verified, and it stands for itself.
    #[inline(always)]
    pub fn says_nothing(bytes: &[u8]) -> bool {
        matches!(bytes, [flags, GSO_NONE, ..] if flags & (NEEDS_CSUM | DATA_VALID) == 0)
    }

    /// The whole header in memory, num_buffers 1.
    pub fn to_bytes(self) -> [u8; WHOLE] {
        let [a, b] = self.hdr_len.to_ne_bytes();
        let [c, d] = self.gso_size.to_ne_bytes();
        let [e, f] = self.csum_start.to_ne_bytes();
        let [g, h] = self.csum_offset.to_ne_bytes();
        let [i, j] = 1u16.to_ne_bytes();
        [self.flags, self.gso_type, a, b, c, d, e, f, g, h, i, j]
    }

    /// What a reader of a frame with this header must take, a set of the TAKES_ bits.
    pub fn needs(&self) -> u32 {
        let mut needs = if self.flags & NEEDS_CSUM != 0 { TAKES_CSUM } else { 0 };
        match self.gso_type & !GSO_ECN {
            GSO_TCPV4 => needs |= TAKES_TSO4,
            GSO_TCPV6 => needs |= TAKES_TSO6,
            _ => {}
        }
        if self.gso_type & GSO_ECN != 0 {
            needs |= TAKES_ECN;
        }
        needs
    }

    /// What to do with a frame of `len` bytes, [`frame_len`]'s, that a program has written behind
    /// this header; `front` is its beginning, at least the first [`super::packet::FRONT`] bytes if
    /// it has so many.
    pub fn plan(&self, front: &[u8], len: usize, mtu: u64) -> Result<Plan, Refused> {
        if self.gso_type == GSO_NONE {
            check_length(len)?;
        }
        let sum = match self.flags & NEEDS_CSUM {
            0 => None,
            _ => {
                Some(Partial::new(self.csum_start, self.csum_offset, len).ok_or(Refused::Invalid)?)
            }
        };
        let verified = match self.flags & (NEEDS_CSUM | DATA_VALID) {
            0 => None,
            _ => Packet::parse(front, len).filter(|packet| sum.is_none_or(|sum| sum.is_of(packet))),
        };
        let family = match self.gso_type & !GSO_ECN {
            _ if self.gso_type == GSO_NONE => return Ok(Plan::Frame { len, sum, verified }),
            GSO_TCPV4 => Family::V4,
            GSO_TCPV6 => Family::V6,
            _ => return Err(Refused::Invalid),
        };
        let large = verified
            .filter(|packet| sum.is_some() && packet.network.family == family)
            .and_then(|packet| Large::of_packet(front, &packet, self.gso_size))
            .filter(|large| large.flags() & (SYN | RST | URG) == 0)
            .filter(|large| large.is_at_most(MAX_SEGMENTS))
            .ok_or(Refused::Invalid)?;
        let segment = large.headers().wrapping_add(large.size()) as u64;
        if segment > mtu.saturating_add((HDR_LEN + VLAN_TAG_LEN) as u64) {
            return Err(Refused::TooLong);
        }
        if large.is_at_most(1) {
            return Ok(Plan::Frame { len: large.end(), sum, verified });
        }
        Ok(Plan::Large(large))
    }

    /// The header for a frame of `len` bytes that the stack sends, and in `front`, a copy of its
    /// beginning, what a reader relies on. `None` where no header can tell what is left to do: if
    /// the packet is longer than IP can say or than [`MAX_FRAME`], or makes no sense.
    pub fn of_stack(front: &mut [u8], len: usize, left: Left) -> Option<Header> {
        let sum = Partial::of_stack(front, len, left)?;
        let mut header = Header {
            flags: NEEDS_CSUM,
            csum_start: sum.start,
            csum_offset: sum.offset,
            ..Header::default()
        };
        let Some(size) = left.segment else { return Some(header) };
        let large = Large::of_stack(front, len, left.header, size)?;
        if len > MAX_FRAME || !large.fits() {
            return None;
        }
        large.seal(front, len);
        if !large.is_at_most(1) {
            header.gso_type = match large.network().family {
                Family::V4 => GSO_TCPV4,
                Family::V6 => GSO_TCPV6,
            };
            if large.flags() & CWR != 0 {
                header.gso_type |= GSO_ECN;
            }
            header.hdr_len = large.headers() as u16;
            header.gso_size = size;
        }
        Some(header)
    }
}
