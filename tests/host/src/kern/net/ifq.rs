// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! if_snd, the output queue of an interface, and the if_transmit of drivers that have none, as
//! sys/net/if.h and sys/net/if.c have them. There is no ALTQ.

use std::ffi::c_int;

use crate::host_panic;
use crate::kern::field::{peek, poke};
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::{enter, World};

impl World {
    fn ifq_lock(&mut self, ifp: Ifp) {
        self.mutex_enter(peek!(ifp.raw(), if_snd.ifq_lock) as usize);
    }

    fn ifq_unlock(&mut self, ifp: Ifp) {
        self.mutex_exit(peek!(ifp.raw(), if_snd.ifq_lock) as usize);
    }

    /// IFQ_ENQUEUE: false when the queue was full, and the frame is freed.
    fn ifq_enqueue(&mut self, ifp: Ifp, m: Mbuf) -> bool {
        let raw = ifp.raw();
        self.ifq_lock(ifp);
        let len = peek!(raw, if_snd.ifq_len);
        let fits = len < peek!(raw, if_snd.ifq_maxlen);
        if fits {
            poke!(m.raw(), m_hdr.mh_nextpkt = std::ptr::null_mut());
            match Mbuf::from_raw(peek!(raw, if_snd.ifq_tail)) {
                Some(tail) => poke!(tail.raw(), m_hdr.mh_nextpkt = m.raw()),
                None => poke!(raw, if_snd.ifq_head = m.raw()),
            }
            poke!(raw, if_snd.ifq_tail = m.raw());
            poke!(raw, if_snd.ifq_len = len + 1);
        } else {
            self.m_freem(m);
            poke!(raw, if_snd.ifq_drops = peek!(raw, if_snd.ifq_drops) + 1);
        }
        self.ifq_unlock(ifp);
        fits
    }

    /// IFQ_PURGE.
    pub(super) fn ifq_purge(&mut self, ifp: Ifp) {
        let raw = ifp.raw();
        self.ifq_lock(ifp);
        while let Some(m) = Mbuf::from_raw(peek!(raw, if_snd.ifq_head)) {
            poke!(raw, if_snd.ifq_head = peek!(m.raw(), m_hdr.mh_nextpkt));
            poke!(raw, if_snd.ifq_len = peek!(raw, if_snd.ifq_len) - 1);
            self.m_freem(m);
        }
        poke!(raw, if_snd.ifq_tail = std::ptr::null_mut());
        self.ifq_unlock(ifp);
    }

    /// if_start_lock.
    fn if_start(&mut self, ifp: Ifp) {
        let Some(start) = peek!(ifp.raw(), if_start) else { host_panic!("no if_start") };
        let locked = !ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        // SAFETY: the driver's own function for its interface.
        self.outside(|| unsafe { start(ifp.raw()) });
        if locked {
            self.kernel_unlock(1);
        }
    }

    /// if_transmit_lock: hands a frame to the driver.
    pub(super) fn if_transmit(&mut self, ifp: Ifp, m: Mbuf) -> c_int {
        self.verify_packet(m, "if_transmit");
        let Some(transmit) = peek!(ifp.raw(), if_transmit) else { host_panic!("no if_transmit") };
        // SAFETY: the interface's own function, and a frame that is given away.
        self.outside(|| unsafe { transmit(ifp.raw(), m.raw()) })
    }
}

/// The default if_transmit: counts the frame's bytes when it is queued, and calls if_start only
/// while IFF_OACTIVE is clear.
pub(super) unsafe extern "C" fn if_transmit(raw: *mut kpi::ifnet, m: *mut kpi::mbuf) -> c_int {
    let ifp = Ifp::from_raw(raw);
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("if_transmit: NULL") };
    let mut world = enter();
    let bytes = m.packet_len() as u64;
    let mcast = m.flags() & kpi::M_MCAST as i32 != 0;
    if !world.ifq_enqueue(ifp, m) {
        return kpi::ENOBUFS as c_int;
    }
    world.if_stat(ifp, kpi::if_stat_t_if_obytes, bytes);
    if mcast {
        world.if_stat(ifp, kpi::if_stat_t_if_omcasts, 1);
    }
    if !ifp.has(kpi::IFF_OACTIVE) {
        world.if_start(ifp);
    }
    0
}
