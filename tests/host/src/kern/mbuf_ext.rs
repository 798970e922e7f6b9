// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The storage of mbufs, as sys/kern/uipc_mbuf.c has it: their own, or external storage, which
//! several mbufs may refer to. One of them, the owner, has the count of references, and stays until
//! the last one goes.

use std::ffi::c_void;

use crate::kassert;
use crate::kern::field::{peek, place, poke};
use crate::kern::kmem::Kind;
use crate::kern::mbuf::{Mbuf, MHLEN, MLEN};
use crate::kpi;
use crate::world::World;

const CLUSTER: Kind = Kind::Object("mbuf cluster");
const M_EXT: i32 = kpi::M_EXT as i32;
const M_EXT_CLUSTER: i32 = kpi::M_EXT_CLUSTER as i32;
/// The flags that belong to external storage.
const M_EXTFLAGS: i32 = M_EXT | kpi::M_EXT_FLAGS as i32;

impl Mbuf {
    /// m_ext_ref: the mbuf that owns the external storage.
    fn owner(self) -> Mbuf {
        let owner = Mbuf::from_raw(peek!(self.raw(), M_dat.MH.MH_dat.MH_ext.ext_ref));
        owner.unwrap_or(self)
    }

    fn set_owner(self, owner: Mbuf) {
        poke!(self.raw(), M_dat.MH.MH_dat.MH_ext.ext_ref = owner.raw());
    }

    fn ext(self) -> kpi::_m_ext_storage {
        peek!(self.owner().raw(), M_dat.MH.MH_dat.MH_ext.ext_storage)
    }

    fn set_references(self, count: u32) {
        let owner = self.owner().raw();
        poke!(owner, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_refcnt = count);
    }

    /// Whether the bytes may be written: !M_READONLY.
    pub(super) fn is_writable(self) -> bool {
        self.flags() & M_EXT == 0
            || self.flags() & kpi::M_EXT_RW as i32 != 0 && self.ext().ext_refcnt == 1
    }

    /// MEXTMALLOC: a piece of memory from malloc(9) is the external storage.
    pub(crate) fn set_malloced(self, buffer: *mut u8, size: usize) {
        self.set_ext(buffer, size, kpi::M_EXT | kpi::M_EXT_RW);
        self.set_data(buffer, self.data_len());
    }

    fn set_ext(self, buffer: *mut u8, size: usize, flags: u32) {
        let raw = self.raw();
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_ref = raw);
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_refcnt = 1);
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_buf = buffer.cast());
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_free = None);
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_arg = std::ptr::null_mut());
        poke!(raw, M_dat.MH.MH_dat.MH_ext.ext_storage.ext_size = size);
        self.set_flags(self.flags() & !M_EXTFLAGS | flags as i32);
    }

    /// Where the storage begins, and its size: M_BUFADDR and M_BUFSIZE.
    pub(crate) fn storage(self) -> (*mut u8, usize) {
        let raw = self.raw();
        if self.flags() & M_EXT != 0 {
            let ext = self.ext();
            (ext.ext_buf.cast(), ext.ext_size)
        } else if self.flags() & kpi::M_PKTHDR as i32 != 0 {
            (place!(raw, M_dat.MH.MH_dat.MH_databuf).cast(), MHLEN)
        } else {
            (place!(raw, M_dat.M_databuf).cast(), MLEN)
        }
    }
}

impl World {
    /// m_clget(9): M_EXT says whether it came to a cluster.
    pub fn m_clget(&mut self, m: Mbuf, wait: bool) {
        kassert!(m.flags() & M_EXT == 0, "m_clget: {m:x?} has external storage already");
        if !wait && self.memory.fails() {
            return;
        }
        let size = kpi::MCLBYTES as usize;
        let buffer: *mut u8 = self.allocate(size, CLUSTER, false).cast();
        m.set_ext(buffer, size, kpi::M_EXT | kpi::M_EXT_CLUSTER | kpi::M_EXT_RW);
        m.set_data(buffer, m.data_len());
    }

    /// MCLADDREFERENCE: `to` has the external storage of `from` as well.
    pub(super) fn ext_share(&mut self, from: Mbuf, to: Mbuf) {
        kassert!(to.flags() & M_EXT == 0, "MCLADDREFERENCE: {to:x?} has external storage already");
        from.set_references(from.ext().ext_refcnt + 1);
        to.set_owner(from.owner());
        to.set_flags(to.flags() | from.flags() & M_EXTFLAGS);
    }

    /// m_ext_free: one reference to external storage goes. Whether the mbuf is to be freed.
    pub(super) fn ext_free(&mut self, m: Mbuf) -> bool {
        let owner = m.owner();
        self.check_mbuf(owner, "m_ext_free");
        let same = (m.flags() ^ owner.flags()) & (M_EXT | M_EXT_CLUSTER) == 0;
        kassert!(same && owner.owner() == owner, "m_ext_free: {m:x?} is not of {owner:x?}");
        let ext = owner.ext();
        kassert!(ext.ext_refcnt != 0, "m_ext_free: {m:x?} has no reference");
        m.set_references(ext.ext_refcnt - 1);
        if ext.ext_refcnt > 1 {
            if m == owner {
                // It stays for the others, and is not one that can be freed again.
                poke!(m.raw(), m_hdr.mh_type = kpi::MT_FREE as _);
            }
            return m != owner;
        }
        let raw = owner.raw();
        let buffer: *mut c_void = ext.ext_buf.cast();
        if owner.flags() & M_EXT_CLUSTER != 0 {
            self.free(buffer, Some(kpi::MCLBYTES as usize), CLUSTER);
        } else if let Some(free) = ext.ext_free {
            // SAFETY: the storage's owner gave this function for just this; it frees the mbuf too.
            self.outside(|| unsafe { free(raw, buffer, ext.ext_size, ext.ext_arg) });
            return m != owner;
        } else {
            self.free(buffer, None, Kind::Malloc);
        }
        if m != owner {
            self.free_mbuf(owner);
        }
        true
    }
}
