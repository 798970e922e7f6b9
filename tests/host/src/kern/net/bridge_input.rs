// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The frames of a bridge(4), as sys/net/if_bridge.c moves them. What one member receives and
//! another sends has no checksum flags any more: they say of a frame that comes in that something
//! was done, and of one that goes out that it is to be done.

use crate::host_panic;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::bridge::idle;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ethersubr::{is_group, BROADCAST};
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::in_offload::is_supported;
use crate::kern::packet::Offload;
use crate::kpi;
use crate::world::{enter, World};

const M_BCAST: i32 = kpi::M_BCAST as i32;
const M_MCAST: i32 = kpi::M_MCAST as i32;
const M_PROMISC: i32 = kpi::M_PROMISC as i32;

/// The two addresses that a frame begins with.
fn addresses(m: Mbuf) -> ([u8; 6], [u8; 6]) {
    let mut bytes = [[0; 6]; 2];
    m.copy_data(0, bytes.as_flattened_mut());
    (bytes[0], bytes[1])
}

/// Marks a frame to a group; whether it is one.
fn mark(m: Mbuf, to: &[u8; 6]) -> bool {
    let flag = if *to == BROADCAST { M_BCAST } else { M_MCAST };
    if is_group(to) {
        m.set_flags(m.flags() | flag);
    }
    is_group(to)
}

fn forget_checksums(m: Mbuf) {
    m.set_offload(Offload { flags: 0, ..m.offload() });
}

impl World {
    /// bridge_enqueue: hands a frame to a member.
    fn bridge_enqueue(&mut self, ifp: Ifp, member: Ifp, m: Mbuf) {
        // The bridge may have gone while another member took the frame.
        let bridge = self.net.bridges.get(&ifp);
        let is_member = bridge.is_some_and(|bridge| bridge.members.contains(&member));
        if !is_member || !member.has(kpi::IFF_UP | kpi::IFF_RUNNING) {
            return self.m_freem(m);
        }
        *self.net.handed.entry(member).or_insert(0) += 1;
        m.set_rcvif(0);
        // A member that does not take it loses it.
        self.if_transmit(member, m);
        if self.net.handed.get(&member) == Some(&1) {
            self.net.handed.remove(&member);
            self.wake_all(idle(member));
        } else if let Some(count) = self.net.handed.get_mut(&member) {
            *count -= 1;
        }
    }

    /// A copy of a frame to a group comes in to a member.
    fn bridge_copy_in(&mut self, ifp: Ifp, member: Ifp, m: Mbuf) {
        let bridge = self.net.bridges.get(&ifp);
        let is_member = bridge.is_some_and(|bridge| bridge.members.contains(&member));
        if !is_member || !member.has(kpi::IFF_RUNNING) {
            return;
        }
        let Some(copy) = self.m_copypacket(m) else { return };
        copy.set_rcvif(self.interface(member, "bridge").index);
        copy.set_flags(copy.flags() & !M_PROMISC);
        self.ether_input(member, copy);
    }

    fn members(&mut self, ifp: Ifp) -> Vec<Ifp> {
        self.bridge(ifp).members.iter().copied().collect()
    }

    /// bridge_output: a frame of the stack's own leaves through a member, or through another;
    /// false when that is in no bridge that is up. The stack filled it in for `member`, and what
    /// others do not do themselves is done before.
    pub(super) fn bridge_output(&mut self, member: Ifp, m: Mbuf) -> bool {
        let bridge = self.bridge_of(member).filter(|ifp| ifp.has(kpi::IFF_RUNNING));
        let Some(ifp) = bridge else { return false };
        let (to, _) = addresses(m);
        let known = if mark(m, &to) { None } else { self.bridge(ifp).heard.get(&to).copied() };
        let tx = match known {
            Some(other) if other == member => u32::MAX,
            Some(other) => other.csum_flags_tx(),
            None => self.bridge(ifp).csum_flags_tx,
        };
        let ready = if is_supported(tx, m.offload().flags) {
            Some(m)
        } else {
            self.ether_sw_offload_tx(member, m)
        };
        let Some(m) = ready else { return true };
        if let Some(other) = known {
            self.bridge_enqueue(ifp, other, m);
            return true;
        }
        for other in self.members(ifp) {
            if let Some(copy) = self.m_copypacket(m) {
                self.bridge_enqueue(ifp, other, copy);
            }
            if is_group(&to) && other != member {
                self.bridge_copy_in(ifp, other, m);
            }
        }
        self.m_freem(m);
        true
    }

    /// bridge_input: a frame that a member received.
    fn bridge_receive(&mut self, member: Ifp, m: Mbuf) {
        let bridge = self.bridge_of(member).filter(|ifp| ifp.has(kpi::IFF_RUNNING));
        let Some(ifp) = bridge.filter(|_| m.chain_len() >= HEADER) else {
            return self.ether_input(member, m);
        };
        let (to, from) = addresses(m);
        if !mark(m, &to) {
            for other in self.members(ifp) {
                let own = self.if_lladdr(other, "bridge_input");
                if own == to {
                    self.bridge(ifp).heard.insert(from, member);
                    m.set_rcvif(self.interface(other, "bridge_input").index);
                    return self.ether_input(other, m);
                }
                if own == from {
                    // It has come back to its sender.
                    return self.m_freem(m);
                }
            }
        }
        self.bridge_forward(ifp, member, m, to, from);
    }

    /// bridge_forward: to the one member where the destination was heard, or to all but the
    /// sender's. What is for a group comes in to all.
    fn bridge_forward(&mut self, ifp: Ifp, member: Ifp, m: Mbuf, to: [u8; 6], from: [u8; 6]) {
        if !is_group(&from) && from != [0; 6] {
            self.bridge(ifp).heard.insert(from, member);
        }
        forget_checksums(m);
        let known = self.bridge(ifp).heard.get(&to).filter(|_| !is_group(&to)).copied();
        match known {
            Some(other) if other == member => return self.m_freem(m),
            Some(other) => return self.bridge_enqueue(ifp, other, m),
            None => {}
        }
        for other in self.members(ifp) {
            if other != member {
                if let Some(copy) = self.m_copypacket(m) {
                    self.bridge_enqueue(ifp, other, copy);
                }
            }
            if is_group(&to) {
                self.bridge_copy_in(ifp, other, m);
            }
        }
        self.m_freem(m);
    }
}

pub(super) unsafe extern "C" fn bridge_input(raw: *mut kpi::ifnet, m: *mut kpi::mbuf) {
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("bridge_input: NULL") };
    let mut world = enter();
    world.kernel_lock(1);
    world.bridge_receive(Ifp::from_raw(raw), m);
    world.kernel_unlock(1);
}
