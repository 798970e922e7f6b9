// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Where the headers of a TCP or UDP packet lie in an Ethernet frame.
//!
//! Offsets count from the frame's first byte. Lengths come from the packet alone.
#![forbid(unsafe_code)]

use crate::ether::HDR_LEN;

/// Length of a VLAN tag (IEEE 802.1Q).
pub const VLAN_TAG_LEN: usize = 4;
/// What a frame's headers take at most: Ethernet, a VLAN tag, IPv4 and TCP with all their options.
/// Nothing beyond is looked at.
pub const FRONT: usize = HDR_LEN + VLAN_TAG_LEN + 60 + 60;
/// Length of an IPv6 header in bytes.
pub const IPV6_LEN: usize = 40;
/// IP's number of TCP.
pub const TCP: u8 = 6;
/// IP's number of UDP.
const UDP: u8 = 17;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Where a frame's type stands in it.
const TYPE_OFFSET: usize = 12;
/// In IPv4's flags and fragment offset: more fragments, and the offset.
const FRAGMENT: u16 = 0x3fff;

/// Which IP a packet is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What an IP packet carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Where an IP header is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// By the frame's type.
    pub family: Family,
    /// The header's first byte.
    pub start: usize,
}

/// A whole TCP or UDP packet: no fragment, and without extension headers of IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Its IP header.
    pub network: Network,
    /// What it carries.
    pub transport: Transport,
    /// The first byte of the TCP or UDP header.
    pub start: usize,
    /// The packet's end by the IP header's length, which is in the frame.
    pub end: usize,
}

impl Network {
    /// Finds the IP header behind at most one VLAN tag; `front` is the frame's beginning.
    pub fn find(front: &[u8]) -> Option<Network> {
        let mut start = HDR_LEN;
        let mut ethertype = half(front, TYPE_OFFSET)?;
        if ethertype == ETHERTYPE_VLAN {
            start = HDR_LEN + VLAN_TAG_LEN;
            ethertype = half(front, TYPE_OFFSET + VLAN_TAG_LEN)?;
        }
        let family = match ethertype {
            ETHERTYPE_IPV4 => Family::V4,
            ETHERTYPE_IPV6 => Family::V6,
            _ => return None,
        };
        Some(Network { family, start })
    }

    /// The least length of the IP header in bytes.
    pub fn least(&self) -> usize {
        match self.family {
            Family::V4 => 20,
            Family::V6 => IPV6_LEN,
        }
    }
}

impl Packet {
    /// Reads the headers of a frame of `len` bytes; `front` is the frame or its first [`FRONT`].
    pub fn parse(front: &[u8], len: usize) -> Option<Packet> {
        let network = Network::find(front)?;
        let ip = front.get(network.start..)?;
        let version = ip.first()? >> 4;
        let (header, total, protocol) = match network.family {
            Family::V4 => {
                let header = usize::from(ip.first()? & 0xf) << 2;
                if version != 4 || header < 20 || half(ip, 6)? & FRAGMENT != 0 {
                    return None;
                }
                (header, half(ip, 2)?.into(), *ip.get(9)?)
            }
            Family::V6 => {
                if version != 6 {
                    return None;
                }
                (IPV6_LEN, IPV6_LEN.wrapping_add(half(ip, 4)?.into()), *ip.get(6)?)
            }
        };
        let (transport, least) = match protocol {
            TCP => (Transport::Tcp, 20),
            UDP => (Transport::Udp, 8),
            _ => return None,
        };
        let start = network.start.wrapping_add(header);
        let end = network.start.wrapping_add(total);
        // None of these sums comes near what a usize holds.
        let whole = start.wrapping_add(least) <= end && end <= len;
        whole.then_some(Packet { network, transport, start, end })
    }
}

/// The big-endian number of two bytes at an offset.
pub fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// Stores bytes at an offset, if they fit there.
pub fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = value;
    }
}
