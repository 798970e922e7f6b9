// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The protocols behind the interfaces: smoltcp answers ARP, ICMP echo, neighbour solicitations
//! and what else comes, for the addresses that ioctl(2) has set. One stack an interface.

mod describe;
mod frames;
mod queue;
mod wire;

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr};
use tap_conformance::sys::Need;

pub use describe::describe;
pub(crate) use frames::{arp_announcement, neighbour_solicitation};
pub(crate) use queue::Queue;
use wire::Wire;

use crate::sched::HZ;

/// Whether there is one of the interfaces that only some kernels have.
pub fn has(need: Need) -> bool {
    matches!(need, Need::Bridge | Need::Vlan)
}

/// The protocols of one interface.
pub struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    wire: Wire,
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
        Stack { interface, sockets: SocketSet::new(Vec::new()), wire }
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
        self.interface.set_hardware_addr(HardwareAddress::Ethernet(EthernetAddress(mac)));
        self.wire.received.push_back(frame);
        self.interface.poll(instant(ticks), &mut self.wire, &mut self.sockets);
        std::mem::take(&mut self.wire.sent)
    }
}
