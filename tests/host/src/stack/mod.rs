// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The protocols behind the interfaces: smoltcp answers ARP, ICMP echo, neighbour solicitations
//! and what else comes, for the addresses that ioctl(2) has set. One stack an interface.

mod describe;
pub mod discard;
mod frames;
mod queue;
mod wire;

use litemap::LiteMap;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use tap_conformance::sys::Need;

pub use describe::describe;
use discard::Discard;
pub(crate) use frames::{arp_announcement, neighbour_solicitation};
pub(crate) use queue::Queue;
use wire::{Wire, LONGEST};

use crate::sched::HZ;

/// Whether there is one of the interfaces that only some kernels have.
pub fn has(need: Need) -> bool {
    matches!(need, Need::Bridge | Need::Vlan)
}

/// The protocols of one interface.
pub struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    /// The ports of UDP, over IPv4 and IPv6.
    ports: LiteMap<u16, SocketHandle>,
    wire: Wire,
    /// Without it, TCP is not answered at all.
    discard: Option<Discard>,
}

fn instant(ticks: u64) -> Instant {
    Instant::from_millis((ticks * 1000 / u64::from(HZ)) as i64)
}

impl Stack {
    /// Without an address. `ticks` is the time.
    pub fn new(ticks: u64) -> Stack {
        let mut wire = Wire::default();
        // Set again before every frame: the interface's may change.
        let config = Config::new(HardwareAddress::Ethernet(EthernetAddress([2, 0, 0, 0, 0, 1])));
        let interface = Interface::new(config, &mut wire, instant(ticks));
        let sockets = SocketSet::new(Vec::new());
        Stack { interface, sockets, ports: LiteMap::new(), wire, discard: None }
    }

    /// What to answer for from now on. What was known of neighbours is forgotten. The kernel lets an
    /// interface have a group's address or the broadcast address; nobody can be answered for it.
    pub fn set_addresses(&mut self, addresses: &[IpCidr]) {
        self.interface.update_ip_addrs(|all| {
            all.clear();
            for address in addresses.iter().filter(|cidr| cidr.address().is_unicast()) {
                // More than it has room for are not answered for.
                if all.push(*address).is_err() {
                    break;
                }
            }
        });
    }

    /// A frame came in to the interface that has the address `mac` now; what goes out for it.
    pub fn input(&mut self, ticks: u64, mac: [u8; 6], frame: Vec<u8>) -> Vec<Vec<u8>> {
        if self.discard.is_none() && frames::is_tcp(&frame) {
            return Vec::new();
        }
        self.wire.received.push_back(frame);
        self.poll(ticks, mac)
    }

    fn poll(&mut self, ticks: u64, mac: [u8; 6]) -> Vec<Vec<u8>> {
        self.interface.set_hardware_addr(HardwareAddress::Ethernet(EthernetAddress(mac)));
        self.interface.poll(instant(ticks), &mut self.wire, &mut self.sockets);
        if let Some(discard) = &self.discard {
            if discard.serve(&mut self.sockets) {
                self.interface.poll(instant(ticks), &mut self.wire, &mut self.sockets);
            }
        }
        std::mem::take(&mut self.wire.sent)
    }

    /// Offers the discard service.
    pub fn discard(&mut self) {
        let discard = Discard::new(&mut self.sockets);
        discard.serve(&mut self.sockets);
        self.discard = Some(discard);
    }

    /// The ports that datagrams are taken for from now on.
    pub fn listen(&mut self, ports: &[u16]) {
        self.ports.retain(|port, handle| {
            let stays = ports.contains(port);
            if !stays {
                self.sockets.remove(*handle);
            }
            stays
        });
        for port in ports {
            if self.ports.contains_key(port) {
                continue;
            }
            let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 64], vec![0; LONGEST]);
            let mut socket = Socket::new(buffer(), buffer());
            // It is a new one, and port 0 is none.
            if socket.bind(*port).is_ok() {
                self.ports.insert(*port, self.sockets.add(socket));
            }
        }
    }

    /// Sends a datagram; what goes out for it now. It may wait for the peer's address.
    pub fn send(
        &mut self,
        ticks: u64,
        mac: [u8; 6],
        port: u16,
        to: IpEndpoint,
        payload: &[u8],
    ) -> Vec<Vec<u8>> {
        let Some(handle) = self.ports.get(&port) else { return Vec::new() };
        match self.sockets.get_mut::<Socket<'_>>(*handle).send_slice(payload, to) {
            Ok(()) => self.poll(ticks, mac),
            // One that waits is in its way.
            Err(_) => Vec::new(),
        }
    }

    /// The datagrams that came in, with the port that each is for, and whether it is one of IPv6.
    pub fn received(&mut self) -> Vec<((bool, u16), Vec<u8>)> {
        let mut all = Vec::new();
        for (port, handle) in &self.ports {
            let socket = self.sockets.get_mut::<Socket<'_>>(*handle);
            while let Ok((payload, from)) = socket.recv() {
                let is_v6 = matches!(from.endpoint.addr, IpAddress::Ipv6(_));
                all.push(((is_v6, *port), payload.to_vec()));
            }
        }
        all
    }
}
