// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames that the stack sends of its own accord, when an address becomes its own; and which of
//! those that come in are TCP's.

use std::net::{Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv4Packet, Ipv6Packet, Ipv6Repr,
    NdiscRepr,
};

use crate::kern::net::inet6::solicited_node;

/// A frame with this header and room for `len` bytes behind it.
fn frame(to: EthernetAddress, kind: EthernetProtocol, len: usize) -> Vec<u8> {
    // The sender is put in when it is sent.
    let header = EthernetRepr { src_addr: EthernetAddress([0; 6]), dst_addr: to, ethertype: kind };
    let mut bytes = vec![0; header.buffer_len() + len];
    header.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
    bytes
}

/// An ARP request of an address for itself (RFC 5227, an announcement).
pub fn arp_announcement(mac: [u8; 6], address: Ipv4Addr) -> Vec<u8> {
    let arp = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: EthernetAddress(mac),
        source_protocol_addr: address,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: address,
    };
    let mut bytes = frame(EthernetAddress::BROADCAST, EthernetProtocol::Arp, arp.buffer_len());
    let start = bytes.len() - arp.buffer_len();
    arp.emit(&mut ArpPacket::new_unchecked(&mut bytes[start..]));
    bytes
}

/// A question whether anybody else has an address (RFC 4862, section 5.4.2).
pub fn neighbour_solicitation(address: Ipv6Addr) -> Vec<u8> {
    let group = solicited_node(address);
    let icmp = Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit { target_addr: address, lladdr: None });
    let ip = Ipv6Repr {
        src_addr: Ipv6Addr::UNSPECIFIED,
        dst_addr: group,
        next_header: IpProtocol::Icmpv6,
        payload_len: icmp.buffer_len(),
        hop_limit: 255,
    };
    let [.., a, b, c, d] = group.octets();
    let to = EthernetAddress([0x33, 0x33, a, b, c, d]);
    let mut bytes = frame(to, EthernetProtocol::Ipv6, ip.buffer_len() + icmp.buffer_len());
    let start = bytes.len() - icmp.buffer_len();
    let (head, payload) = bytes.split_at_mut(start);
    let at = head.len() - ip.buffer_len();
    ip.emit(&mut Ipv6Packet::new_unchecked(&mut head[at..]));
    icmp.emit(
        &Ipv6Addr::UNSPECIFIED,
        &group,
        &mut Icmpv6Packet::new_unchecked(payload),
        &ChecksumCapabilities::default(),
    );
    bytes
}

/// Whether a frame is of TCP, without extension headers of IPv6.
pub fn is_tcp(bytes: &[u8]) -> bool {
    let Ok(frame) = EthernetFrame::new_checked(bytes) else { return false };
    let protocol = match frame.ethertype() {
        EthernetProtocol::Ipv4 => {
            Ipv4Packet::new_checked(frame.payload()).map(|packet| packet.next_header())
        }
        EthernetProtocol::Ipv6 => {
            Ipv6Packet::new_checked(frame.payload()).map(|packet| packet.next_header())
        }
        _ => return false,
    };
    protocol == Ok(IpProtocol::Tcp)
}
