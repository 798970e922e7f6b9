// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What only a test does with an interface: it has a packet of any shape sent, with what the stack
//! may ask of it, and sees each packet that the driver hands up.

use std::ffi::c_int;

use crate::kassert;
use crate::kern::field::poke;
use crate::kern::kmem::Kind;
use crate::kern::mbuf::{Mbuf, MHLEN, MLEN};
use crate::kern::net::ifnet::Ifp;
use crate::kern::packet::Offload;
use crate::kpi;
use crate::world::World;

/// A packet that a driver handed up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The interface that received it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What its header says.
    pub offload: Offload,
    /// How many bytes each mbuf of it holds.
    pub shape: Vec<usize>,
}

/// The packets that were handed up since somebody began to look.
#[derive(Default)]
pub(super) struct Probe {
    seen: Option<Vec<Seen>>,
}

impl World {
    /// Looks at what drivers hand up from now on.
    pub fn watch_input(&mut self) {
        self.net.probe.seen = Some(Vec::new());
    }

    /// What was handed up since then, or since it was last asked.
    pub fn watched_input(&mut self) -> Vec<Seen> {
        self.net.probe.seen.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A packet is handed up.
    pub(super) fn probe_input(&mut self, ifp: Ifp, m: Mbuf) {
        if let Some(seen) = &mut self.net.probe.seen {
            let shape = m.chain().map(Mbuf::data_len).collect();
            seen.push(Seen { name: ifp.name(), bytes: m.bytes(), offload: m.offload(), shape });
        }
    }

    /// A packet of which each piece is an mbuf: its bytes are in the mbuf itself, in a cluster, or
    /// in storage from malloc(9), whichever is the least that has room.
    pub fn packet_of(&mut self, pieces: &[&[u8]], offload: Offload) -> Mbuf {
        let mut packet = None;
        let mut last: Option<Mbuf> = None;
        for piece in pieces {
            let kind = kpi::MT_DATA as c_int;
            let m =
                if packet.is_none() { self.m_gethdr(true, kind) } else { self.m_get(true, kind) };
            let Some(m) = m else { continue };
            self.fill(m, piece, if packet.is_none() { MHLEN } else { MLEN });
            if let Some(last) = last {
                poke!(last.raw(), m_hdr.mh_next = m.raw());
            }
            packet = packet.or(Some(m));
            last = Some(m);
        }
        let packet = packet.unwrap_or_else(|| crate::host_panic!("a packet of no pieces"));
        packet.set_packet_len(pieces.iter().map(|piece| piece.len()).sum());
        packet.set_offload(offload);
        packet
    }

    fn fill(&mut self, m: Mbuf, piece: &[u8], room: usize) {
        if piece.len() > kpi::MCLBYTES as usize {
            let buffer = self.allocate(piece.len(), Kind::Malloc, false);
            m.set_malloced(buffer.cast(), piece.len());
        } else if piece.len() > room {
            self.m_clget(m, true);
        }
        let (start, size) = m.storage();
        kassert!(size >= piece.len(), "a piece does not fit");
        // SAFETY: the storage of an mbuf that is new, which has room.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), start, piece.len()) };
        m.set_data(start, piece.len());
    }

    /// if_transmit_lock of a packet, as the stack hands one to an interface; the driver's error.
    /// The packet is gone afterwards.
    pub fn transmit(&mut self, name: &str, packet: Mbuf) -> c_int {
        let Some(ifp) = self.if_get(name) else {
            self.m_freem(packet);
            return kpi::ENXIO as c_int;
        };
        self.kernel_lock(1);
        let error = self.if_transmit(ifp, packet);
        self.kernel_unlock(1);
        self.if_put(ifp);
        error
    }
}
