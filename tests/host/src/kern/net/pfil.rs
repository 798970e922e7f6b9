// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! pfil(9), as sys/net/pfil.c has it, with one hook: it counts, and lets everything pass.

use std::ffi::c_int;

use tap_conformance::sys::PfilCount;

use crate::kern::field::peek;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// Hook runs on an interface so far; `None` when there is no such interface.
pub fn count(world: &World, name: &str) -> Option<PfilCount> {
    let named = |(ifp, _): &(&Ifp, _)| ifp.name() == name;
    world.net.interfaces.iter().find(named).map(|(_, interface)| interface.pfil)
}

impl World {
    /// pfil_run_hooks.
    pub(super) fn pfil_run(&mut self, ifp: Ifp, direction: u32) {
        let count = &mut self.interface(ifp, "pfil_run_hooks").pfil;
        match direction {
            kpi::PFIL_IN => count.input += 1,
            kpi::PFIL_OUT => count.output += 1,
            other => host_panic!("pfil_run_hooks: no direction {other}"),
        }
    }
}

unsafe extern "C" fn pfil_run_hooks(
    head: *mut kpi::pfil_head_t,
    packet: *mut *mut kpi::mbuf,
    raw: *mut kpi::ifnet,
    direction: c_int,
) -> c_int {
    let mut world = enter();
    let ifp = Ifp::from_raw(raw);
    kassert!(head == peek!(raw, if_pfil), "pfil_run_hooks: {head:?} is of another interface");
    // SAFETY: the caller's variable.
    let Some(m) = Mbuf::from_raw(unsafe { *packet }) else { host_panic!("pfil_run_hooks: NULL") };
    world.check_mbuf(m, "pfil_run_hooks");
    world.pfil_run(ifp, direction as u32);
    0
}

exports!(pfil_run_hooks);
