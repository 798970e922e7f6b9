// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! IPv6 addresses of interfaces, as sys/netinet6/in6.c and in6_ifattach.c keep them, and the
//! groups that come with them: those the driver is asked for.

use std::ffi::c_int;
use std::net::Ipv6Addr;

use smoltcp::wire::{IpCidr, Ipv6Cidr};

use crate::kern::field::peek;
use crate::kern::net::domain::{is_unlinked, Inet};
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::stack;
use crate::world::World;

/// struct sockaddr_in6's length.
const SIZE: usize = 28;
/// Where struct in6_aliasreq has its mask and its flags.
const MASK: usize = DATA + 2 * SIZE;
const FLAGS: usize = DATA + 3 * SIZE;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// The least MTU of a link that carries IPv6.
const LEAST_MTU: u64 = 1280;

fn sockaddr_in6(address: Ipv6Addr) -> [u8; SIZE] {
    let mut sockaddr = [0; SIZE];
    sockaddr[0] = SIZE as u8;
    sockaddr[1] = kpi::AF_INET6 as u8;
    sockaddr[8..24].copy_from_slice(&address.octets());
    sockaddr
}

fn parse(sockaddr: &[u8]) -> Option<Ipv6Addr> {
    let mut octets = [0; 16];
    octets.copy_from_slice(&sockaddr[8..24]);
    let is = sockaddr[0] == SIZE as u8 && u32::from(sockaddr[1]) == kpi::AF_INET6;
    is.then(|| Ipv6Addr::from(octets))
}

/// The group that an address's neighbours ask in.
pub(crate) fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    let low = u16::from_be_bytes([b, c]);
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), low)
}

/// The link-local address that follows from an Ethernet address.
fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac;
    let mut octets = [0; 16];
    octets[0] = 0xfe;
    octets[1] = 0x80;
    octets[8..].copy_from_slice(&[a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ipv6Addr::from(octets)
}

fn v6(inet: &Inet) -> Option<Ipv6Addr> {
    match inet.cidr {
        IpCidr::Ipv6(cidr) => Some(cidr.address()),
        IpCidr::Ipv4(_) => None,
    }
}

impl World {
    fn in6_find(&mut self, ifp: Ifp, address: Ipv6Addr) -> Option<Inet> {
        let all = &self.interface(ifp, "in6_control").inet;
        all.iter().find(|inet| v6(inet) == Some(address)).copied()
    }

    /// in6_control: what the driver does not know, on an AF_INET6 socket.
    pub(super) fn in6_control(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        match u32::try_from(command).unwrap_or(0) {
            kpi::SIOCSIFADDR => kpi::EOPNOTSUPP as c_int,
            kpi::SIOCAIFADDR_IN6 => self.privileged(|world| world.in6_add(ifp, arg)),
            kpi::SIOCDIFADDR_IN6 => self.privileged(|world| {
                let found = parse(&arg.bytes(DATA, SIZE)).and_then(|a| world.in6_find(ifp, a));
                let Some(inet) = found else { return kpi::EADDRNOTAVAIL as c_int };
                world.inet_remove(ifp, inet.ifa);
                0
            }),
            kpi::SIOCGIFAFLAG_IN6 => {
                let found = parse(&arg.bytes(DATA, SIZE)).and_then(|a| self.in6_find(ifp, a));
                let Some(inet) = found else { return kpi::EADDRNOTAVAIL as c_int };
                let flags = if inet.detached { kpi::IN6_IFF_DETACHED } else { 0 };
                arg.put(DATA, flags as c_int);
                0
            }
            _ => kpi::ENOTTY as c_int,
        }
    }

    /// SIOCAIFADDR_IN6.
    fn in6_add(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        const READ_ONLY: u32 =
            kpi::IN6_IFF_DUPLICATED | kpi::IN6_IFF_DETACHED | kpi::IN6_IFF_TENTATIVE;
        let Some(address) = parse(&arg.bytes(DATA, SIZE)) else {
            return kpi::EAFNOSUPPORT as c_int;
        };
        if arg.get::<u32>(FLAGS) & READ_ONLY != 0 {
            return kpi::EINVAL as c_int;
        }
        let mut prefix = 128;
        if arg.get::<u8>(MASK) != 0 {
            prefix = arg.get::<[u8; 16]>(MASK + 8).map(u8::count_ones).iter().sum::<u32>() as u8;
        }
        if self.in6_find(ifp, address).is_some() {
            return 0;
        }
        self.in6_ifinit(ifp, Ipv6Cidr::new(address, prefix))
    }

    /// in6_update_ifa: the driver is told, which brings the interface up, and joins the groups.
    fn in6_ifinit(&mut self, ifp: Ifp, cidr: Ipv6Cidr) -> c_int {
        let address = cidr.address();
        let ifa = self.ifa_create(&sockaddr_in6(address));
        self.ifa_ref(ifa);
        let error = self.if_addr_init(ifp, ifa);
        if error == 0 {
            let all = &self.interface(ifp, "in6_control").inet;
            let first = all.iter().all(|inet| v6(inet).is_none());
            let detached = is_unlinked(ifp);
            self.inet_insert(ifp, Inet { ifa, cidr: IpCidr::Ipv6(cidr), detached });
            self.if_mcast_op(ifp, true, &sockaddr_in6(solicited_node(address)));
            if first {
                self.if_mcast_op(ifp, true, &sockaddr_in6(ALL_NODES));
            }
            if !detached {
                self.nd6_announce(ifp, address);
            }
        }
        self.ifa_free(ifa);
        error
    }

    /// An address goes: its group, and with the last one the group of all nodes.
    pub(super) fn in6_leave(&mut self, ifp: Ifp, address: Ipv6Addr, last: bool) {
        self.if_mcast_op(ifp, false, &sockaddr_in6(solicited_node(address)));
        if last {
            self.if_mcast_op(ifp, false, &sockaddr_in6(ALL_NODES));
        }
    }

    /// in6_ifattach: an interface that comes up gets a link-local address, if that is wanted and
    /// it has none.
    pub(super) fn in6_ifattach(&mut self, ifp: Ifp) {
        self.assert_ifnet_locked(ifp, "in6_ifattach");
        let fit = peek!(ifp.raw(), if_mtu) >= LEAST_MTU && ifp.has(kpi::IFF_MULTICAST);
        let ethernet = u32::from(peek!(ifp.raw(), if_type)) == kpi::IFT_ETHER;
        if !fit || !ethernet || self.sysctl_int("net.inet6.ip6.auto_linklocal") == 0 {
            return;
        }
        let address = link_local(self.if_lladdr(ifp, "in6_ifattach"));
        if self.in6_find(ifp, address).is_none() {
            // An error leaves the interface without one, as the kernel has it.
            self.in6_ifinit(ifp, Ipv6Cidr::new(address, 64));
        }
    }

    /// A neighbour solicitation for the own address, as duplicate address detection sends it.
    pub(super) fn nd6_announce(&mut self, ifp: Ifp, address: Ipv6Addr) {
        let frame = stack::neighbour_solicitation(address);
        // An interface that is down sends nothing, which is as good.
        self.send_frame(ifp, &frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_follow_from_others() {
        let local = link_local([0xf2, 0x0b, 0xa4, 1, 2, 3]);
        assert_eq!(local, "fe80::f00b:a4ff:fe01:203".parse::<Ipv6Addr>().unwrap());
        let group = solicited_node(local);
        assert_eq!(group, "ff02::1:ff01:203".parse::<Ipv6Addr>().unwrap());
        assert_eq!(parse(&sockaddr_in6(local)), Some(local));
    }
}
