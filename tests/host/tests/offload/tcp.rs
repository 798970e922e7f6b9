// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TCP segments, as large as one likes, and sums of the tests' own.

use tap_conformance::frames::{checksum, ether, Mac, PEER_MAC};
use tap_host::kern::packet::Offload;
use tap_host::kpi;

/// A header that asks for nothing.
pub const PLAIN: [u8; 12] = [0; 12];
/// Bytes of Ethernet's header.
pub const ETHER: usize = 14;
/// Bytes of the header with IPv6's jumbo payload option.
const JUMBO_LEN: usize = 8;
/// TCP's flags.
pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;
pub const URG: u8 = 32;
pub const CWR: u8 = 128;

/// A segment, or more than one.
#[derive(Clone)]
pub struct Tcp {
    /// Over IPv6.
    pub v6: bool,
    /// In words of four bytes, behind the 20 of each header. IPv6 has none.
    pub ip_options: usize,
    pub tcp_options: usize,
    /// Whom the frame is for, and the IPv4 addresses from which and to which it goes.
    pub mac: Mac,
    pub ips: [u8; 8],
    pub id: u16,
    pub seq: u32,
    pub flags: u8,
    pub payload: Vec<u8>,
}

impl Tcp {
    /// Of that many bytes of payload, no two of which are alike for long.
    pub fn new(v6: bool, payload: usize) -> Tcp {
        let payload = (0..payload).map(|at| (at ^ at >> 8) as u8).collect();
        let (id, seq) = (0xfffe, 0xffff_f000);
        let (mac, ips) = (PEER_MAC, [10, 5, 1, 1, 10, 5, 1, 2]);
        let (ip_options, tcp_options, flags) = (0, 3, ACK | PSH);
        Tcp { v6, ip_options, tcp_options, mac, ips, id, seq, flags, payload }
    }

    /// Length of the IP header.
    pub fn ip_len(&self) -> usize {
        if self.v6 {
            40
        } else {
            20 + 4 * self.ip_options
        }
    }

    /// Where the TCP header is in the frame.
    pub fn start(&self) -> usize {
        ETHER + self.ip_len()
    }

    /// Length of all headers.
    pub fn headers(&self) -> usize {
        self.start() + 20 + 4 * self.tcp_options
    }

    fn addresses(&self) -> Vec<u8> {
        if self.v6 {
            [[0xfd; 16], [0xfc; 16]].concat()
        } else {
            self.ips.to_vec()
        }
    }

    /// The sum of the pseudo header with a length, folded.
    pub fn pseudo(&self, len: usize) -> u16 {
        let words = [self.addresses(), (len as u32).to_be_bytes().to_vec(), vec![0, 6]].concat();
        !checksum(&words)
    }

    /// The frame, without any checksum.
    pub fn frame(&self) -> Vec<u8> {
        let total = self.headers() - ETHER + self.payload.len();
        let mut frame = vec![0; ETHER];
        let kind = if self.v6 { 0x86dd } else { 0x800 };
        ether(&mut frame, self.mac, [2, 0, 0, 0, 0, 0x44], kind);
        if self.v6 {
            let len = (total - 40) as u16;
            frame.extend([0x60, 0, 0, 0, (len >> 8) as u8, len as u8, 6, 64]);
            frame.extend(self.addresses());
        } else {
            frame.extend([0x45 + self.ip_options as u8, 0]);
            frame.extend((total as u16).to_be_bytes());
            frame.extend(self.id.to_be_bytes());
            frame.extend([0x40, 0, 64, 6, 0, 0]);
            frame.extend(self.addresses());
            frame.extend(vec![1; 4 * self.ip_options]);
        }
        frame.extend([0x12, 0x34, 0x56, 0x78]);
        frame.extend(self.seq.to_be_bytes());
        frame.extend([0, 0, 0, 9, 0x50 + 0x10 * self.tcp_options as u8, self.flags]);
        frame.extend([0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(vec![1; 4 * self.tcp_options]);
        frame.extend(&self.payload);
        frame
    }

    /// Puts the IPv4 header's checksum into a frame, and this into TCP's.
    pub fn sealed(&self, mut frame: Vec<u8>, th_sum: u16) -> Vec<u8> {
        if !self.v6 {
            frame[24..26].fill(0);
            let sum = checksum(&frame[ETHER..self.start()]);
            frame[24..26].copy_from_slice(&sum.to_be_bytes());
        }
        let at = self.start() + 16;
        frame[at..at + 2].copy_from_slice(&th_sum.to_be_bytes());
        frame
    }

    /// The frame with the sum of the pseudo header in the place of TCP's.
    pub fn seeded(&self) -> Vec<u8> {
        let len = self.headers() - self.start() + self.payload.len();
        self.sealed(self.frame(), self.pseudo(len))
    }

    /// The frame as it would be on a wire.
    pub fn complete(&self) -> Vec<u8> {
        let frame = self.seeded();
        let sum = checksum(&frame[self.start()..]);
        self.sealed(frame, sum)
    }

    /// The frame as tcp_output, ip_output and ip6_output leave it to be cut: no checksum of the IP
    /// header, and a pseudo header's sum without a length.
    pub fn large(&self) -> Vec<u8> {
        let mut frame = self.sealed(self.frame(), self.pseudo(0));
        if !self.v6 {
            frame[24..26].fill(0);
        } else if self.is_jumbo() {
            let len = (frame.len() - self.start() + JUMBO_LEN) as u32;
            let option = [[6, 0, 0xc2, 4], len.to_be_bytes()].concat();
            frame[ETHER + 4..ETHER + 7].fill(0);
            frame.splice(self.start()..self.start(), option);
        }
        frame
    }

    /// Whether ip6_output adds a header with the jumbo payload option.
    fn is_jumbo(&self) -> bool {
        self.v6 && self.headers() - self.start() + self.payload.len() > 65535
    }

    fn csum_data(&self) -> u32 {
        (self.ip_len() as u32) << 16 | 16
    }

    /// What the header of that packet says. ip_output leaves M_CSUM_IPv4 beside M_CSUM_TSOv4.
    pub fn large_asks(&self, segsz: u32) -> Offload {
        let v4 = kpi::M_CSUM_TSOv4 | kpi::M_CSUM_IPv4;
        let flags = if self.v6 { kpi::M_CSUM_TSOv6 } else { v4 };
        let jumbo = if self.is_jumbo() { JUMBO_LEN as u32 } else { 0 };
        Offload { flags, data: self.csum_data() + (jumbo << 16), segsz }
    }

    /// What the header of a packet says whose checksum is left open.
    pub fn seeded_asks(&self) -> Offload {
        let flags = if self.v6 { kpi::M_CSUM_TCPv6 } else { kpi::M_CSUM_TCPv4 };
        Offload { flags, data: self.csum_data(), segsz: 0 }
    }

    /// The offload header of a frame whose checksum is to be completed, and that is to be cut if
    /// there is a size.
    pub fn header(&self, size: Option<u16>) -> [u8; 12] {
        let gso = if self.v6 { 4 } else { 1 };
        let ecn = if self.flags & CWR != 0 { 0x80 } else { 0 };
        let mut header = [1, size.map_or(0, |_| gso | ecn), 0, 0, 0, 0, 0, 0, 16, 0, 1, 0];
        let mut put =
            |at: usize, value: u16| header[at..at + 2].copy_from_slice(&value.to_ne_bytes());
        if let Some(size) = size {
            put(2, self.headers() as u16);
            put(4, size);
        }
        put(6, self.start() as u16);
        put(8, 16);
        put(10, 1);
        header
    }

    /// The segments of so many bytes that it is cut into.
    pub fn cut(&self, size: usize) -> Vec<Tcp> {
        let count = self.payload.chunks(size).count();
        let segment = |(at, payload): (usize, &[u8])| {
            let mut flags = self.flags;
            if at != 0 {
                flags &= !CWR;
            }
            if at != count - 1 {
                flags &= !(FIN | PSH);
            }
            let id = self.id.wrapping_add(at as u16);
            let seq = self.seq.wrapping_add((at * size) as u32);
            Tcp { id, seq, flags, payload: payload.to_vec(), ..self.clone() }
        };
        self.payload.chunks(size).enumerate().map(segment).collect()
    }
}
