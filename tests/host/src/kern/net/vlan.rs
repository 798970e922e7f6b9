// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! vlan(4), as sys/net/if_vlan.c has it: frames with a tag on a parent interface are those of an
//! interface without.

use std::ffi::{c_int, c_void};

use crate::kern::field::{peek, poke};
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ifcap;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::{enter, World};
use crate::{host_panic, kassert};

/// Where a tag lies in a frame, and how long it is.
const TAG: std::ops::Range<usize> = 12..16;
const MASK: u16 = 0xfff;

/// One configured interface.
pub(super) struct Vlan {
    parent: Ifp,
    tag: u16,
    /// The groups that the parent was asked to join, by their struct sockaddr.
    groups: Vec<Vec<u8>>,
}

impl World {
    fn vlans_of(&self, parent: Ifp) -> Vec<Ifp> {
        let vlans = self.net.vlans.iter().filter(|(_, vlan)| vlan.parent == parent);
        vlans.map(|(ifp, _)| *ifp).collect()
    }

    /// ec_nvlans, under ETHER_LOCK; how many there are now.
    fn count_vlans(&mut self, parent: Ifp, more: bool) -> u32 {
        let ec = parent.ethercom();
        let lock = peek!(ec, ec_lock) as usize;
        self.mutex_enter(lock);
        let before = peek!(ec, ec_nvlans) as u32;
        let now = if more { before + 1 } else { before - 1 };
        poke!(ec, ec_nvlans = now as _);
        self.mutex_exit(lock);
        now
    }

    /// ether_enable_vlan_mtu and ether_disable_vlan_mtu: the parent carries longer frames.
    fn vlan_mtu(&mut self, parent: Ifp, on: bool) {
        let ec = parent.ethercom();
        let bit = kpi::ETHERCAP_VLAN_MTU as c_int;
        if peek!(ec, ec_capabilities) & bit == 0 {
            return;
        }
        self.ifnet_lock(parent);
        let enabled = peek!(ec, ec_capenable) & !bit;
        poke!(ec, ec_capenable = if on { enabled | bit } else { enabled });
        if parent.has(kpi::IFF_UP) {
            // A parent on its way out says ENXIO.
            self.if_flags_set(parent, parent.flags());
        }
        self.ifnet_unlock(parent);
    }

    /// SIOCSETVLAN, under IFNET_LOCK of the vlan.
    fn vlan_set(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        let mut request = [0; 18];
        if let Err(error) = self.copyin(arg.get::<usize>(DATA), &mut request) {
            return error.0;
        }
        let name: String =
            request[..16].iter().take_while(|c| **c != 0).map(|c| *c as char).collect();
        self.vlan_unconfig(ifp);
        if name.is_empty() {
            return 0;
        }
        let tag = u16::from_ne_bytes([request[16], request[17]]);
        if tag == 0 || tag >= MASK {
            return kpi::EINVAL as c_int;
        }
        let Some(parent) = self.if_get(&name) else { return kpi::ENXIO as c_int };
        let error = self.vlan_config(ifp, parent, tag);
        self.if_put(parent);
        error
    }

    fn vlan_config(&mut self, ifp: Ifp, parent: Ifp, tag: u16) -> c_int {
        if !self.interface(parent, "vlan").attached_ether {
            return kpi::EPROTONOSUPPORT as c_int;
        }
        if self.vlans_of(parent).iter().any(|other| self.net.vlans[other].tag == tag) {
            return kpi::EEXIST as c_int;
        }
        if self.count_vlans(parent, true) == 1 {
            self.vlan_mtu(parent, true);
        }
        let address = self.if_lladdr(parent, "vlan_config");
        self.if_set_sadl(ifp, &address);
        poke!(ifp.raw(), if_mtu = peek!(parent.raw(), if_mtu));
        self.net.vlans.insert(ifp, Vlan { parent, tag, groups: Vec::new() });
        // Kept simple: the link is the parent's at this time, and up from then on.
        poke!(ifp.raw(), if_link_state = kpi::LINK_STATE_UP as c_int);
        0
    }

    /// vlan_unconfig, under IFNET_LOCK of the vlan.
    pub(super) fn vlan_unconfig(&mut self, ifp: Ifp) {
        let Some(vlan) = self.net.vlans.remove(&ifp) else { return };
        for group in vlan.groups {
            // A parent on its way out says ENXIO, and forgets the groups itself.
            self.if_mcast_op(vlan.parent, false, &group);
        }
        if self.count_vlans(vlan.parent, false) == 0 {
            self.vlan_mtu(vlan.parent, false);
        }
        if ifp.has(kpi::IFF_UP) {
            self.if_down_locked(ifp);
        }
        ifp.set_flags(ifp.flags() & !kpi::IFF_RUNNING);
        poke!(ifp.raw(), if_link_state = kpi::LINK_STATE_DOWN as c_int);
    }

    /// The parent goes: its vlans are without one, and stay.
    pub(super) fn vlan_parent_gone(&mut self, parent: Ifp) {
        for ifp in self.vlans_of(parent) {
            self.ifnet_lock(ifp);
            self.vlan_unconfig(ifp);
            self.ifnet_unlock(ifp);
        }
    }

    /// vlan_input: a frame with a tag; false when it is nobody's.
    pub(super) fn vlan_input(&mut self, parent: Ifp, m: Mbuf) -> bool {
        let mut frame = m.bytes();
        if frame.len() < HEADER + TAG.len() {
            return false;
        }
        let tag = u16::from_be_bytes([frame[14], frame[15]]) & MASK;
        let mine = |ifp: &Ifp| self.net.vlans[ifp].tag == tag;
        let Some(ifp) = self.vlans_of(parent).into_iter().find(mine) else { return false };
        frame.drain(TAG);
        let offload = m.offload();
        self.m_freem(m);
        if !ifp.has(kpi::IFF_UP | kpi::IFF_RUNNING) {
            self.if_stat(ifp, kpi::if_stat_t_if_iqdrops, 1);
            return true;
        }
        if let Some(untagged) = self.new_packet(&frame) {
            untagged.set_offload(offload);
            untagged.set_rcvif(self.interface(ifp, "vlan_input").index);
            self.interface(ifp, "vlan_input").refs += 1;
            self.if_input(ifp, untagged);
            self.if_put(ifp);
        }
        true
    }

    /// vlan_transmit: a frame gets its tag and goes out of the parent.
    fn vlan_transmit(&mut self, ifp: Ifp, m: Mbuf) -> c_int {
        let Some(vlan) = self.net.vlans.get(&ifp) else {
            self.m_freem(m);
            return kpi::ENETDOWN as c_int;
        };
        let (parent, tag) = (vlan.parent, vlan.tag);
        self.bpf_mtap(ifp, m, kpi::BPF_D_OUT);
        let mut frame = m.bytes();
        let group = m.flags() & (kpi::M_BCAST | kpi::M_MCAST) as i32;
        let offload = m.offload();
        self.m_freem(m);
        let kind = (kpi::ETHERTYPE_VLAN as u16).to_be_bytes();
        frame.splice(TAG.start..TAG.start, [kind, tag.to_be_bytes()].concat());
        let Some(tagged) = self.new_packet(&frame) else { return kpi::ENOBUFS as c_int };
        tagged.set_flags(tagged.flags() | group);
        tagged.set_offload(offload);
        self.interface(parent, "vlan_transmit").refs += 1;
        let error = if parent.has(kpi::IFF_UP | kpi::IFF_RUNNING) {
            self.if_transmit(parent, tagged)
        } else {
            self.m_freem(tagged);
            kpi::ENETDOWN as c_int
        };
        self.if_put(parent);
        let counter =
            if error == 0 { kpi::if_stat_t_if_opackets } else { kpi::if_stat_t_if_oerrors };
        self.if_stat(ifp, counter, 1);
        error
    }

    /// SIOCSIFCAP: a vlan has nothing enabled that its parent has not.
    fn vlan_capabilities(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let parent = self.net.vlans.get(&ifp).map(|vlan| vlan.parent);
        match parent {
            Some(parent) if ifcap::wanted(arg) & !parent.capenable() == 0 => {
                match self.ifioctl_common(ifp, command, arg) {
                    error if error == kpi::ENETRESET as c_int => 0,
                    error => error,
                }
            }
            _ => kpi::EINVAL as c_int,
        }
    }

    /// SIOCADDMULTI and SIOCDELMULTI: the parent's groups are those of its vlans too.
    fn vlan_group(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let error = self.ether_ioctl(ifp, command, arg);
        if error != kpi::ENETRESET as c_int {
            return error;
        }
        let group = arg.bytes(DATA, size_of::<kpi::sockaddr_in6>());
        let join = command == u64::from(kpi::SIOCADDMULTI);
        let Some(vlan) = self.net.vlans.get_mut(&ifp) else { return 0 };
        let parent = vlan.parent;
        if join {
            vlan.groups.push(group.clone());
        } else {
            vlan.groups.retain(|other| *other != group);
        }
        self.if_mcast_op(parent, join, &group)
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
        // Named SIOCSETVLAN by vlan(4).
        kpi::SIOCSIFGENERIC if !world.may_set_interfaces() => kpi::EPERM as c_int,
        kpi::SIOCSIFGENERIC => world.vlan_set(ifp, arg),
        kpi::SIOCSIFCAP => world.vlan_capabilities(ifp, command, arg),
        kpi::SIOCADDMULTI | kpi::SIOCDELMULTI => world.vlan_group(ifp, command, arg),
        _ => world.ether_ioctl(ifp, command, arg),
    }
}

pub(super) unsafe extern "C" fn transmit(raw: *mut kpi::ifnet, m: *mut kpi::mbuf) -> c_int {
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("vlan_transmit: NULL") };
    let mut world = enter();
    let spin = world.current().spin;
    kassert!(spin == 0, "vlan_transmit with a spin mutex held");
    world.vlan_transmit(Ifp::from_raw(raw), m)
}
