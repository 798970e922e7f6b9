// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums of the transport protocols, as sys/netinet/in_cksum.c, in_offload.c and their like of
//! IPv6 compute them, over the bytes of one packet that begins with its IP header.

use crate::kpi;

/// Protocols of IP.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
/// The length of an IPv6 header.
const HEADER6: usize = 40;
/// The length of an IPv4 header without options.
const HEADER4: usize = 20;
/// Where TCP and UDP have their checksums.
const TCP_SUM: usize = 16;
const UDP_SUM: usize = 6;
/// An IPv4 packet is a fragment by these bits: more of them, and the offset.
const FRAGMENT: u16 = 0x3fff;

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// Adds 16-bit words, and folds the carries back in.
fn add(bytes: &[u8], start: u32) -> u16 {
    let words = bytes
        .chunks(2)
        .map(|pair| u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])));
    let mut sum = u64::from(start) + words.sum::<u64>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// A datagram or segment in a packet, whose bytes are not a fragment's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transport {
    /// Its protocol.
    pub(super) protocol: u8,
    /// Where it begins, and where it ends by what the IP header says.
    pub(super) start: usize,
    pub(super) end: usize,
    is_v6: bool,
}

impl Transport {
    /// TCP or UDP in the packet; `None` for what is neither, a fragment, or not whole.
    pub(super) fn of(packet: &[u8]) -> Option<Transport> {
        let is_v6 = packet.first()? >> 4 == 6;
        let (protocol, start, end) = if is_v6 {
            let header = packet.get(..HEADER6)?;
            (header[6], HEADER6, HEADER6 + usize::from(word(header, 4)))
        } else {
            let header = packet.get(..HEADER4)?;
            if word(header, 6) & FRAGMENT != 0 {
                return None;
            }
            (header[9], usize::from(header[0] & 0xf) * 4, usize::from(word(header, 2)))
        };
        let transport = Transport { protocol, start, end, is_v6 };
        let whole = end <= packet.len() && start >= HEADER4;
        let fits = matches!(protocol, TCP | UDP) && start + transport.offset() + 2 <= end;
        (whole && fits).then_some(transport)
    }

    /// Where its checksum is, counted from its beginning.
    pub(super) fn offset(self) -> usize {
        if self.protocol == TCP {
            TCP_SUM
        } else {
            UDP_SUM
        }
    }

    /// The M_CSUM_* that stands for it.
    pub(super) fn flag(self) -> u32 {
        match (self.protocol, self.is_v6) {
            (TCP, false) => kpi::M_CSUM_TCPv4,
            (TCP, true) => kpi::M_CSUM_TCPv6,
            (_, false) => kpi::M_CSUM_UDPv4,
            (_, true) => kpi::M_CSUM_UDPv6,
        }
    }

    /// Whether it is of IPv6.
    pub(super) fn is_v6(self) -> bool {
        self.is_v6
    }

    /// The checksum that the packet has.
    pub(super) fn stored(self, packet: &[u8]) -> u16 {
        word(packet, self.start + self.offset())
    }

    /// Puts another checksum in.
    pub(super) fn store(self, packet: &mut [u8], sum: u16) {
        let at = self.start + self.offset();
        packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }

    /// in_cksum_phdr, in6_cksum_phdr: the sum of the pseudo header.
    pub(super) fn pseudo_header(self, packet: &[u8]) -> u16 {
        let addresses = if self.is_v6 { &packet[8..40] } else { &packet[12..20] };
        let len = self.end - self.start;
        add(addresses, len as u32 + u32::from(self.protocol))
    }

    /// in4_cksum, in6_cksum without a pseudo header: what the checksum is to be where the sum of
    /// the pseudo header stands in its place. UDP has none that is 0.
    pub(super) fn completed(self, packet: &[u8]) -> u16 {
        match !add(&packet[self.start..self.end], 0) {
            0 if self.protocol == UDP => 0xffff,
            sum => sum,
        }
    }

    /// Whether the checksum is right.
    pub(super) fn verifies(self, packet: &[u8]) -> bool {
        let pseudo = u32::from(self.pseudo_header(packet));
        add(&packet[self.start..self.end], pseudo) == 0xffff
    }
}

/// The checksum of an IPv4 header of so many bytes, whose field is 0; 0 if it is right as it is.
pub(super) fn header(packet: &[u8], len: usize) -> u16 {
    !add(&packet[..len], 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP datagram of three bytes, whose right checksum was computed by hand.
    const PACKET: [u8; 31] = [
        0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0, 10, 5, 1, 1, 10, 5, 1, 2, 0xc0, 0, 0, 9, 0, 11,
        0, 0, 0x61, 0x62, 0x63,
    ];

    #[test]
    fn a_datagram() {
        let mut packet = PACKET;
        let udp = Transport::of(&packet).unwrap();
        assert_eq!((udp.start, udp.end, udp.flag()), (20, 31, kpi::M_CSUM_UDPv4));
        // 0a05 + 0101 + 0a05 + 0102 + 0011 + 000b.
        assert_eq!(udp.pseudo_header(&packet), 0x1629);
        udp.store(&mut packet, 0x1629);
        // And c000 + 0009 + 000b + 6162 + 6300 to it, the other way round.
        assert_eq!(udp.completed(&packet), !0x9aa0);
        udp.store(&mut packet, !0x9aa0);
        assert!(udp.verifies(&packet));
        packet[30] ^= 1;
        assert!(!udp.verifies(&packet));
    }

    #[test]
    fn what_is_none() {
        let mut fragment = PACKET;
        fragment[6] = 0x20;
        assert_eq!(Transport::of(&fragment), None);
        let mut icmp = PACKET;
        icmp[9] = 1;
        assert_eq!(Transport::of(&icmp), None);
        assert_eq!(Transport::of(&PACKET[..30]), None);
        assert_eq!(Transport::of(&[]), None);
    }
}
