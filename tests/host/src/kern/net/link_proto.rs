// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Addresses of the link layer on an AF_LINK socket, as sys/net/link_proto.c has them:
//! `ifconfig link`.

use std::ffi::c_int;

use crate::kern::field::peek;
use crate::kern::net::ifaddr::{lladdr, sadl, sockaddr_dl};
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::World;

const EADDRNOTAVAIL: c_int = kpi::EADDRNOTAVAIL as c_int;
const EINVAL: c_int = kpi::EINVAL as c_int;
/// Where struct if_laddrreq has its flags and its address.
const FLAGS: usize = DATA;
const ADDRESS: usize = DATA + 2 * size_of::<u32>();
const SDL_MOST: usize = 32;

impl World {
    /// link_control.
    pub(super) fn link_control(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let command = u32::try_from(command).unwrap_or(0);
        let known = [kpi::SIOCALIFADDR, kpi::SIOCDLIFADDR, kpi::SIOCGLIFADDR];
        if !known.contains(&command) {
            return kpi::ENOTTY as c_int;
        }
        let asked = arg.bytes(ADDRESS, SDL_MOST);
        let len = peek!(ifp.raw(), if_addrlen);
        let fits = 8 + usize::from(asked[5]) + usize::from(len) <= SDL_MOST;
        if u32::from(asked[1]) != kpi::AF_LINK || asked[6] != len || !fits {
            return EINVAL;
        }
        let wanted = sockaddr_dl(ifp, lladdr(&asked));
        let all = self.ifa_of_family(ifp, kpi::AF_LINK);
        let found = all.iter().find(|ifa| ifa.sockaddr() == wanted).copied();
        match command {
            kpi::SIOCGLIFADDR => {
                let Some(ifa) = all.first().copied() else { return EADDRNOTAVAIL };
                let active = if Some(ifa) == sadl(ifp) { kpi::IFLR_ACTIVE } else { 0 };
                arg.put(FLAGS, active);
                arg.put_bytes(ADDRESS, &ifa.sockaddr());
                0
            }
            kpi::SIOCDLIFADDR => match found {
                None => EADDRNOTAVAIL,
                ifa if ifa == sadl(ifp) => kpi::EBUSY as c_int,
                Some(ifa) => {
                    self.ifa_remove(ifp, ifa);
                    0
                }
            },
            _ => {
                let ifa = found.unwrap_or_else(|| {
                    let ifa = self.ifa_create(&wanted);
                    self.ifa_insert(ifp, ifa);
                    ifa
                });
                let activate = arg.get::<u32>(FLAGS) & kpi::IFLR_ACTIVE != 0;
                if !activate || Some(ifa) == sadl(ifp) {
                    return 0;
                }
                self.if_activate_sadl(ifp, ifa);
                // rtinit of RTM_LLINFO_UPD: neighbours hear of the new address.
                self.arp_announce_all(ifp);
                if ifp.has(kpi::IFF_RUNNING) {
                    self.if_init(ifp)
                } else {
                    0
                }
            }
        }
    }
}
