// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames written by hand: a peer behind the tap that speaks ARP and ICMP echo (RFC 826, RFC 792).

/// An Ethernet address.
pub type Mac = [u8; 6];

/// The longest frame that can be written.
pub const LONGEST: usize = 65535;
/// The peer's address: locally administered, individual.
pub const PEER_MAC: Mac = [2, 0, 0, 0, 0, 9];
/// Everybody.
pub const BROADCAST: Mac = [0xff; 6];
/// An EtherType for local experiments (IEEE 802), which no stack answers.
pub const EXPERIMENTAL: u16 = 0x88b5;
/// Bytes of an echo request before its payload: Ethernet, IPv4 and ICMP headers.
pub const ECHO_HEADERS: usize = 42;
/// Bytes of an ARP packet in its frame.
pub const ARP_LEN: usize = 42;

const ETHERTYPE_IP: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;

/// The interface's IPv4 address on test network `net`.
#[must_use]
pub fn our_ip(net: u8) -> [u8; 4] {
    [10, 5, net, 1]
}

/// The peer's IPv4 address on test network `net`.
#[must_use]
pub fn peer_ip(net: u8) -> [u8; 4] {
    [10, 5, net, 2]
}

/// Writes an Ethernet header.
pub fn ether(frame: &mut [u8], to: Mac, from: Mac, kind: u16) {
    frame[..6].copy_from_slice(&to);
    frame[6..12].copy_from_slice(&from);
    frame[12..14].copy_from_slice(&kind.to_be_bytes());
}

/// A frame of `frame.len()` bytes that no stack answers, its payload a known pattern.
pub fn plain(frame: &mut [u8], to: Mac) {
    for (i, byte) in frame.iter_mut().enumerate() {
        *byte = (i % 251) as u8;
    }
    ether(frame, to, PEER_MAC, EXPERIMENTAL);
}

/// The peer asks who has the interface's address; 60 bytes, the least that a wire carries.
#[must_use]
pub fn arp_request(net: u8) -> [u8; 60] {
    let mut f = [0; 60];
    ether(&mut f, BROADCAST, PEER_MAC, ETHERTYPE_ARP);
    f[14..22].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1]);
    f[22..28].copy_from_slice(&PEER_MAC);
    f[28..32].copy_from_slice(&peer_ip(net));
    f[38..42].copy_from_slice(&our_ip(net));
    f
}

/// The address in an answer to [`arp_request`], if this is one.
#[must_use]
pub fn arp_reply(frame: &[u8], net: u8) -> Option<Mac> {
    let is_reply = frame.len() >= ARP_LEN
        && frame[..6] == PEER_MAC
        && frame[12..14] == ETHERTYPE_ARP.to_be_bytes()
        && frame[20..22] == [0, 2]
        && frame[28..32] == our_ip(net);
    let mut mac = [0; 6];
    if !is_reply {
        return None;
    }
    mac.copy_from_slice(&frame[22..28]);
    Some(mac)
}

/// Whether this frame is of ARP.
#[must_use]
pub fn is_arp(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&ETHERTYPE_ARP.to_be_bytes())
}

/// The Internet checksum (RFC 1071).
#[must_use]
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum += u32::from(u16::from_be_bytes([pair[0], low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An echo request that fills `frame`, from the peer to the interface's address.
pub fn echo_request(frame: &mut [u8], to: Mac, net: u8, sequence: u16) {
    plain(frame, to);
    ether(frame, to, PEER_MAC, ETHERTYPE_IP);
    let length = (frame.len() - 14) as u16;
    let ip = &mut frame[14..34];
    ip.fill(0);
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&length.to_be_bytes());
    ip[4..6].copy_from_slice(&sequence.to_be_bytes());
    ip[8] = 64;
    ip[9] = 1;
    ip[12..16].copy_from_slice(&peer_ip(net));
    ip[16..20].copy_from_slice(&our_ip(net));
    let sum = checksum(ip).to_be_bytes();
    ip[10..12].copy_from_slice(&sum);
    let icmp = &mut frame[34..];
    icmp[..8].copy_from_slice(&[8, 0, 0, 0, 0x7a, 0x9, 0, 0]);
    icmp[6..8].copy_from_slice(&sequence.to_be_bytes());
    let sum = checksum(icmp).to_be_bytes();
    icmp[2..4].copy_from_slice(&sum);
}

/// Whether this frame answers [`echo_request`] number `sequence`, its payload unharmed.
#[must_use]
pub fn is_echo_reply(frame: &[u8], sequence: u16) -> bool {
    frame.len() >= ECHO_HEADERS
        && frame[..6] == PEER_MAC
        && frame[12..14] == ETHERTYPE_IP.to_be_bytes()
        && frame[23] == 1
        && frame[34] == 0
        && frame[40..42] == sequence.to_be_bytes()
        && checksum(&frame[34..]) == 0
}
