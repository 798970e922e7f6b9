// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ether_input of sys/net/if_ethersubr.c: a frame that came in is checked, counted, filtered, and
//! handed to the protocol that it is of.

use crate::kern::field::peek;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ethersubr::{is_group, BROADCAST};
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::loader::symbols::kernel;
use crate::world::{enter, World};
use crate::{exports, host_panic};

const M_PROMISC: i32 = kpi::M_PROMISC as i32;
const M_BCAST: i32 = kpi::M_BCAST as i32;
const M_MCAST: i32 = kpi::M_MCAST as i32;

/// The EtherType of a frame.
fn kind(header: &[u8; HEADER]) -> u32 {
    u32::from(u16::from_be_bytes([header[12], header[13]]))
}

/// ETHER_MAX_FRAME without the frame check sequence.
fn longest(ifp: Ifp, kind: u32) -> usize {
    let more = match kind {
        kpi::ETHERTYPE_VLAN => kpi::ETHER_VLAN_ENCAP_LEN,
        kpi::ETHERTYPE_PPPOE => kpi::ETHER_PPPOE_ENCAP_LEN,
        _ => 0,
    };
    peek!(ifp.raw(), if_mtu) as usize + HEADER + more as usize
}

impl World {
    /// Drops a frame and counts it.
    fn input_drop(&mut self, ifp: Ifp, m: Mbuf, counter: kpi::if_stat_t) {
        self.m_freem(m);
        self.if_stat(ifp, counter, 1);
    }

    /// ether_input. The frame is gone afterwards.
    pub(super) fn ether_input(&mut self, ifp: Ifp, m: Mbuf) {
        self.interface(ifp, "ether_input");
        if !ifp.has(kpi::IFF_UP) {
            return self.input_drop(ifp, m, kpi::if_stat_t_if_iqdrops);
        }
        let len = m.packet_len();
        if m.chain_len() < HEADER {
            return self.input_drop(ifp, m, kpi::if_stat_t_if_ierrors);
        }
        let mut header = [0; HEADER];
        m.copy_data(0, &mut header);
        let kind = kind(&header);
        // Labels of MPLS come on top, as many as there are.
        if kind != kpi::ETHERTYPE_MPLS && len > longest(ifp, kind) {
            let text = format!("{}: discarding oversize frame (len={len})\n", ifp.name());
            crate::kern::prf::log(self, &text);
            return self.input_drop(ifp, m, kpi::if_stat_t_if_ierrors);
        }
        if is_group(&header) {
            let hears_itself = !ifp.has(kpi::IFF_SIMPLEX);
            if hears_itself && header[6..12] == self.if_lladdr(ifp, "ether_input") {
                return self.input_drop(ifp, m, kpi::if_stat_t_if_iqdrops);
            }
            let flag = if header[..6] == BROADCAST { M_BCAST } else { M_MCAST };
            m.set_flags(m.flags() | flag);
            self.if_stat(ifp, kpi::if_stat_t_if_imcasts, 1);
        }
        self.if_stat(ifp, kpi::if_stat_t_if_ibytes, len as u64);
        let for_one = m.flags() & (M_BCAST | M_MCAST | M_PROMISC) == 0;
        if for_one && ifp.has(kpi::IFF_PROMISC) {
            let own = self.if_lladdr(ifp, "ether_input");
            if header[..6] != own {
                m.set_flags(m.flags() | M_PROMISC);
            }
        }
        if m.flags() & M_PROMISC == 0 {
            self.pfil_run(ifp, kpi::PFIL_IN);
        }
        self.ether_demux(ifp, m, kind);
    }

    /// Hands a frame to its protocol.
    fn ether_demux(&mut self, ifp: Ifp, m: Mbuf, kind: u32) {
        if kind == kpi::ETHERTYPE_VLAN {
            if self.vlan_input(ifp, m) {
                return;
            }
            return self.input_drop(ifp, m, kpi::if_stat_t_if_noproto);
        }
        if m.flags() & M_PROMISC != 0 {
            return self.input_drop(ifp, m, kpi::if_stat_t_if_iqdrops);
        }
        match kind {
            kpi::ETHERTYPE_IP | kpi::ETHERTYPE_ARP | kpi::ETHERTYPE_IPV6 => {
                if !self.stack_enqueue(ifp, m) {
                    self.m_freem(m);
                }
            }
            _ => self.input_drop(ifp, m, kpi::if_stat_t_if_noproto),
        }
    }
}

exports!(ether_input);

type Input = unsafe extern "C" fn(*mut kpi::ifnet, *mut kpi::mbuf);

/// The function as modules know it, which compare it with _if_input.
pub(super) fn entry() -> Input {
    let Some(known) = kernel().get("ether_input") else { host_panic!("no ether_input") };
    // SAFETY: the address of a jump to the function of that type, which stays.
    unsafe { std::mem::transmute::<usize, Input>(known.address as usize) }
}

pub(super) unsafe extern "C" fn ether_input(raw: *mut kpi::ifnet, m: *mut kpi::mbuf) {
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("ether_input: NULL") };
    enter().ether_input(Ifp::from_raw(raw), m);
}
