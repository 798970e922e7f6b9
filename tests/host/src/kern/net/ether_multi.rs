// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The groups that an Ethernet interface has joined, as sys/net/if_ethersubr.c keeps them, and
//! how the protocols join one: through the driver.

use std::ffi::c_int;

use crate::kern::field::{peek, poke};
use crate::kern::net::ethersubr::is_group;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::World;

/// A range of addresses; most have one.
pub(super) type Group = ([u8; 6], [u8; 6]);

/// ether_multiaddr: the addresses that a struct sockaddr stands for.
fn group(sockaddr: &[u8]) -> Result<Group, c_int> {
    const V4: Group = ([1, 0, 0x5e, 0, 0, 0], [1, 0, 0x5e, 0x7f, 0xff, 0xff]);
    const V6: Group = ([0x33, 0x33, 0, 0, 0, 0], [0x33, 0x33, 0xff, 0xff, 0xff, 0xff]);
    let one = |address| (address, address);
    match u32::from(sockaddr[1]) {
        kpi::AF_UNSPEC => {
            let mut address = [0; 6];
            address.copy_from_slice(&sockaddr[2..8]);
            Ok(one(address))
        }
        kpi::AF_INET if sockaddr[4..8] == [0; 4] => Ok(V4),
        kpi::AF_INET => Ok(one([1, 0, 0x5e, sockaddr[5] & 0x7f, sockaddr[6], sockaddr[7]])),
        kpi::AF_INET6 if sockaddr[8..24] == [0; 16] => Ok(V6),
        kpi::AF_INET6 => {
            let mut address = [0x33, 0x33, 0, 0, 0, 0];
            address[2..].copy_from_slice(&sockaddr[20..24]);
            Ok(one(address))
        }
        _ => Err(kpi::EAFNOSUPPORT as c_int),
    }
}

/// The group that the argument of SIOCADDMULTI or SIOCDELMULTI names.
fn asked(arg: Arg) -> Result<Group, c_int> {
    group(&arg.bytes(DATA, size_of::<kpi::sockaddr_in6>()))
}

impl World {
    /// ether_addmulti: ENETRESET when the group is new.
    pub(super) fn ether_addmulti(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        self.assert_sleepable("ether_addmulti");
        self.with_groups(ifp, |world| {
            let group = match asked(arg) {
                Ok(group) if is_group(&group.0) => group,
                Ok(_) => return kpi::EINVAL as c_int,
                Err(error) => return error,
            };
            let groups = &mut world.interface(ifp, "ether_addmulti").groups;
            let count = groups.entry(group).or_insert(0);
            *count += 1;
            if *count == 1 {
                kpi::ENETRESET as c_int
            } else {
                0
            }
        })
    }

    /// ether_delmulti: ENETRESET when that was the last claim, ENXIO when there was none.
    pub(super) fn ether_delmulti(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        self.with_groups(ifp, |world| {
            let group = match asked(arg) {
                Ok(group) => group,
                Err(error) => return error,
            };
            let groups = &mut world.interface(ifp, "ether_delmulti").groups;
            let Some(count) = groups.get_mut(&group) else { return kpi::ENXIO as c_int };
            *count -= 1;
            if *count != 0 {
                return 0;
            }
            groups.remove(&group);
            kpi::ENETRESET as c_int
        })
    }

    /// Runs `f` under ETHER_LOCK.
    fn with_groups(&mut self, ifp: Ifp, f: impl FnOnce(&mut World) -> c_int) -> c_int {
        let lock = peek!(ifp.ethercom(), ec_lock) as usize;
        self.mutex_enter(lock);
        let error = f(self);
        let groups = self.interface(ifp, "the groups").groups.len();
        poke!(ifp.ethercom(), ec_multicnt = groups as _);
        self.mutex_exit(lock);
        error
    }

    /// if_mcast_op: a protocol joins or leaves a group, by its struct sockaddr.
    pub(super) fn if_mcast_op(&mut self, ifp: Ifp, join: bool, sockaddr: &[u8]) -> c_int {
        let command = u64::from(if join { kpi::SIOCADDMULTI } else { kpi::SIOCDELMULTI });
        let mut request = [0; size_of::<kpi::ifreq>()];
        request[DATA..DATA + sockaddr.len()].copy_from_slice(sockaddr);
        self.if_ioctl(ifp, command, request.as_mut_ptr().cast())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sockaddr(family: u32, at: usize, bytes: &[u8]) -> [u8; 28] {
        let mut sockaddr = [0; 28];
        sockaddr[1] = family as u8;
        sockaddr[at..at + bytes.len()].copy_from_slice(bytes);
        sockaddr
    }

    #[test]
    fn addresses_of_groups() {
        let v4 = [1, 0, 0x5e, 0x7f, 0xff, 0xfa];
        assert_eq!(group(&sockaddr(kpi::AF_INET, 4, &[239, 255, 255, 250])), Ok((v4, v4)));
        let v6 = [0x33, 0x33, 0xff, 1, 2, 3];
        assert_eq!(group(&sockaddr(kpi::AF_INET6, 20, &[0xff, 1, 2, 3])), Ok((v6, v6)));
        let own = [1, 2, 3, 4, 5, 6];
        assert_eq!(group(&sockaddr(kpi::AF_UNSPEC, 2, &own)), Ok((own, own)));
        let all = group(&sockaddr(kpi::AF_INET, 4, &[0; 4]));
        assert_eq!(all.map(|(low, high)| low < high), Ok(true));
        assert_eq!(group(&sockaddr(99, 2, &own)), Err(kpi::EAFNOSUPPORT as c_int));
    }
}
