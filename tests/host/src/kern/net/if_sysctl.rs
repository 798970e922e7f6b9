// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! net.interfaces: the queues of each interface, as sys/net/if.c makes them.

use std::sync::Arc;

use crate::kern::field::{peek, place, poke};
use crate::kern::net::ifnet::Ifp;
use crate::kern::prf;
use crate::kern::sysctl::{createv, teardown, New};
use crate::kpi;
use crate::world::World;

const QUAD: u32 = kpi::CTLTYPE_QUAD;
const INT: u32 = kpi::CTLTYPE_INT;

impl World {
    /// One node under `root`, or under net; its address, which holds until the next change.
    fn interfaces_node(&mut self, ifp: Ifp, root: Option<usize>, new: &New) -> Option<usize> {
        let mib = [kpi::CTL_NET as i32, kpi::CTL_CREATE];
        let mib = if root.is_none() { &mib[..] } else { &mib[1..] };
        createv(self, place!(ifp.raw(), if_sysctl_log), root, new, mib).ok()
    }

    /// net.interfaces.NAME.`queue`.
    fn interface_queue_node(&mut self, ifp: Ifp, queue: &str) -> Option<usize> {
        let name = ifp.name();
        let mut root = None;
        for name in ["interfaces", &name, queue] {
            let new = New { kind: kpi::CTLTYPE_NODE, name, ..New::default() };
            root = Some(self.interfaces_node(ifp, root, &new)?);
        }
        root
    }

    /// net.interfaces.NAME.sndq.
    pub(super) fn sndq_sysctl(&mut self, ifp: Ifp) {
        let raw = ifp.raw();
        let int = |name, data: *mut i32, flags| New {
            kind: INT,
            name,
            data: data as usize,
            flags,
            ..New::default()
        };
        let drops = place!(raw, if_snd.ifq_drops) as usize;
        let leaves = [
            int("len", place!(raw, if_snd.ifq_len), 0),
            int("maxlen", place!(raw, if_snd.ifq_maxlen), kpi::CTLFLAG_READWRITE),
            New { kind: QUAD, name: "drops", data: drops, ..New::default() },
        ];
        let root = self.interface_queue_node(ifp, "sndq");
        self.interface_leaves(ifp, root, &leaves);
    }

    /// net.interfaces.NAME.rcvq; `handle` is the input queue.
    pub(super) fn rcvq_sysctl(&mut self, ifp: Ifp, handle: usize) {
        let drops = move |world: &mut World| {
            let queue = world.net.percpuqs.get(&handle);
            queue.map_or(0, |queue| queue.drops).to_ne_bytes().to_vec()
        };
        let value: crate::kern::sysctl::Value = Arc::new(drops);
        let leaf = New { kind: QUAD, name: "drops", value: Some(value), ..New::default() };
        let root = self.interface_queue_node(ifp, "rcvq");
        self.interface_leaves(ifp, root, &[leaf]);
    }

    fn interface_leaves(&mut self, ifp: Ifp, root: Option<usize>, leaves: &[New]) {
        let made = root.is_some_and(|root| {
            leaves.iter().all(|leaf| self.interfaces_node(ifp, Some(root), leaf).is_some())
        });
        if !made {
            let text = format!("{}: could not attach sysctl nodes\n", ifp.name());
            prf::log(self, &text);
        }
    }

    /// What if_detach begins with.
    pub(super) fn interfaces_sysctl_teardown(&mut self, ifp: Ifp) {
        let mut log = peek!(ifp.raw(), if_sysctl_log);
        teardown(self, &mut log);
        poke!(ifp.raw(), if_sysctl_log = log);
    }
}
