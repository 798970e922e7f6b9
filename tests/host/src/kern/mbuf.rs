// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! mbuf(9), as sys/kern/uipc_mbuf.c has it. Each mbuf and each cluster is a piece of memory of
//! its own, so that a second free, a late use and a leak are all found.

use std::ffi::{c_char, c_int};

use crate::kern::field::{peek, poke};
use crate::kern::kmem::Kind;
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const MBUF: Kind = Kind::Object("mbuf");
/// What an mbuf without a packet header holds by itself.
pub const MLEN: usize = size_of::<kpi::mbuf__bindgen_ty_1>();
/// What an mbuf with a packet header holds by itself.
pub const MHLEN: usize = size_of::<kpi::mbuf__bindgen_ty_1__bindgen_ty_1__bindgen_ty_1>();
const M_EXT: i32 = kpi::M_EXT as i32;
const TYPES: usize = 256;

/// What the kernel counts of its mbufs.
pub struct Mbufs {
    types: [u32; TYPES],
}

impl Default for Mbufs {
    fn default() -> Self {
        Mbufs { types: [0; TYPES] }
    }
}

impl Mbufs {
    /// How many are in use, of all types.
    pub fn in_use(&self) -> u64 {
        self.types.iter().map(|count| u64::from(*count)).sum()
    }

    /// The answer to kern.mbuf.stats: how many are in use of each type.
    pub fn by_type(&self) -> [u16; TYPES] {
        self.types.map(|count| count as u16)
    }

    /// What nobody has freed.
    pub fn leftovers(&self) -> Vec<String> {
        let types = self.types.iter().enumerate().filter(|(_, count)| **count != 0);
        types.map(|(kind, count)| format!("{count} mbufs of type {kind}")).collect()
    }
}

/// One mbuf that is allocated; a packet if it has a header and leads a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mbuf(usize);

impl Mbuf {
    /// The mbuf behind a pointer of the module's, unless it is NULL.
    pub fn from_raw(raw: *mut kpi::mbuf) -> Option<Mbuf> {
        (!raw.is_null()).then_some(Mbuf(raw as usize))
    }

    /// The pointer.
    pub fn raw(self) -> *mut kpi::mbuf {
        self.0 as *mut kpi::mbuf
    }

    /// The next one of the chain.
    pub fn next(self) -> Option<Mbuf> {
        Mbuf::from_raw(peek!(self.raw(), m_hdr.mh_next))
    }

    /// m_len.
    pub fn data_len(self) -> usize {
        peek!(self.raw(), m_hdr.mh_len) as usize
    }

    /// m_data.
    pub fn data(self) -> *mut u8 {
        peek!(self.raw(), m_hdr.mh_data).cast()
    }

    /// m_flags.
    pub fn flags(self) -> i32 {
        peek!(self.raw(), m_hdr.mh_flags)
    }

    /// Sets m_flags.
    pub fn set_flags(self, flags: i32) {
        poke!(self.raw(), m_hdr.mh_flags = flags);
    }

    /// m_pkthdr.len.
    pub fn packet_len(self) -> usize {
        peek!(self.raw(), M_dat.MH.MH_pkthdr.len) as usize
    }

    pub(crate) fn set_packet_len(self, len: usize) {
        poke!(self.raw(), M_dat.MH.MH_pkthdr.len = len as c_int);
    }

    /// m_len and m_data.
    pub(crate) fn set_data(self, data: *mut u8, len: usize) {
        poke!(self.raw(), m_hdr.mh_data = data.cast::<c_char>());
        poke!(self.raw(), m_hdr.mh_len = len as c_int);
    }

    /// The interface that received the packet, by its index; 0 for none.
    pub fn rcvif(self) -> kpi::if_index_t {
        peek!(self.raw(), M_dat.MH.MH_pkthdr._rcvif.index)
    }

    /// Sets the interface that received the packet.
    pub fn set_rcvif(self, index: kpi::if_index_t) {
        poke!(self.raw(), M_dat.MH.MH_pkthdr._rcvif.index = index);
    }
}

impl World {
    /// m_get(9); `None` when there is no memory.
    pub fn m_get(&mut self, wait: bool, kind: c_int) -> Option<Mbuf> {
        kassert!(kind != kpi::MT_FREE as c_int, "m_get: of the type of a free mbuf");
        if wait {
            self.assert_sleepable("m_get");
        } else if self.memory.fails() {
            return None;
        }
        let raw: *mut kpi::mbuf = self.allocate(size_of::<kpi::mbuf>(), MBUF, false).cast();
        self.mbufs.types[kind as usize % TYPES] += 1;
        let m = Mbuf(raw as usize);
        poke!(raw, m_hdr.mh_next = std::ptr::null_mut());
        poke!(raw, m_hdr.mh_nextpkt = std::ptr::null_mut());
        poke!(raw, m_hdr.mh_owner = std::ptr::null_mut());
        poke!(raw, m_hdr.mh_type = kind as _);
        poke!(raw, m_hdr.mh_paddr = u64::MAX as _);
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_ref = raw);
        m.set_flags(0);
        m.set_data(m.storage().0, 0);
        Some(m)
    }

    /// m_gethdr(9). The packet's length is 0, and so is m_len.
    pub fn m_gethdr(&mut self, wait: bool, kind: c_int) -> Option<Mbuf> {
        let m = self.m_get(wait, kind)?;
        // SAFETY: integers and pointers, for which all zeros is a value.
        let header: kpi::pkthdr = unsafe { std::mem::zeroed() };
        poke!(m.raw(), M_dat.MH.MH_pkthdr = header);
        m.set_flags(kpi::M_PKTHDR as i32);
        m.set_data(m.storage().0, 0);
        Some(m)
    }

    /// m_getcl(9).
    pub fn m_getcl(&mut self, wait: bool, kind: c_int, flags: c_int) -> Option<Mbuf> {
        let m = if flags & kpi::M_PKTHDR as i32 != 0 {
            self.m_gethdr(wait, kind)?
        } else {
            self.m_get(wait, kind)?
        };
        self.m_clget(m, wait);
        if m.flags() & M_EXT == 0 {
            self.m_free(m);
            return None;
        }
        Some(m)
    }

    /// Asserts that an mbuf is one, and allocated.
    pub(super) fn check_mbuf(&self, m: Mbuf, call: &str) {
        let piece = self.memory.piece_of(m.0);
        kassert!(
            piece == Some((m.0, size_of::<kpi::mbuf>(), MBUF)),
            "{call}: {m:x?} is no mbuf, or freed already: {piece:x?}"
        );
    }

    /// m_free(9): frees one mbuf and returns the next one of its chain.
    pub fn m_free(&mut self, m: Mbuf) -> Option<Mbuf> {
        self.check_mbuf(m, "m_free");
        let raw = m.raw();
        let kind = peek!(raw, m_hdr.mh_type) as usize % TYPES;
        kassert!(self.mbufs.types[kind] != 0, "m_free: {m:x?} has the wrong type {kind}");
        self.mbufs.types[kind] -= 1;
        if m.flags() & kpi::M_PKTHDR as i32 != 0 {
            let tags = peek!(raw, M_dat.MH.MH_pkthdr.tags.slh_first);
            kassert!(tags.is_null(), "m_free: {m:x?} has tags, or a header that is not set up");
        }
        let next = m.next();
        if m.flags() & M_EXT == 0 || self.ext_free(m) {
            self.free_mbuf(m);
        }
        next
    }

    /// An mbuf's memory goes.
    pub(super) fn free_mbuf(&mut self, m: Mbuf) {
        self.free(m.raw().cast(), Some(size_of::<kpi::mbuf>()), MBUF);
    }

    /// m_freem(9).
    pub fn m_freem(&mut self, m: Mbuf) {
        let mut next = Some(m);
        while let Some(m) = next {
            next = self.m_free(m);
        }
    }
}

fn raw(m: Option<Mbuf>) -> *mut kpi::mbuf {
    m.map_or(std::ptr::null_mut(), Mbuf::raw)
}

/// M_WAIT, as the allocators have it: M_DONTWAIT is another name of M_NOWAIT.
fn waits(how: c_int) -> bool {
    how & kpi::M_NOWAIT as c_int == 0
}

fn some(m: *mut kpi::mbuf, call: &str) -> Mbuf {
    Mbuf::from_raw(m).unwrap_or_else(|| host_panic!("{call}: NULL"))
}

unsafe extern "C" fn m_get(how: c_int, kind: c_int) -> *mut kpi::mbuf {
    raw(enter().m_get(waits(how), kind))
}

unsafe extern "C" fn m_gethdr(how: c_int, kind: c_int) -> *mut kpi::mbuf {
    raw(enter().m_gethdr(waits(how), kind))
}

unsafe extern "C" fn m_getcl(how: c_int, kind: c_int, flags: c_int) -> *mut kpi::mbuf {
    raw(enter().m_getcl(waits(how), kind, flags))
}

unsafe extern "C" fn m_clget(m: *mut kpi::mbuf, how: c_int) {
    enter().m_clget(some(m, "m_clget"), waits(how));
}

unsafe extern "C" fn m_free(m: *mut kpi::mbuf) -> *mut kpi::mbuf {
    raw(enter().m_free(some(m, "m_free")))
}

unsafe extern "C" fn m_freem(m: *mut kpi::mbuf) {
    if let Some(m) = Mbuf::from_raw(m) {
        enter().m_freem(m);
    }
}

/// From the front, and only within the first mbuf.
unsafe extern "C" fn m_adj(m: *mut kpi::mbuf, len: c_int) {
    let world = enter();
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("m_adj: NULL") };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    kassert!(len <= m.data_len(), "m_adj: {len} bytes of {}", m.data_len());
    m.set_data(m.data().wrapping_add(len), m.data_len() - len);
    m.set_packet_len(m.packet_len() - len);
    drop(world);
}

exports!(m_get, m_gethdr, m_getcl, m_clget, m_free, m_freem, m_adj);
