// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A connected UDP socket that only sends, as sosend(9) and sys/netinet/udp_usrreq.c make
//! datagrams: what fits goes into the mbuf with the headers, and what does not into clusters behind
//! it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IpAddress, IpCidr, IpProtocol,
    Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr,
};
use tap_conformance::errno::{Errno, Result};

use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::check;
use crate::kern::mbuf::{Mbuf, MHLEN};
use crate::kern::net::ether_output::{sockaddr, HEADER};
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::in_offload;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// Bytes of the headers of IPv4 and UDP.
const HEADERS: usize = 28;
/// The port for discarding (RFC 863), and one that nobody has.
const PORTS: UdpRepr = UdpRepr { src_port: 49152, dst_port: 9 };
const TTL: u8 = 64;

/// Where datagrams go.
struct Udp {
    to: Ipv4Addr,
    /// The neighbour's address, which is known already.
    neighbour: EthernetAddress,
}

/// A descriptor of which each write(2) sends one datagram to an address on the network of an
/// interface, whose owner has the link-layer address `neighbour`.
pub fn connected(world: &mut World, to: Ipv4Addr, neighbour: [u8; 6]) -> Result<i32> {
    let socket = Udp { to, neighbour: EthernetAddress(neighbour) };
    world.fd_install(Arc::new(socket), kpi::FREAD | kpi::FWRITE)
}

impl NativeFile for Udp {
    fn name(&self) -> &'static str {
        "socket"
    }

    fn kind(&self) -> u32 {
        kpi::DTYPE_SOCKET
    }

    fn write(&self, world: &mut World, _file: File, request: &mut Request) -> Result<()> {
        let mut payload = vec![0; request.resid()];
        request.take(world, &mut payload)?;
        world.udp_send(self, &payload)
    }
}

impl Udp {
    /// A datagram with all its headers.
    fn frame(&self, from: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
        let ether = EthernetRepr {
            src_addr: EthernetAddress([0; 6]),
            dst_addr: self.neighbour,
            ethertype: EthernetProtocol::Ipv4,
        };
        let ip = Ipv4Repr {
            src_addr: from,
            dst_addr: self.to,
            next_header: IpProtocol::Udp,
            payload_len: HEADERS - smoltcp::wire::IPV4_HEADER_LEN + payload.len(),
            hop_limit: TTL,
        };
        let mut bytes = vec![0; HEADER + HEADERS + payload.len()];
        ether.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
        let (head, datagram) = bytes.split_at_mut(HEADER + smoltcp::wire::IPV4_HEADER_LEN);
        let checksums = ChecksumCapabilities::default();
        ip.emit(&mut Ipv4Packet::new_unchecked(&mut head[HEADER..]), &checksums);
        PORTS.emit(
            &mut UdpPacket::new_unchecked(datagram),
            &IpAddress::Ipv4(from),
            &IpAddress::Ipv4(self.to),
            payload.len(),
            |to| to.copy_from_slice(payload),
            &checksums,
        );
        bytes
    }
}

impl World {
    /// ip_output's choice: an interface that has an address on the network, and that address.
    fn route(&mut self, to: Ipv4Addr) -> Option<(Ifp, Ipv4Addr)> {
        self.net.list.iter().find_map(|ifp| {
            let all = &self.net.interfaces.get(ifp)?.inet;
            all.iter().find_map(|inet| match inet.cidr {
                IpCidr::Ipv4(cidr) if cidr.contains_addr(&to) => Some((*ifp, cidr.address())),
                _ => None,
            })
        })
    }

    /// udp_output. EHOSTUNREACH without a network that has the address.
    fn udp_send(&mut self, socket: &Udp, payload: &[u8]) -> Result<()> {
        let Some((ifp, from)) = self.route(socket.to) else {
            return Err(Errno(kpi::EHOSTUNREACH as i32));
        };
        let mut frame = socket.frame(from, payload);
        let offload = in_offload::output(ifp, &mut frame[HEADER..]);
        let (headers, payload) = frame[HEADER..].split_at(HEADERS);
        let Some(packet) = self.datagram(headers, payload) else {
            return Err(Errno::ENOBUFS);
        };
        packet.set_offload(offload);
        check(self.if_output(ifp, packet, &sockaddr(&frame, false)))
    }

    fn datagram(&mut self, headers: &[u8], payload: &[u8]) -> Option<Mbuf> {
        if payload.len() <= MHLEN / 2 {
            return self.new_packet(&[headers, payload].concat());
        }
        let packet = self.new_packet(headers)?;
        match self.new_packet(payload) {
            Some(data) => self.m_cat(packet, data),
            None => {
                self.m_freem(packet);
                return None;
            }
        }
        Some(packet)
    }
}
