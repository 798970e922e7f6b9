// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the protocols, IPv4 and IPv6, are told of an interface's life, as sys/netinet/in.c and
//! sys/netinet6/in6.c take it. An address on an interface without a link is detached: it is
//! kept, and not answered for. There is no duplicate address detection.

use std::ffi::c_int;

use smoltcp::wire::{IpAddress, IpCidr};

use crate::kern::field::peek;
use crate::kern::net::ifaddr::Ifa;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::World;

/// An address of a protocol on an interface.
#[derive(Clone, Copy)]
pub(super) struct Inet {
    pub(super) ifa: Ifa,
    pub(super) cidr: IpCidr,
    /// IN_IFF_DETACHED.
    pub(super) detached: bool,
}

/// Whether an interface may send and has a link.
pub(super) fn is_working(ifp: Ifp) -> bool {
    ifp.has(kpi::IFF_UP | kpi::IFF_RUNNING) && !is_unlinked(ifp)
}

/// Whether an interface is known to have no link.
pub(super) fn is_unlinked(ifp: Ifp) -> bool {
    peek!(ifp.raw(), if_link_state) == kpi::LINK_STATE_DOWN as c_int
}

impl World {
    /// dom_if_up.
    pub(super) fn protocols_up(&mut self, ifp: Ifp) {
        self.in6_ifattach(ifp);
        self.protocols_link_up(ifp);
    }

    /// The interface may have a link now: detached addresses are announced and answered for.
    pub(super) fn protocols_link_up(&mut self, ifp: Ifp) {
        if !is_working(ifp) {
            return;
        }
        let mut fresh = Vec::new();
        for inet in &mut self.interface(ifp, "a change of the link").inet {
            if std::mem::take(&mut inet.detached) {
                fresh.push(inet.cidr.address());
            }
        }
        self.protocols_sync(ifp);
        for address in fresh {
            self.announce(ifp, address);
        }
    }

    /// The interface has no link, or is down.
    pub(super) fn protocols_link_down(&mut self, ifp: Ifp) {
        for inet in &mut self.interface(ifp, "a change of the link").inet {
            inet.detached = true;
        }
        self.protocols_sync(ifp);
    }

    /// PURGEIF: the interface goes, and every address with it.
    pub(super) fn protocols_purge(&mut self, ifp: Ifp) {
        while let Some(inet) = self.interface(ifp, "if_detach").inet.first().copied() {
            self.inet_remove(ifp, inet.ifa);
        }
        self.interface(ifp, "if_detach").stack = None;
    }

    /// A new address, which the driver has been told of.
    pub(super) fn inet_insert(&mut self, ifp: Ifp, inet: Inet) {
        self.ifa_insert(ifp, inet.ifa);
        self.interface(ifp, "a new address").inet.push(inet);
        self.protocols_sync(ifp);
    }

    /// An address goes, and with the last one of its kind the groups of the protocol.
    pub(super) fn inet_remove(&mut self, ifp: Ifp, ifa: Ifa) {
        let all = &mut self.interface(ifp, "an address that goes").inet;
        let Some(at) = all.iter().position(|inet| inet.ifa == ifa) else { return };
        let inet = all.remove(at);
        let last = !all
            .iter()
            .any(|other| other.cidr.address().version() == inet.cidr.address().version());
        match inet.cidr.address() {
            IpAddress::Ipv4(_) if last => self.in_leave(ifp),
            IpAddress::Ipv4(_) => {}
            IpAddress::Ipv6(address) => self.in6_leave(ifp, address, last),
        }
        self.ifa_remove(ifp, ifa);
        self.protocols_sync(ifp);
    }

    /// The stack behind the interface of that name, if it has an address.
    pub(crate) fn stack_of(&mut self, name: &str) -> Option<&mut crate::stack::Stack> {
        let mut all = self.net.interfaces.iter_mut();
        let (_, interface) = all.find(|(ifp, _)| ifp.name() == name)?;
        interface.stack.as_mut()
    }

    /// Has the stack behind the interface answer for the addresses that are not detached.
    fn protocols_sync(&mut self, ifp: Ifp) {
        let now = self.ticks();
        let interface = self.interface(ifp, "the addresses");
        for inet in &interface.inet {
            inet.ifa.set_detached(inet.detached);
        }
        let attached = interface.inet.iter().filter(|inet| !inet.detached);
        let addresses: Vec<IpCidr> = attached.map(|inet| inet.cidr).collect();
        if let Some(stack) = &mut interface.stack {
            stack.set_addresses(&addresses);
        } else if !addresses.is_empty() {
            let mut stack = crate::stack::Stack::new(now);
            stack.set_addresses(&addresses);
            interface.stack = Some(stack);
        }
    }

    /// Tells the link whose an address is.
    fn announce(&mut self, ifp: Ifp, address: IpAddress) {
        match address {
            IpAddress::Ipv4(address) => self.arp_announce(ifp, address),
            IpAddress::Ipv6(address) => self.nd6_announce(ifp, address),
        }
    }
}
