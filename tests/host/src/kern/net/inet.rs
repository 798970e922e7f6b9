// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! IPv4 addresses of interfaces, as sys/netinet/in.c and if_arp.c keep them.

use std::ffi::c_int;
use std::net::Ipv4Addr;

use smoltcp::wire::{IpCidr, Ipv4Cidr};

use crate::kern::field::peek;
use crate::kern::net::domain::{is_unlinked, Inet};
use crate::kern::net::ifaddr::Ifa;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::stack;
use crate::world::World;

const EADDRNOTAVAIL: c_int = kpi::EADDRNOTAVAIL as c_int;
const EAFNOSUPPORT: c_int = kpi::EAFNOSUPPORT as c_int;
/// struct sockaddr_in's length.
const SIZE: usize = 16;
/// Where struct ifaliasreq has its mask.
const MASK: usize = DATA + 2 * SIZE;
const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);

fn sockaddr_in(address: Ipv4Addr) -> [u8; SIZE] {
    let mut sockaddr = [0; SIZE];
    sockaddr[0] = SIZE as u8;
    sockaddr[1] = kpi::AF_INET as u8;
    sockaddr[4..8].copy_from_slice(&address.octets());
    sockaddr
}

/// The length and the address in a struct sockaddr_in; `None` for one of another family.
fn parse(sockaddr: &[u8]) -> Option<Ipv4Addr> {
    let [a, b, c, d] = [sockaddr[4], sockaddr[5], sockaddr[6], sockaddr[7]];
    (u32::from(sockaddr[1]) == kpi::AF_INET).then(|| Ipv4Addr::new(a, b, c, d))
}

/// The prefix length that an address had before there were masks.
fn class(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..128 => 8,
        128..192 => 16,
        _ => 24,
    }
}

fn mask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0))
}

fn v4(inet: &Inet) -> Option<(Ipv4Addr, u8)> {
    match inet.cidr {
        IpCidr::Ipv4(cidr) => Some((cidr.address(), cidr.prefix_len())),
        IpCidr::Ipv6(_) => None,
    }
}

impl World {
    fn in_addresses(&mut self, ifp: Ifp) -> Vec<Inet> {
        let all = &self.interface(ifp, "in_control").inet;
        all.iter().filter(|inet| v4(inet).is_some()).copied().collect()
    }

    /// in_control: what the driver does not know, on an AF_INET socket.
    pub(super) fn in_control(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let command = u32::try_from(command).unwrap_or(0);
        match command {
            kpi::SIOCAIFADDR | kpi::SIOCSIFADDR | kpi::SIOCDIFADDR => {
                self.in_change(ifp, command, arg)
            }
            kpi::SIOCGIFADDR | kpi::SIOCGIFNETMASK | kpi::SIOCGIFBRDADDR => {
                let Some((address, prefix)) = self.in_addresses(ifp).first().and_then(v4) else {
                    return EADDRNOTAVAIL;
                };
                let answer = match command {
                    kpi::SIOCGIFADDR => address,
                    kpi::SIOCGIFNETMASK => mask(prefix),
                    _ => Ipv4Addr::from(u32::from(address) | !u32::from(mask(prefix))),
                };
                arg.put_bytes(DATA, &sockaddr_in(answer));
                0
            }
            kpi::SIOCGIFAFLAG_IN => {
                let wanted = parse(&arg.bytes(DATA, SIZE));
                let all = self.in_addresses(ifp);
                let is = |inet: &&Inet| wanted.is_none_or(|ip| inet.cidr.address() == ip.into());
                let Some(inet) = all.iter().find(is) else { return EADDRNOTAVAIL };
                let flags = if inet.detached { kpi::IN_IFF_DETACHED } else { 0 };
                arg.put(DATA, flags as c_int);
                0
            }
            _ => kpi::ENOTTY as c_int,
        }
    }

    /// SIOCAIFADDR, SIOCSIFADDR and SIOCDIFADDR.
    fn in_change(&mut self, ifp: Ifp, command: u32, arg: Arg) -> c_int {
        let sockaddr = arg.bytes(DATA, SIZE);
        let wanted = parse(&sockaddr);
        let all = self.in_addresses(ifp);
        let same =
            all.iter().find(|inet| wanted.is_some_and(|ip| inet.cidr.address() == ip.into()));
        if command == kpi::SIOCDIFADDR {
            // Without an address it is the first one.
            let unspecified = u32::from(sockaddr[1]) == kpi::AF_UNSPEC;
            let Some(gone) = same.or(all.first().filter(|_| unspecified)) else {
                return EADDRNOTAVAIL;
            };
            return self.privileged(|world| {
                world.inet_remove(ifp, gone.ifa);
                0
            });
        }
        let Some(address) = wanted else { return EAFNOSUPPORT };
        let mut prefix = class(address);
        if command == kpi::SIOCAIFADDR && arg.get::<u8>(MASK) != 0 {
            prefix = arg.get::<[u8; 4]>(MASK + 4).map(u8::count_ones).iter().sum::<u32>() as u8;
        }
        // SIOCSIFADDR sets the first address, so that one goes.
        let old = same.or(all.first().filter(|_| command == kpi::SIOCSIFADDR)).copied();
        self.privileged(|world| {
            if let Some(old) = old {
                world.inet_remove(ifp, old.ifa);
            }
            world.in_ifinit(ifp, Ipv4Cidr::new(address, prefix))
        })
    }

    /// Runs `f`, if the calling process may change interfaces: EPERM.
    pub(super) fn privileged(&mut self, f: impl FnOnce(&mut World) -> c_int) -> c_int {
        if self.may_set_interfaces() {
            f(self)
        } else {
            kpi::EPERM as c_int
        }
    }

    /// in_ifinit: the driver is told, which brings the interface up.
    fn in_ifinit(&mut self, ifp: Ifp, cidr: Ipv4Cidr) -> c_int {
        let ifa = self.ifa_create(&sockaddr_in(cidr.address()));
        self.ifa_ref(ifa);
        let error = self.if_addr_init(ifp, ifa);
        if error == 0 {
            let first = self.in_addresses(ifp).is_empty();
            let inet = Inet { ifa, cidr: IpCidr::Ipv4(cidr), detached: is_unlinked(ifp) };
            self.inet_insert(ifp, inet);
            if first && ifp.has(kpi::IFF_MULTICAST) {
                self.if_mcast_op(ifp, true, &sockaddr_in(ALL_HOSTS));
            }
        }
        self.ifa_free(ifa);
        error
    }

    /// The last IPv4 address has gone.
    pub(super) fn in_leave(&mut self, ifp: Ifp) {
        if ifp.has(kpi::IFF_MULTICAST) {
            self.if_mcast_op(ifp, false, &sockaddr_in(ALL_HOSTS));
        }
    }

    /// if_addr_init: has the driver take an address.
    pub(super) fn if_addr_init(&mut self, ifp: Ifp, ifa: Ifa) -> c_int {
        match peek!(ifp.raw(), if_initaddr) {
            // SAFETY: the driver's own function for its interface.
            Some(init) => self.outside(|| unsafe { init(ifp.raw(), ifa.raw(), true) }),
            None => self.if_ioctl(ifp, u64::from(kpi::SIOCINITIFADDR), ifa.raw().cast()),
        }
    }

    /// arp_ifinit: an address that the interface gets is announced, if there is a link.
    pub(super) fn arp_ifinit(&mut self, ifp: Ifp, ifa: Ifa) {
        if is_unlinked(ifp) {
            return;
        }
        if let Some(address) = parse(&ifa.sockaddr()) {
            self.arp_announce(ifp, address);
        }
    }

    /// arp_rtrequest of RTM_LLINFO_UPD, for each address: the interface's MAC is another one.
    pub(super) fn arp_announce_all(&mut self, ifp: Ifp) {
        let ready = self.in_addresses(ifp).into_iter().filter(|inet| !inet.detached);
        for (address, _) in ready.filter_map(|inet| v4(&inet)).collect::<Vec<_>>() {
            self.arp_announce(ifp, address);
        }
    }

    /// arpannounce: an ARP request of an address for itself.
    pub(super) fn arp_announce(&mut self, ifp: Ifp, address: Ipv4Addr) {
        let lladdr = self.if_lladdr(ifp, "arpannounce");
        let frame = stack::arp_announcement(lladdr, address);
        // An interface that is down sends nothing, which is as good.
        self.send_frame(ifp, &frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_classes() {
        assert_eq!(mask(24), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(mask(0), Ipv4Addr::UNSPECIFIED);
        assert_eq!(mask(32), Ipv4Addr::BROADCAST);
        assert_eq!(class(Ipv4Addr::new(10, 5, 1, 1)), 8);
        assert_eq!(class(Ipv4Addr::new(172, 16, 0, 1)), 16);
        assert_eq!(class(Ipv4Addr::new(192, 168, 0, 1)), 24);
    }

    #[test]
    fn a_sockaddr_says_its_family() {
        let address = Ipv4Addr::new(10, 5, 1, 2);
        let mut sockaddr = sockaddr_in(address);
        assert_eq!(parse(&sockaddr), Some(address));
        sockaddr[1] = kpi::AF_LINK as u8;
        assert_eq!(parse(&sockaddr), None);
    }
}
