// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A frame in one line, in the manner of tcpdump(8).

use std::fmt::Write;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetFrame, EthernetProtocol, Icmpv4Packet, Icmpv4Repr,
    Icmpv6Packet, Icmpv6Repr, IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet, NdiscRepr, UdpPacket,
};

/// One line about a frame: its addresses, what it says, and its length in bytes.
pub fn describe(frame: &[u8]) -> String {
    let len = frame.len();
    let Ok(ethernet) = EthernetFrame::new_checked(frame) else {
        return format!("a runt, length {len}");
    };
    let mut text = format!("{} > {}, ", ethernet.src_addr(), ethernet.dst_addr());
    text = text.replace('-', ":");
    let payload = ethernet.payload();
    let told = match ethernet.ethertype() {
        EthernetProtocol::Arp => arp(payload),
        EthernetProtocol::Ipv4 => ipv4(payload),
        EthernetProtocol::Ipv6 => ipv6(payload),
        EthernetProtocol::Unknown(kind) => Some(format!("ethertype 0x{kind:04x}")),
    };
    text += &told.unwrap_or_else(|| format!("{}, malformed", ethernet.ethertype()));
    // Writing to a string cannot fail.
    let _ = write!(text, ", length {len}");
    text
}

fn arp(payload: &[u8]) -> Option<String> {
    let packet = ArpPacket::new_checked(payload).ok()?;
    let ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr,
        source_protocol_addr,
        target_protocol_addr,
        ..
    } = ArpRepr::parse(&packet).ok()?
    else {
        return None;
    };
    let mac = source_hardware_addr.to_string().replace('-', ":");
    Some(match operation {
        ArpOperation::Request if source_protocol_addr == target_protocol_addr => {
            format!("ARP announcement of {target_protocol_addr}")
        }
        ArpOperation::Request => {
            format!("ARP request who-has {target_protocol_addr} tell {source_protocol_addr}")
        }
        ArpOperation::Reply => format!("ARP reply {source_protocol_addr} is-at {mac}"),
        ArpOperation::Unknown(number) => format!("ARP operation {number}"),
    })
}

fn ipv4(payload: &[u8]) -> Option<String> {
    let packet = Ipv4Packet::new_checked(payload).ok()?;
    let ends = (IpAddress::Ipv4(packet.src_addr()), IpAddress::Ipv4(packet.dst_addr()));
    let between = format!("IP {} > {}", ends.0, ends.1);
    match packet.next_header() {
        IpProtocol::Icmp => Some(format!("{between}: {}", icmpv4(packet.payload())?)),
        next => transport(next, ends, packet.payload()),
    }
}

fn icmpv4(payload: &[u8]) -> Option<String> {
    let packet = Icmpv4Packet::new_checked(payload).ok()?;
    let told = Icmpv4Repr::parse(&packet, &ChecksumCapabilities::ignored());
    Some(match told {
        Ok(Icmpv4Repr::EchoRequest { ident, seq_no, .. }) => {
            format!("ICMP echo request, id {ident}, seq {seq_no}")
        }
        Ok(Icmpv4Repr::EchoReply { ident, seq_no, .. }) => {
            format!("ICMP echo reply, id {ident}, seq {seq_no}")
        }
        _ => format!("ICMP {}", packet.msg_type()),
    })
}

fn ipv6(payload: &[u8]) -> Option<String> {
    let packet = Ipv6Packet::new_checked(payload).ok()?;
    let (from, to) = (packet.src_addr(), packet.dst_addr());
    let ends = (IpAddress::Ipv6(from), IpAddress::Ipv6(to));
    if packet.next_header() != IpProtocol::Icmpv6 {
        return transport(packet.next_header(), ends, packet.payload());
    }
    let icmp = Icmpv6Packet::new_checked(packet.payload()).ok()?;
    let told = Icmpv6Repr::parse(&from, &to, &icmp, &ChecksumCapabilities::ignored());
    let what = match told {
        Ok(Icmpv6Repr::EchoRequest { ident, seq_no, .. }) => {
            format!("ICMP6 echo request, id {ident}, seq {seq_no}")
        }
        Ok(Icmpv6Repr::EchoReply { ident, seq_no, .. }) => {
            format!("ICMP6 echo reply, id {ident}, seq {seq_no}")
        }
        Ok(Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit { target_addr, .. })) => {
            format!("ICMP6 neighbor solicitation, who has {target_addr}")
        }
        Ok(Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert { target_addr, .. })) => {
            format!("ICMP6 neighbor advertisement, tgt is {target_addr}")
        }
        _ => format!("ICMP6 {}", icmp.msg_type()),
    };
    Some(format!("IP6 {from} > {to}: {what}"))
}

fn transport(kind: IpProtocol, ends: (IpAddress, IpAddress), payload: &[u8]) -> Option<String> {
    let name = if matches!(ends.0, IpAddress::Ipv4(_)) { "IP" } else { "IP6" };
    if kind != IpProtocol::Udp {
        return Some(format!("{name} {} > {}: {kind}", ends.0, ends.1));
    }
    let udp = UdpPacket::new_checked(payload).ok()?;
    let (from, to) = (udp.src_port(), udp.dst_port());
    let len = udp.payload().len();
    Some(format!("{name} {}.{from} > {}.{to}: UDP, {len} bytes", ends.0, ends.1))
}

#[cfg(test)]
mod tests {
    use tap_conformance::frames;

    use super::describe;

    #[test]
    fn what_the_cases_send() {
        let request = describe(&frames::arp_request(1));
        assert_eq!(
            request,
            "02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff, \
             ARP request who-has 10.5.1.1 tell 10.5.1.2, length 60"
        );
        let mut echo = [0; 98];
        frames::echo_request(&mut echo, [2, 1, 2, 3, 4, 5], 1, 7);
        assert_eq!(
            describe(&echo),
            "02:00:00:00:00:09 > 02:01:02:03:04:05, \
             IP 10.5.1.2 > 10.5.1.1: ICMP echo request, id 31241, seq 7, length 98"
        );
        let mut plain = [0; 60];
        frames::plain(&mut plain, [0xff; 6]);
        assert_eq!(
            describe(&plain),
            "02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff, ethertype 0x88b5, length 60"
        );
    }

    #[test]
    fn what_is_no_frame() {
        assert_eq!(describe(&[1, 2, 3]), "a runt, length 3");
        let mut broken = [0; 20];
        broken[12] = 8;
        assert!(describe(&broken).contains("malformed"));
    }
}
