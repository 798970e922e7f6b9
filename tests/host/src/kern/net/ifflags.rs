// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! if_flags as sys/net/if.c changes them: up, down, promiscuous.

use std::ffi::c_int;

use crate::kern::field::{peek, poke};
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::World;

/// What SIOCSIFFLAGS leaves alone.
const KEPT: u32 = kpi::IFF_BROADCAST
    | kpi::IFF_POINTOPOINT
    | kpi::IFF_RUNNING
    | kpi::IFF_OACTIVE
    | kpi::IFF_SIMPLEX
    | kpi::IFF_MULTICAST
    | kpi::IFF_ALLMULTI
    | kpi::IFF_PROMISC;

impl World {
    /// SIOCSIFFLAGS: up or down, and then the flags that may be set.
    pub(super) fn set_flags_from(&mut self, ifp: Ifp, wanted: u32) {
        let locked = ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        match (ifp.has(kpi::IFF_UP), wanted & kpi::IFF_UP != 0) {
            (true, false) => self.if_down_locked(ifp),
            (false, true) => self.if_up_locked(ifp),
            _ => {}
        }
        if locked {
            self.kernel_unlock(1);
        }
        ifp.set_flags(ifp.flags() & KEPT | wanted & !KEPT);
    }

    /// if_flags_set: has the driver follow flags, promiscuous among them.
    pub(super) fn if_flags_set(&mut self, ifp: Ifp, flags: u32) -> c_int {
        let changed = ifp.flags() ^ flags;
        ifp.set_flags(ifp.flags() ^ changed & KEPT);
        if changed == kpi::IFF_PROMISC && !ifp.has(kpi::IFF_UP) {
            return 0;
        }
        let mut request = [0; size_of::<kpi::ifreq>()];
        request[DATA..DATA + 2].copy_from_slice(&((flags & !KEPT) as u16).to_ne_bytes());
        let command = u64::from(kpi::SIOCSIFFLAGS);
        let error = self.if_ioctl(ifp, command, request.as_mut_ptr().cast());
        if error != 0 {
            ifp.set_flags(ifp.flags() ^ changed & KEPT);
        }
        error
    }

    /// ifpromisc_locked: the first wish turns it on, the last one off.
    pub(super) fn ifpromisc_locked(&mut self, ifp: Ifp, on: bool) -> c_int {
        self.assert_ifnet_locked(ifp, "ifpromisc");
        let before = peek!(ifp.raw(), if_pcount);
        let now = if on { before + 1 } else { before - 1 };
        poke!(ifp.raw(), if_pcount = now);
        if before.max(now) != 1 {
            return 0;
        }
        let promisc = if on { kpi::IFF_PROMISC } else { 0 };
        let error = self.if_flags_set(ifp, ifp.flags() & !kpi::IFF_PROMISC | promisc);
        if error != 0 {
            poke!(ifp.raw(), if_pcount = before);
        }
        error
    }
}
