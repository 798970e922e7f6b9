// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksum and segmentation flags of a packet header. Those of an outgoing packet are the work that
//! the stack has left to the interface. Those of an incoming packet are what the interface has
//! verified.

use bitflags::bitflags;

use super::{Mbuf, Writable};
use crate::kern::kpi;
use crate::offload::checksum::TCP_OFFSET;
use crate::offload::header::Left;
use crate::offload::packet::{Family, Packet, Transport};

bitflags! {
    /// Which checksums, and whether a packet is cut into several, M_CSUM_*.
    #[derive(Clone, Copy)]
    struct ChecksumFlags: u32 {
        /// TCP's in IPv4.
        const TCP4 = kpi::M_CSUM_TCPv4;
        /// UDP's in IPv4.
        const UDP4 = kpi::M_CSUM_UDPv4;
        /// TCP's in IPv6.
        const TCP6 = kpi::M_CSUM_TCPv6;
        /// UDP's in IPv6.
        const UDP6 = kpi::M_CSUM_UDPv6;
        /// A large TCP packet in IPv4.
        const TSO4 = kpi::M_CSUM_TSOv4;
        /// A large TCP packet in IPv6.
        const TSO6 = kpi::M_CSUM_TSOv6;
    }
}

impl ChecksumFlags {
    const LARGE: Self = Self::TSO4.union(Self::TSO6);
    const OPEN: Self = Self::TCP4.union(Self::UDP4).union(Self::TCP6).union(Self::UDP6);

    /// Those of a packet's own checksum.
    fn of(packet: &Packet) -> Self {
        match (packet.transport, packet.network.family) {
            (Transport::Tcp, Family::V4) => Self::TCP4,
            (Transport::Udp, Family::V4) => Self::UDP4,
            (Transport::Tcp, Family::V6) => Self::TCP6,
            (Transport::Udp, Family::V6) => Self::UDP6,
        }
    }
}

impl Mbuf {
    fn checksum_flags(&self) -> ChecksumFlags {
        ChecksumFlags::from_bits_retain(self.header().csum_flags as u32)
    }

    /// Whether it is a large TCP packet: of the stack, or of a program, see
    /// [`set_large`](Writable::set_large).
    pub fn is_large(&self) -> bool {
        self.checksum_flags().intersects(ChecksumFlags::LARGE)
    }

    /// Whether the stack has left anything of it to the interface.
    pub fn is_unfinished(&self) -> bool {
        self.checksum_flags().intersects(ChecksumFlags::LARGE.union(ChecksumFlags::OPEN))
    }

    /// What the stack has left to the interface.
    pub fn left(&self) -> Option<Left> {
        let header = self.header();
        let ip = (header.csum_data >> 16) as usize;
        if self.is_large() {
            return Some(Left { header: ip, offset: TCP_OFFSET, segment: Some(self.segment()) });
        }
        let offset = header.csum_data as u16;
        self.is_unfinished().then_some(Left { header: ip, offset, segment: None })
    }

    /// The payload of a segment of a large packet.
    pub fn segment(&self) -> u16 {
        u16::try_from(self.header().segsz).unwrap_or(u16::MAX)
    }
}

impl Writable {
    /// Says of a packet that comes in that its checksum has been verified.
    pub fn set_verified(&mut self, packet: &Packet) {
        self.0.header_mut().csum_flags = ChecksumFlags::of(packet).bits() as i32;
    }

    /// Says that it is a large TCP packet of IPv4, with so many bytes of payload in a segment.
    pub fn set_large(&mut self, segment: u32) {
        let header = self.0.header_mut();
        header.csum_flags = ChecksumFlags::TSO4.bits() as i32;
        header.segsz = segment;
    }

    /// Says of a TCP packet that goes out that its checksum is left to do, behind an IP header of
    /// `ip` bytes.
    pub fn set_unfinished(&mut self, family: Family, ip: usize) {
        let flags = match family {
            Family::V4 => ChecksumFlags::TCP4,
            Family::V6 => ChecksumFlags::TCP6,
        };
        let header = self.0.header_mut();
        header.csum_flags = flags.bits() as i32;
        header.csum_data = (ip as u32) << 16 | u32::from(TCP_OFFSET);
    }
}
