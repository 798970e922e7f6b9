// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large TCP packets, and the segments that they are cut into.
//!
//! The caller has distinguished packets of programs from packets of the stack. This module trusts
//! no length field of a packet.
#![forbid(unsafe_code)]

use core::ops::Range;

use super::checksum::{Sum, TCP_OFFSET};
use super::packet::{half, put, Family, Network, Packet, Transport, FRONT, IPV6_LEN, TCP};

/// How many segments a packet of a program may be cut into.
pub const MAX_SEGMENTS: usize = 256;

/// TCP's flag that ends a stream's direction.
pub const FIN: u8 = 0x01;
/// TCP's flag that begins a stream.
pub const SYN: u8 = 0x02;
/// TCP's flag that aborts one.
pub const RST: u8 = 0x04;
/// TCP's flag that hurries the receiver.
pub const PSH: u8 = 0x08;
/// TCP's flag of urgent data.
pub const URG: u8 = 0x20;
/// TCP's flag that answers a sign of congestion.
pub const CWR: u8 = 0x80;

const SEQ_OFFSET: usize = 4;
const DATA_OFFSET: usize = 12;
const FLAGS_OFFSET: usize = 13;
const MIN_TCP_LEN: usize = 20;
const IPV4_ID_OFFSET: usize = 4;
const IPV4_SUM_OFFSET: usize = 10;

/// Where the parts of a TCP packet lie in its frame, and how much payload a segment of it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Large {
    network: Network,
    /// The TCP header's first byte.
    start: usize,
    /// The payload's first byte, at most [`FRONT`].
    headers: usize,
    /// The payload's end.
    end: usize,
    /// Bytes of payload in a segment, not 0.
    size: usize,
    flags: u8,
}

impl Large {
    /// Finds the TCP header that begins at `start`. `None` unless all headers lie within the
    /// first [`FRONT`] bytes and before `end`, or if the segments would have no payload.
    fn new(front: &[u8], network: Network, start: usize, end: usize, size: u16) -> Option<Large> {
        let tcp = front.get(start..)?;
        let len = usize::from(tcp.get(DATA_OFFSET)? >> 4) << 2;
        let headers = start.checked_add(len)?;
        let flags = *tcp.get(FLAGS_OFFSET)?;
        if len < MIN_TCP_LEN || headers > front.len().min(FRONT).min(end) || size == 0 {
            return None;
        }
        Some(Large { network, start, headers, end, size: size.into(), flags })
    }

    /// A packet of a program.
    pub fn of_packet(front: &[u8], packet: &Packet, size: u16) -> Option<Large> {
        match packet.transport {
            Transport::Tcp => Self::new(front, packet.network, packet.start, packet.end, size),
            Transport::Udp => None,
        }
    }

    /// A packet of the stack, which extends to the end of its frame of `len` bytes. The length that
    /// it states is not used, because it may have wrapped. `header` is the length of the IP header
    /// and of its extension headers.
    pub fn of_stack(front: &[u8], len: usize, header: usize, size: u16) -> Option<Large> {
        let network = Network::find(front)?;
        if header < network.least() {
            return None;
        }
        Self::new(front, network, network.start.checked_add(header)?, len, size)
    }

    /// Its IP header.
    pub fn network(&self) -> Network {
        self.network
    }

    /// The packet, or a segment of it as far as the headers go.
    pub fn packet(&self) -> Packet {
        let Large { network, start, end, .. } = *self;
        Packet { network, transport: Transport::Tcp, start, end }
    }

    /// The first byte of the TCP header.
    pub fn start(&self) -> usize {
        self.start
    }

    /// How long its headers are, with Ethernet's.
    pub fn headers(&self) -> usize {
        self.headers
    }

    /// Where its frame ends.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Bytes of payload in a segment, the last of which may have less.
    pub fn size(&self) -> usize {
        self.size
    }

    /// TCP's flags.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether that many segments hold its payload.
    pub fn is_at_most(&self, segments: usize) -> bool {
        self.end.wrapping_sub(self.headers) <= self.size.saturating_mul(segments)
    }

    /// Whether IP's length field can say how long it is.
    pub fn fits(&self) -> bool {
        self.ip_len(self.end) <= u16::MAX.into()
    }

    /// What IP's length field says of a packet that ends there.
    fn ip_len(&self, end: usize) -> usize {
        let from = match self.network.family {
            Family::V4 => self.network.start,
            Family::V6 => self.network.start.wrapping_add(IPV6_LEN),
        };
        end.wrapping_sub(from)
    }

    /// Makes the headers of a packet that ends at `end` good, but for a checksum that is to be
    /// completed: IP's length and header checksum, and the sum of the pseudo header in TCP's.
    pub fn seal(&self, front: &mut [u8], end: usize) {
        let len = self.ip_len(end) as u16;
        let mut pseudo = Sum::new();
        if let Some(ip) = front.get_mut(self.network.start..) {
            let addresses = match self.network.family {
                Family::V4 => {
                    put(ip, 2, len.to_be_bytes());
                    put(ip, IPV4_SUM_OFFSET, [0, 0]);
                    let header = self.start.wrapping_sub(self.network.start);
                    let sum = Sum::of(ip.get(..header).unwrap_or_default());
                    put(ip, IPV4_SUM_OFFSET, sum.checksum());
                    ip.get(12..20)
                }
                Family::V6 => {
                    put(ip, 4, len.to_be_bytes());
                    ip.get(8..IPV6_LEN)
                }
            };
            pseudo = Sum::of(addresses.unwrap_or_default());
        }
        let [a, b, c, d] = (end.wrapping_sub(self.start) as u32).to_be_bytes();
        for pair in [[0, TCP], [a, b], [c, d]] {
            pseudo.add_pair(pair);
        }
        put(front, self.start.wrapping_add(TCP_OFFSET.into()), pseudo.seed());
    }
}

/// The segments of a large packet, from the first on.
pub struct Cut {
    large: Large,
    /// Those of the segment at hand.
    headers: [u8; FRONT],
    next: usize,
    id: u16,
    seq: u32,
    /// How much payload the headers' lengths and sums are for.
    sealed: usize,
    /// The sum of the IPv4 header without its identification and checksum.
    ip: Sum,
}

/// A segment: a frame of these headers and this part of the large frame. TCP's checksum in it is
/// to be completed.
#[derive(PartialEq, Eq, Debug)]
pub struct Segment<'a> {
    /// All of them, Ethernet's first.
    pub headers: &'a [u8],
    /// Where its payload lies in the large frame.
    pub payload: Range<usize>,
}

impl Cut {
    /// Cuts a packet; `front` is what its headers were found in.
    pub fn new(large: Large, front: &[u8]) -> Cut {
        let mut headers = [0; FRONT];
        let len = front.len().min(FRONT);
        if let (Some(to), Some(from)) = (headers.get_mut(..len), front.get(..len)) {
            to.copy_from_slice(from);
        }
        let id = half(front, large.network.start.wrapping_add(IPV4_ID_OFFSET));
        let seq = front.get(large.start.wrapping_add(SEQ_OFFSET)..);
        let seq = seq.and_then(|rest| rest.first_chunk().copied()).map(u32::from_be_bytes);
        Cut {
            large,
            headers,
            next: large.headers,
            id: id.unwrap_or(0),
            seq: seq.unwrap_or(0),
            sealed: 0,
            ip: Sum::new(),
        }
    }

    /// The next segment, until there is none.
    pub fn advance(&mut self) -> Option<Segment<'_>> {
        self.take(self.large.size)
    }

    /// All segments that are left, as one.
    pub fn rest(&mut self) -> Option<Segment<'_>> {
        self.take(self.large.end)
    }

    /// The next segment, with at most that much payload.
    fn take(&mut self, size: usize) -> Option<Segment<'_>> {
        let large = self.large;
        let start = self.next;
        if start >= large.end {
            return None;
        }
        let stop = start.saturating_add(size).min(large.end);
        let mut flags = large.flags;
        if start != large.headers {
            flags &= !CWR;
        }
        if stop != large.end {
            flags &= !(FIN | PSH);
        }
        let payload = stop.wrapping_sub(start);
        if payload != self.sealed {
            self.seal(payload);
        }
        put(&mut self.headers, large.start.wrapping_add(SEQ_OFFSET), self.seq.to_be_bytes());
        put(&mut self.headers, large.start.wrapping_add(FLAGS_OFFSET), [flags]);
        if large.network.family == Family::V4 {
            self.number();
        }
        self.next = stop;
        self.id = self.id.wrapping_add(1);
        self.seq = self.seq.wrapping_add(payload as u32);
        Some(Segment { headers: self.headers.get(..large.headers)?, payload: start..stop })
    }

    /// Makes the headers good for a segment of that much payload. Most segments have the same, and
    /// only their numbers and flags differ. An IPv4 header is then one of identification 0.
    #[inline(never)]
    fn seal(&mut self, payload: usize) {
        let Large { network, headers, .. } = self.large;
        if network.family == Family::V4 {
            put(&mut self.headers, network.start.wrapping_add(IPV4_ID_OFFSET), [0, 0]);
        }
        self.large.seal(&mut self.headers, headers.wrapping_add(payload));
        let checksum = half(&self.headers, network.start.wrapping_add(IPV4_SUM_OFFSET));
        self.ip = Sum::new();
        self.ip.add_pair((!checksum.unwrap_or(0)).to_be_bytes());
        self.sealed = payload;
    }

    /// Gives an IPv4 header that was sealed the identification of the segment at hand.
    #[inline(always)]
    fn number(&mut self) {
        let start = self.large.network.start;
        let id = self.id.to_be_bytes();
        let mut sum = self.ip;
        sum.add_pair(id);
        put(&mut self.headers, start.wrapping_add(IPV4_ID_OFFSET), id);
        put(&mut self.headers, start.wrapping_add(IPV4_SUM_OFFSET), sum.checksum());
    }
}
