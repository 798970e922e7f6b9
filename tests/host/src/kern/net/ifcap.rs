// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What an interface does with checksums and segments by itself, and how much of it is enabled, as
//! sys/net/if.c has it: SIOCGIFCAP and SIOCSIFCAP.

use std::ffi::c_int;

use crate::kern::field::{peek, poke};
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::World;

/// Where struct ifcapreq has what there is, and what is enabled.
const CAPABILITIES: usize = std::mem::offset_of!(kpi::ifcapreq, ifcr_capabilities);
const CAPENABLE: usize = std::mem::offset_of!(kpi::ifcapreq, ifcr_capenable);

/// What a capability allows in packets that go out.
const TX: [(u32, u32); 7] = [
    (kpi::IFCAP_CSUM_IPv4_Tx, kpi::M_CSUM_IPv4),
    (kpi::IFCAP_CSUM_TCPv4_Tx, kpi::M_CSUM_TCPv4),
    (kpi::IFCAP_CSUM_UDPv4_Tx, kpi::M_CSUM_UDPv4),
    (kpi::IFCAP_CSUM_TCPv6_Tx, kpi::M_CSUM_TCPv6),
    (kpi::IFCAP_CSUM_UDPv6_Tx, kpi::M_CSUM_UDPv6),
    (kpi::IFCAP_TSOv4, kpi::M_CSUM_TSOv4),
    (kpi::IFCAP_TSOv6, kpi::M_CSUM_TSOv6),
];
/// What a capability allows in packets that come in.
const RX: [(u32, u32); 5] = [
    (kpi::IFCAP_CSUM_IPv4_Rx, kpi::M_CSUM_IPv4),
    (kpi::IFCAP_CSUM_TCPv4_Rx, kpi::M_CSUM_TCPv4),
    (kpi::IFCAP_CSUM_UDPv4_Rx, kpi::M_CSUM_UDPv4),
    (kpi::IFCAP_CSUM_TCPv6_Rx, kpi::M_CSUM_TCPv6),
    (kpi::IFCAP_CSUM_UDPv6_Rx, kpi::M_CSUM_UDPv6),
];

fn mask(enabled: u64, table: &[(u32, u32)]) -> c_int {
    let on = table.iter().filter(|(capability, _)| enabled & u64::from(*capability) != 0);
    on.fold(0, |mask, (_, flag)| mask | *flag) as c_int
}

impl Ifp {
    /// if_csum_flags_tx: M_CSUM_* that packets may have which go out.
    pub(crate) fn csum_flags_tx(self) -> u32 {
        peek!(self.raw(), if_csum_flags_tx) as u32
    }

    /// if_csum_flags_rx: M_CSUM_* that are believed of packets which come in.
    pub(crate) fn csum_flags_rx(self) -> u32 {
        peek!(self.raw(), if_csum_flags_rx) as u32
    }

    /// if_capenable.
    pub(super) fn capenable(self) -> u64 {
        peek!(self.raw(), if_capenable)
    }
}

/// What SIOCSIFCAP wants enabled.
pub(super) fn wanted(arg: Arg) -> u64 {
    arg.get(CAPENABLE)
}

/// The answer to SIOCGIFCAP.
pub(super) fn answer(arg: Arg, capabilities: u64, capenable: u64) {
    arg.put(CAPABILITIES, capabilities);
    arg.put(CAPENABLE, capenable);
}

impl World {
    /// SIOCGIFCAP.
    pub(super) fn get_capabilities(&mut self, ifp: Ifp, arg: Arg) {
        answer(arg, peek!(ifp.raw(), if_capabilities), ifp.capenable());
    }

    /// SIOCSIFCAP. ENETRESET when an interface that is up has others than before.
    pub(super) fn set_capabilities(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        self.assert_ifnet_locked(ifp, "SIOCSIFCAP");
        let raw = ifp.raw();
        let wanted = wanted(arg);
        if wanted & !peek!(raw, if_capabilities) != 0 {
            return kpi::EINVAL as c_int;
        }
        if wanted == ifp.capenable() {
            return 0;
        }
        poke!(raw, if_capenable = wanted);
        poke!(raw, if_csum_flags_tx = mask(wanted, &TX));
        poke!(raw, if_csum_flags_rx = mask(wanted, &RX));
        self.bridge_calc_csum_flags(ifp);
        if ifp.has(kpi::IFF_UP) {
            kpi::ENETRESET as c_int
        } else {
            0
        }
    }
}
