// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TCP and UDP packets from the peer to the interface's address, as a program with an offload
//! header writes them: the field of the checksum holds the sum of the pseudo header alone.

use crate::abi::offload::{VnetHdr, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM};
use crate::frames::{self, checksum, Mac, PEER_MAC};

/// IP's number.
pub const TCP: u8 = 6;
/// IP's number.
pub const UDP: u8 = 17;
/// TCP's flag.
pub const FIN: u8 = 0x01;
/// TCP's flag.
pub const SYN: u8 = 0x02;
/// TCP's flag.
pub const RST: u8 = 0x04;
/// TCP's flag.
pub const PSH: u8 = 0x08;
/// TCP's flag.
pub const ACK: u8 = 0x10;
/// TCP's flag.
pub const URG: u8 = 0x20;
/// TCP's flag.
pub const CWR: u8 = 0x80;
/// The tag of tagged packets.
pub const TAG: u16 = 77;
/// A machine behind the bridge, if there is one.
pub const FAR_MAC: Mac = [2, 0, 0, 0, 0, 0x55];
/// The interface's IPv6 address, as [`crate::net`] sets it.
pub const OUR_IP6: [u8; 16] = [0xfd, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// The peer's.
pub const PEER_IP6: [u8; 16] = [0xfd, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/// A packet's headers.
#[derive(Clone, Copy)]
pub struct Packet {
    /// IPv6.
    pub v6: bool,
    /// Behind a VLAN tag.
    pub tagged: bool,
    /// [`TCP`] or [`UDP`].
    pub transport: u8,
    /// The destination's link-layer address.
    pub to: Mac,
    /// IPv4's destination.
    pub target: [u8; 4],
    /// Source and destination.
    pub ports: [u16; 2],
    /// IPv4's identification.
    pub id: u16,
    /// TCP's sequence number.
    pub seq: u32,
    /// TCP's acknowledgement.
    pub ack: u32,
    /// TCP's flags.
    pub flags: u8,
    /// TCP's window.
    pub window: u16,
    /// Bytes of options in IPv4's header.
    pub ip_options: usize,
    /// TCP's options.
    pub options: &'static [u8],
}

impl Packet {
    /// A TCP packet of an open connection.
    #[must_use]
    pub const fn tcp(v6: bool, to: Mac) -> Self {
        Self {
            v6,
            tagged: false,
            transport: TCP,
            to,
            target: [10, 5, 1, 1],
            ports: [40_000, 9],
            id: 0x1234,
            seq: 0x0102_0304,
            ack: 0x0a0b_0c0d,
            flags: ACK,
            window: 0xffff,
            ip_options: 0,
            options: &[],
        }
    }

    /// A UDP packet.
    #[must_use]
    pub const fn udp(v6: bool, to: Mac) -> Self {
        Self { transport: UDP, ..Self::tcp(v6, to) }
    }

    /// Where the IP header begins.
    #[must_use]
    pub const fn ip(&self) -> usize {
        if self.tagged {
            18
        } else {
            14
        }
    }

    /// Where the TCP or UDP header begins.
    #[must_use]
    pub const fn start(&self) -> usize {
        self.ip() + if self.v6 { 40 } else { 20 + self.ip_options }
    }

    /// Where the checksum stands from there.
    #[must_use]
    pub const fn offset(&self) -> usize {
        if self.transport == TCP {
            16
        } else {
            6
        }
    }

    /// Where the payload begins.
    #[must_use]
    pub const fn headers(&self) -> usize {
        self.start() + if self.transport == TCP { 20 + self.options.len() } else { 8 }
    }

    /// The header that asks for the checksum.
    #[must_use]
    pub const fn needs_csum(&self) -> VnetHdr {
        VnetHdr {
            flags: NEEDS_CSUM,
            csum_start: self.start() as u16,
            csum_offset: self.offset() as u16,
            ..VnetHdr::NONE
        }
    }

    /// The header that asks for segments of `size` bytes of payload.
    #[must_use]
    pub const fn large(&self, size: u16) -> VnetHdr {
        let gso_type = if self.v6 { GSO_TCPV6 } else { GSO_TCPV4 };
        let hdr_len = self.headers() as u16;
        VnetHdr { gso_type, gso_size: size, hdr_len, ..self.needs_csum() }
    }

    /// Writes the headers of a packet that fills the frame.
    pub fn write(&self, frame: &mut [u8]) {
        let kind: u16 = if self.v6 { 0x86dd } else { 0x0800 };
        frames::ether(frame, self.to, PEER_MAC, if self.tagged { 0x8100 } else { kind });
        if self.tagged {
            frame[14..16].copy_from_slice(&TAG.to_be_bytes());
            frame[16..18].copy_from_slice(&kind.to_be_bytes());
        }
        let len = frame.len() - self.ip();
        let ip = &mut frame[self.ip()..self.start()];
        ip.fill(0);
        if self.v6 {
            ip[0] = 0x60;
            ip[4..6].copy_from_slice(&((len - 40) as u16).to_be_bytes());
            ip[6] = self.transport;
            ip[7] = 64;
            ip[8..24].copy_from_slice(&PEER_IP6);
            ip[24..40].copy_from_slice(&OUR_IP6);
        } else {
            ip[0] = 0x45 + (self.ip_options / 4) as u8;
            ip[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            ip[4..6].copy_from_slice(&self.id.to_be_bytes());
            ip[6] = 0x40;
            ip[8] = 64;
            ip[9] = self.transport;
            ip[12..16].copy_from_slice(&frames::peer_ip(1));
            ip[16..20].copy_from_slice(&self.target);
            // No operation.
            ip[20..].fill(1);
            let sum = checksum(ip).to_be_bytes();
            ip[10..12].copy_from_slice(&sum);
        }
        self.write_transport(&mut frame[self.start()..]);
        let sum = !pseudo(frame, self.ip(), self.start(), self.transport);
        let at = self.start() + self.offset();
        frame[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }

    fn write_transport(&self, bytes: &mut [u8]) {
        let len = bytes.len() as u16;
        bytes[..2].copy_from_slice(&self.ports[0].to_be_bytes());
        bytes[2..4].copy_from_slice(&self.ports[1].to_be_bytes());
        if self.transport == UDP {
            bytes[4..6].copy_from_slice(&len.to_be_bytes());
            return;
        }
        bytes[4..8].copy_from_slice(&self.seq.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ack.to_be_bytes());
        bytes[12] = ((20 + self.options.len()) * 4) as u8;
        bytes[13] = self.flags;
        bytes[14..16].copy_from_slice(&self.window.to_be_bytes());
        bytes[18..20].fill(0);
        bytes[20..20 + self.options.len()].copy_from_slice(self.options);
    }

    /// Writes the packet with its payload, which is at that place in the stream of [`pattern`].
    pub fn whole(&self, frame: &mut [u8], place: usize) {
        self.write(frame);
        pattern(&mut frame[self.headers()..], place);
    }

    /// The same, its checksum completed.
    pub fn completed(&self, frame: &mut [u8], place: usize) {
        self.whole(frame, place);
        complete(frame, self.start(), self.offset());
    }
}

/// Completes a checksum.
pub fn complete(frame: &mut [u8], start: usize, offset: usize) {
    let mut sum = checksum(&frame[start..]);
    if offset == 6 && sum == 0 {
        sum = 0xffff;
    }
    frame[start + offset..start + offset + 2].copy_from_slice(&sum.to_be_bytes());
}

/// Bytes of a stream from that place on, no two pages of which are alike.
pub fn pattern(bytes: &mut [u8], place: usize) {
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = pattern_at(place + i);
    }
}

/// One byte of the stream.
#[must_use]
pub const fn pattern_at(place: usize) -> u8 {
    (place % 251 + place / 1021) as u8
}

/// The checksum of the pseudo header (RFC 9293, RFC 8200).
#[must_use]
pub fn pseudo(frame: &[u8], ip: usize, start: usize, transport: u8) -> u16 {
    let mut bytes = [0; 40];
    let len = (frame.len() - start) as u32;
    let v6 = frame[ip] >> 4 == 6;
    let (from, n) = if v6 { (8, 32) } else { (12, 8) };
    bytes[..n].copy_from_slice(&frame[ip + from..ip + from + n]);
    bytes[n..n + 4].copy_from_slice(&len.to_be_bytes());
    bytes[n + 7] = transport;
    checksum(&bytes)
}
