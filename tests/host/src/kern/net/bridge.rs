// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! bridge(4), as sys/net/if_bridge.c has it, without spanning tree: frames of a member go to the
//! member where their destination was last heard, or to all.

use std::collections::BTreeSet;
use std::ffi::{c_int, c_void};

use litemap::LiteMap;

use crate::host_panic;
use crate::kern::field::poke;
use crate::kern::net::bridge_input;
use crate::kern::net::ether_input;
use crate::kern::net::ifcap;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::sched::{chan, Chan, Sleep};
use crate::world::{enter, World};

/// struct ifdrv behind its name: the command, the length of its data, and their address.
const COMMAND: usize = DATA;
const LENGTH: usize = DATA + 8;
const ADDRESS: usize = DATA + 16;
/// Commands of SIOCSDRVSPEC.
const BRDGADD: u64 = 0;
const BRDGDEL: u64 = 1;
/// struct ifbreq, which begins with a name.
const REQUEST: usize = 24;

/// One bridge.
#[derive(Default)]
pub(super) struct Bridge {
    /// Its members.
    pub(super) members: BTreeSet<Ifp>,
    /// Where addresses were last heard.
    pub(super) heard: LiteMap<[u8; 6], Ifp>,
    /// What packets may leave to each member alike: sc_csum_flags_tx.
    pub(super) csum_flags_tx: u32,
    /// What is enabled of each: sc_capenable.
    capenable: u64,
}

pub(super) fn idle(member: Ifp) -> Chan {
    chan("bridge member", member.raw() as usize)
}

impl World {
    /// The bridge that an interface is a member of.
    pub(super) fn bridge_of(&self, member: Ifp) -> Option<Ifp> {
        let has = |(_, bridge): &(&Ifp, &Bridge)| bridge.members.contains(&member);
        self.net.bridges.iter().find(has).map(|(ifp, _)| *ifp)
    }

    pub(super) fn bridge(&mut self, ifp: Ifp) -> &mut Bridge {
        match self.net.bridges.get_mut(&ifp) {
            Some(bridge) => bridge,
            None => host_panic!("{ifp:x?} is no bridge, or no longer one"),
        }
    }

    /// SIOCSDRVSPEC, under IFNET_LOCK of the bridge.
    fn bridge_command(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        if arg.get::<usize>(LENGTH) != REQUEST {
            return kpi::EINVAL as c_int;
        }
        let mut request = [0; REQUEST];
        if let Err(error) = self.copyin(arg.get::<usize>(ADDRESS), &mut request) {
            return error.0;
        }
        let name: String =
            request[..16].iter().take_while(|c| **c != 0).map(|c| *c as char).collect();
        let Some(member) = self.if_get(&name) else { return kpi::ENOENT as c_int };
        let error = match arg.get::<u64>(COMMAND) {
            BRDGADD => self.bridge_add(ifp, member),
            BRDGDEL if self.bridge_of(member) != Some(ifp) => kpi::ENOENT as c_int,
            BRDGDEL => {
                self.bridge_remove(ifp, member);
                0
            }
            _ => kpi::EINVAL as c_int,
        };
        self.if_put(member);
        error
    }

    fn bridge_add(&mut self, ifp: Ifp, member: Ifp) -> c_int {
        match self.bridge_of(member) {
            Some(own) if own == ifp => return kpi::EEXIST as c_int,
            Some(_) => return kpi::EBUSY as c_int,
            None => {}
        }
        if !self.interface(member, "BRDGADD").attached_ether {
            return kpi::EINVAL as c_int;
        }
        self.ifnet_lock(member);
        let error = self.ifpromisc_locked(member, true);
        if error == 0 {
            poke!(member.raw(), if_bridge = ifp.raw().cast());
            poke!(member.raw(), _if_input = Some(bridge_input::bridge_input));
            self.bridge(ifp).members.insert(member);
            self.bridge_calc(ifp);
        }
        self.ifnet_unlock(member);
        error
    }

    /// bridge_delete_member: no frame goes to the member from its end on.
    fn bridge_remove(&mut self, ifp: Ifp, member: Ifp) {
        self.bridge(ifp).heard.retain(|_, at| *at != member);
        if !self.bridge(ifp).members.remove(&member) {
            return;
        }
        self.bridge_calc(ifp);
        poke!(member.raw(), if_bridge = std::ptr::null_mut());
        poke!(member.raw(), _if_input = Some(ether_input::entry()));
        while self.net.handed.contains_key(&member) {
            self.sleep(idle(member), Sleep::default());
        }
        self.ifnet_lock(member);
        // An interface on its way out says ENXIO.
        self.ifpromisc_locked(member, false);
        self.ifnet_unlock(member);
    }

    /// A member goes.
    pub(super) fn bridge_member_gone(&mut self, member: Ifp) {
        if let Some(ifp) = self.bridge_of(member) {
            self.bridge_remove(ifp, member);
        }
    }

    /// The bridge goes.
    pub(super) fn bridge_empty(&mut self, ifp: Ifp) {
        while let Some(member) = self.bridge(ifp).members.first().copied() {
            self.bridge_remove(ifp, member);
        }
        self.net.bridges.remove(&ifp);
    }

    /// bridge_calc_csum_flags: what all members of the bridge have that an interface is in.
    pub(super) fn bridge_calc_csum_flags(&mut self, member: Ifp) {
        let Some(ifp) = self.bridge_of(member) else { return };
        self.bridge_calc(ifp);
    }

    fn bridge_calc(&mut self, ifp: Ifp) {
        let bridge = self.bridge(ifp);
        let members = || bridge.members.iter();
        let tx = members().fold(u32::MAX, |tx, member| tx & member.csum_flags_tx());
        let all = members().fold(u64::MAX, |all, member| all & member.capenable());
        bridge.csum_flags_tx = tx;
        bridge.capenable = if bridge.members.is_empty() { 0 } else { all };
    }
}

pub(super) unsafe extern "C" fn ioctl(
    raw: *mut kpi::ifnet,
    command: u64,
    data: *mut c_void,
) -> c_int {
    let (ifp, arg) = (Ifp::from_raw(raw), Arg::new(command, data));
    let mut world = enter();
    match u32::try_from(command).unwrap_or(0) {
        kpi::SIOCGIFCAP => {
            let capenable = world.bridge(ifp).capenable;
            ifcap::answer(arg, capenable, capenable);
            0
        }
        kpi::SIOCSDRVSPEC => world.bridge_command(ifp, arg),
        kpi::SIOCSIFFLAGS => {
            let error = world.ifioctl_common(ifp, command, arg);
            let running = if ifp.has(kpi::IFF_UP) { kpi::IFF_RUNNING } else { 0 };
            ifp.set_flags(ifp.flags() & !kpi::IFF_RUNNING | running);
            error
        }
        _ => world.ifioctl_common(ifp, command, arg),
    }
}
