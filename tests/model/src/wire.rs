// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames for the tests of [`crate::offload`], and what they must be, told in another way: byte by
//! byte, and with a panic where something is wrong.

use crate::offload::cut::{Cut, Large};
use crate::offload::header::{Header, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM};
use crate::offload::packet::FRONT;

/// A packet to make a frame of.
#[derive(Clone, Debug)]
pub struct Shape {
    /// With a VLAN tag.
    pub vlan: bool,
    /// IPv6.
    pub v6: bool,
    /// UDP, without the rest below.
    pub udp: bool,
    /// Words of 4 bytes in an IPv4 header, 5 to 15.
    pub ip_words: u8,
    /// Words of 4 bytes in a TCP header, 5 to 15.
    pub tcp_words: u8,
    /// TCP's flags.
    pub flags: u8,
    /// TCP's first sequence number.
    pub seq: u32,
    /// IPv4's identification.
    pub id: u16,
    /// Bytes of payload.
    pub payload: usize,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            vlan: false,
            v6: false,
            udp: false,
            ip_words: 5,
            tcp_words: 5,
            flags: 0x10,
            seq: 1,
            id: 1,
            payload: 100,
        }
    }
}

impl Shape {
    /// Where the IP header begins.
    pub fn network(&self) -> usize {
        if self.vlan {
            18
        } else {
            14
        }
    }

    /// Where the TCP or UDP header begins.
    pub fn start(&self) -> usize {
        self.network() + if self.v6 { 40 } else { usize::from(self.ip_words) * 4 }
    }

    /// Where the payload begins.
    pub fn headers(&self) -> usize {
        self.start() + if self.udp { 8 } else { usize::from(self.tcp_words) * 4 }
    }

    /// Where the checksum is, from [`Shape::start`].
    pub fn offset(&self) -> u16 {
        if self.udp {
            6
        } else {
            16
        }
    }

    /// The frame; in the checksum's field stands the sum of the pseudo header.
    pub fn frame(&self) -> Vec<u8> {
        let (ip, l4) = (self.network(), self.start());
        let mut frame = vec![0; self.headers() + self.payload];
        let len = frame.len();
        for (index, byte) in frame.iter_mut().enumerate() {
            *byte = (index * 7 + index / 256 * 13) as u8;
        }
        frame[..12].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        if self.vlan {
            frame[12..16].copy_from_slice(&[0x81, 0, 0, 7]);
        }
        frame[ip - 2..ip].copy_from_slice(if self.v6 { &[0x86, 0xdd] } else { &[8, 0] });
        let protocol = if self.udp { 17 } else { 6 };
        if self.v6 {
            frame[ip] = 0x60;
            put16(&mut frame, ip + 4, len - ip - 40);
            frame[ip + 6] = protocol;
        } else {
            frame[ip] = 0x40 | self.ip_words;
            put16(&mut frame, ip + 2, len - ip);
            put16(&mut frame, ip + 4, self.id.into());
            put16(&mut frame, ip + 6, 0x4000);
            frame[ip + 9] = protocol;
            put16(&mut frame, ip + 10, 0);
            let sum = !sum(&frame[ip..l4]);
            put16(&mut frame, ip + 10, sum.into());
        }
        if self.udp {
            put16(&mut frame, l4 + 4, len - l4);
        } else {
            frame[l4 + 4..l4 + 8].copy_from_slice(&self.seq.to_be_bytes());
            frame[l4 + 12] = self.tcp_words << 4;
            frame[l4 + 13] = self.flags;
        }
        let seed = pseudo(&frame, &Parsed { v6: self.v6, udp: self.udp, ip, l4, end: len });
        put16(&mut frame, l4 + usize::from(self.offset()), seed.into());
        frame
    }

    /// The header that asks for segments of so many bytes, or with 0 for the checksum alone.
    pub fn header(&self, size: u16) -> Header {
        let large = if self.v6 { GSO_TCPV6 } else { GSO_TCPV4 };
        Header {
            flags: NEEDS_CSUM,
            gso_type: if size == 0 { 0 } else { large },
            hdr_len: 0,
            gso_size: size,
            csum_start: self.start() as u16,
            csum_offset: self.offset(),
        }
    }
}

fn put16(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
}

fn get16(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])
}

/// The ones' complement sum of 16-bit words, high byte first.
pub fn sum(bytes: &[u8]) -> u16 {
    let mut total = 0u64;
    for pair in bytes.chunks(2) {
        total += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// Where the headers of a TCP or UDP packet are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// IPv6.
    pub v6: bool,
    /// UDP.
    pub udp: bool,
    /// The IP header's first byte.
    pub ip: usize,
    /// The TCP or UDP header's.
    pub l4: usize,
    /// The packet's end.
    pub end: usize,
}

/// Looks for a whole TCP or UDP packet, no fragment, in a whole frame.
pub fn parse(frame: &[u8]) -> Option<Parsed> {
    if frame.len() < 14 {
        return None;
    }
    let tagged = frame[12..14] == [0x81, 0];
    if tagged && frame.len() < 18 {
        return None;
    }
    let ip = if tagged { 18 } else { 14 };
    let v6 = match frame[ip - 2..ip] {
        [0x08, 0x00] => false,
        [0x86, 0xdd] => true,
        _ => return None,
    };
    if frame.len() < ip + if v6 { 40 } else { 20 } {
        return None;
    }
    let (version, words) = (frame[ip] >> 4, usize::from(frame[ip] & 15));
    let (l4, end, protocol) = if v6 {
        (ip + 40, ip + 40 + get16(frame, ip + 4), frame[ip + 6])
    } else {
        (ip + words * 4, ip + get16(frame, ip + 2), frame[ip + 9])
    };
    let fragment = !v6 && (frame[ip + 6] & 0x3f != 0 || frame[ip + 7] != 0);
    if version != if v6 { 6 } else { 4 } || !v6 && words < 5 || fragment {
        return None;
    }
    let least = match protocol {
        6 => 20,
        17 => 8,
        _ => return None,
    };
    (l4 + least <= end && end <= frame.len()).then_some(Parsed {
        v6,
        udp: protocol == 17,
        ip,
        l4,
        end,
    })
}

/// The sum of a packet's pseudo header.
pub fn pseudo(frame: &[u8], at: &Parsed) -> u16 {
    let addresses = if at.v6 { at.ip + 8..at.ip + 40 } else { at.ip + 12..at.ip + 20 };
    let mut bytes = frame[addresses].to_vec();
    bytes.extend(((at.end - at.l4) as u32).to_be_bytes());
    bytes.extend([0, 0, 0, if at.udp { 17 } else { 6 }]);
    sum(&bytes)
}

/// Completes a checksum as a NIC would.
pub fn complete(frame: &mut [u8], start: usize, offset: usize) {
    let mut checksum = !sum(&frame[start..]);
    if checksum == 0 && offset == 6 {
        checksum = 0xffff;
    }
    put16(frame, start + offset, checksum.into());
}

/// Asserts that a frame's lengths and checksums are right, and that nothing follows the packet.
pub fn assert_right(frame: &[u8]) -> Parsed {
    let at = parse(frame).expect("a TCP or UDP packet");
    assert_eq!(at.end, frame.len(), "bytes behind the packet");
    if !at.v6 {
        assert_eq!(sum(&frame[at.ip..at.l4]), 0xffff, "the IP header's checksum");
    }
    let total = u32::from(sum(&frame[at.l4..])) + u32::from(pseudo(frame, &at));
    assert_eq!((total & 0xffff) + (total >> 16), 0xffff, "the checksum");
    at
}

/// All segments of a large packet, as frames whose checksums are completed.
pub fn segments(large: Large, frame: &[u8]) -> Vec<Vec<u8>> {
    let front = &frame[..frame.len().min(FRONT)];
    let mut cut = Cut::new(large, front);
    let mut frames = Vec::new();
    while let Some(segment) = cut.advance() {
        let mut made = segment.headers.to_vec();
        made.extend(&frame[segment.payload]);
        complete(&mut made, large.start(), 16);
        frames.push(made);
    }
    assert!(cut.advance().is_none(), "a segment after the last");
    frames
}

/// Asserts that segments of `size` bytes are what a large frame stands for, whose IP header is at
/// `ip` and whose TCP header is at `l4`.
pub fn assert_stands_for(frame: &[u8], ip: usize, l4: usize, size: usize, cut: &[Vec<u8>]) {
    let headers = l4 + usize::from(frame[l4 + 12] >> 4) * 4;
    let flags = frame[l4 + 13];
    let seq = u32::from_be_bytes(frame[l4 + 4..l4 + 8].try_into().expect("four bytes"));
    let mut payload: Vec<u8> = Vec::new();
    for (index, segment) in cut.iter().enumerate() {
        let (first, last) = (index == 0, index + 1 == cut.len());
        let at = assert_right(segment);
        assert!(last && segment.len() - headers <= size || segment.len() - headers == size);
        let mut expected = frame[..headers].to_vec();
        let mut wanted = flags;
        wanted &= if first { 0xff } else { 0x7f };
        wanted &= if last { 0xff } else { 0xf6 };
        expected[l4 + 13] = wanted;
        let now = seq.wrapping_add(payload.len() as u32);
        expected[l4 + 4..l4 + 8].copy_from_slice(&now.to_be_bytes());
        let mut same = vec![(l4 + 16, 2)];
        if at.v6 {
            same.push((ip + 4, 2));
        } else {
            put16(&mut expected, ip + 4, get16(frame, ip + 4) + index);
            same.extend([(ip + 2, 2), (ip + 10, 2)]);
        }
        // What assert_right has looked at.
        for (from, len) in same {
            expected[from..from + len].copy_from_slice(&segment[from..from + len]);
        }
        assert_eq!(segment[..headers], expected[..], "the headers of segment {index}");
        payload.extend(&segment[headers..]);
    }
    assert_eq!(payload[..], frame[headers..], "the payload");
}
