// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces of the host's own that stand on others: vlan(4) and bridge(4). Their memory is the
//! host's, and they are attached as a module's are.

use std::ffi::c_int;

use crate::kern::field::{place, poke};
use crate::kern::kmem::Kind;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::{bridge, vlan};
use crate::kpi;
use crate::world::{enter, World};

const SOFTC: Kind = Kind::Object("pseudo interface");

/// What kind of interface it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pseudo {
    /// vlan(4).
    Vlan,
    /// bridge(4).
    Bridge,
}

impl Pseudo {
    /// The kind that a cloner's name stands for.
    pub(super) fn of_name(name: &str) -> Option<Pseudo> {
        match name {
            "vlan" => Some(Pseudo::Vlan),
            "bridge" => Some(Pseudo::Bridge),
            _ => None,
        }
    }
}

impl World {
    /// ifc_create.
    pub(super) fn pseudo_create(&mut self, kind: Pseudo, name: &str) -> c_int {
        let memory = self.allocate(size_of::<kpi::ethercom>(), SOFTC, true);
        let ifp = Ifp::from_raw(memory.cast());
        let raw = ifp.raw();
        let to = place!(raw, if_xname).cast::<u8>();
        // SAFETY: a name with a unit is shorter than the field, as if_clone_lookup has seen to.
        unsafe { std::ptr::copy_nonoverlapping(name.as_ptr(), to, name.len()) };
        poke!(raw, if_mtu = u64::from(kpi::ETHERMTU));
        poke!(raw, if_init = Some(pseudo_init));
        poke!(raw, if_stop = Some(pseudo_stop));
        ifp.set_flags(kpi::IFF_BROADCAST | kpi::IFF_SIMPLEX | kpi::IFF_MULTICAST);
        match kind {
            Pseudo::Vlan => {
                poke!(raw, if_ioctl = Some(vlan::ioctl));
                poke!(raw, if_transmit = Some(vlan::transmit));
            }
            Pseudo::Bridge => {
                poke!(raw, if_ioctl = Some(bridge::ioctl));
                poke!(raw, if_type = kpi::IFT_BRIDGE as _);
            }
        }
        self.if_initialize(ifp);
        if kind == Pseudo::Vlan {
            // Its own address comes with the parent.
            self.ether_ifattach(ifp, Some(&[0; 6]));
            poke!(raw, if_link_state = kpi::LINK_STATE_DOWN as c_int);
        } else {
            self.net.bridges.insert(ifp, bridge::Bridge::default());
        }
        self.if_register(ifp);
        0
    }

    /// ifc_destroy.
    pub(super) fn pseudo_destroy(&mut self, kind: Pseudo, ifp: Ifp) -> c_int {
        match kind {
            Pseudo::Vlan => {
                self.ifnet_lock(ifp);
                self.vlan_unconfig(ifp);
                self.ifnet_unlock(ifp);
                self.ether_ifdetach(ifp);
            }
            Pseudo::Bridge => self.bridge_empty(ifp),
        }
        self.if_detach(ifp);
        self.free(ifp.raw().cast(), None, SOFTC);
        0
    }
}

unsafe extern "C" fn pseudo_init(raw: *mut kpi::ifnet) -> c_int {
    let _world = enter();
    let ifp = Ifp::from_raw(raw);
    ifp.set_flags(ifp.flags() | kpi::IFF_RUNNING);
    0
}

unsafe extern "C" fn pseudo_stop(raw: *mut kpi::ifnet, _disable: c_int) {
    let _world = enter();
    let ifp = Ifp::from_raw(raw);
    ifp.set_flags(ifp.flags() & !kpi::IFF_RUNNING);
}
