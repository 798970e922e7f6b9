// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Packets, chains of mbufs, as sys/kern/uipc_mbuf.c works on them: made, read, cut, verified.

use std::ffi::{c_int, c_void};

use crate::kern::field::{peek, place, poke};
use crate::kern::mbuf::{Mbuf, MHLEN};
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const PKTHDR: i32 = kpi::M_PKTHDR as i32;
const EXT: i32 = kpi::M_EXT as i32;
/// The flags of a packet that a copy has as well.
const COPYFLAGS: i32 = kpi::M_COPYFLAGS as i32;
/// Room before the data of a packet that the stack makes, for headers of the link: max_linkhdr.
const LINK_ROOM: usize = 64;

/// What a packet's header says of its checksums and of the segments that it is to be cut into.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Offload {
    /// csum_flags, M_CSUM_*.
    pub flags: u32,
    /// csum_data.
    pub data: u32,
    /// segsz.
    pub segsz: u32,
}

/// Copies `to.len()` bytes of an mbuf from `offset` on.
fn read(m: Mbuf, offset: usize, to: &mut [u8]) {
    // SAFETY: within the mbuf's data, which `data` and `len` describe; verified by the caller.
    let from = unsafe { m.data().add(offset) };
    // SAFETY: as above, and the two do not overlap: one is the host's own.
    unsafe { std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), to.len()) };
}

impl Mbuf {
    /// The mbufs of the chain.
    pub fn chain(self) -> impl Iterator<Item = Mbuf> {
        std::iter::successors(Some(self), |m| m.next())
    }

    /// The fields of the packet header.
    pub fn offload(self) -> Offload {
        let raw = self.raw();
        Offload {
            flags: peek!(raw, M_dat.MH.MH_pkthdr.csum_flags) as u32,
            data: peek!(raw, M_dat.MH.MH_pkthdr.csum_data),
            segsz: peek!(raw, M_dat.MH.MH_pkthdr.segsz),
        }
    }

    /// Sets them.
    pub fn set_offload(self, offload: Offload) {
        let raw = self.raw();
        poke!(raw, M_dat.MH.MH_pkthdr.csum_flags = offload.flags as c_int);
        poke!(raw, M_dat.MH.MH_pkthdr.csum_data = offload.data);
        poke!(raw, M_dat.MH.MH_pkthdr.segsz = offload.segsz);
    }

    /// m_copy_pkthdr: takes the header of another packet. There are no tags here.
    fn copy_header(self, from: Mbuf) {
        poke!(self.raw(), M_dat.MH.MH_pkthdr = peek!(from.raw(), M_dat.MH.MH_pkthdr));
        self.set_flags(from.flags() & COPYFLAGS);
        self.set_data(place!(self.raw(), M_dat.MH.MH_dat.MH_databuf).cast(), 0);
    }

    /// How many bytes the chain holds: m_length(9).
    pub fn chain_len(self) -> usize {
        self.chain().map(Mbuf::data_len).sum()
    }

    /// m_copydata(9).
    pub fn copy_data(self, mut offset: usize, to: &mut [u8]) {
        let mut done = 0;
        for m in self.chain() {
            let len = m.data_len();
            if offset >= len {
                offset -= len;
                continue;
            }
            let n = (len - offset).min(to.len() - done);
            read(m, offset, &mut to[done..done + n]);
            done += n;
            offset = 0;
        }
        kassert!(done == to.len(), "m_copydata: the chain is {} bytes short", to.len() - done);
    }

    /// m_copyback(9) of all bytes, as many as there are already.
    pub(super) fn copy_back(self, bytes: &[u8]) {
        kassert!(bytes.len() == self.chain_len(), "m_copyback: the chain would be another length");
        let mut rest = bytes;
        for m in self.chain() {
            kassert!(m.is_writable(), "m_copyback: {m:x?} is not to be written");
            let (these, others) = rest.split_at(m.data_len());
            // SAFETY: the mbuf's data, and the bytes are not the mbuf's.
            unsafe { std::ptr::copy_nonoverlapping(these.as_ptr(), m.data(), these.len()) };
            rest = others;
        }
    }

    /// All bytes of the chain.
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; self.chain_len()];
        self.copy_data(0, &mut bytes);
        bytes
    }
}

impl World {
    /// Asserts what m_verify_packet does of a kernel with DIAGNOSTIC.
    pub fn verify_packet(&self, packet: Mbuf, call: &str) {
        self.check_mbuf(packet, call);
        kassert!(packet.flags() & PKTHDR != 0, "{call}: {packet:x?} has no packet header");
        let mut total = 0;
        for m in packet.chain() {
            self.check_mbuf(m, call);
            let (start, size) = m.storage();
            let from = (m.data() as usize).wrapping_sub(start as usize);
            let inside = from.checked_add(m.data_len()).is_some_and(|end| end <= size);
            kassert!(inside, "{call}: {m:x?} has its data outside of its storage");
            total += m.data_len();
        }
        let len = packet.packet_len();
        kassert!(total == len, "{call}: {packet:x?} says {len} bytes and has {total}");
    }

    /// A packet of these bytes, with room for a link's headers before them.
    pub fn new_packet(&mut self, bytes: &[u8]) -> Option<Mbuf> {
        let packet = self.m_gethdr(false, kpi::MT_DATA as c_int)?;
        let mut last = packet;
        let mut rest = bytes;
        let mut room = LINK_ROOM;
        loop {
            if room + rest.len() > MHLEN {
                self.m_clget(last, false);
                if last.flags() & kpi::M_EXT as i32 == 0 {
                    self.m_freem(packet);
                    return None;
                }
            }
            let (start, size) = last.storage();
            let n = rest.len().min(size - room);
            // SAFETY: within the mbuf's storage.
            let data = unsafe { start.add(room) };
            // SAFETY: as above, and the bytes are not the mbuf's.
            unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), data, n) };
            last.set_data(data, n);
            rest = &rest[n..];
            if rest.is_empty() {
                break;
            }
            room = 0;
            let Some(more) = self.m_get(false, kpi::MT_DATA as c_int) else {
                self.m_freem(packet);
                return None;
            };
            poke!(last.raw(), m_hdr.mh_next = more.raw());
            last = more;
        }
        packet.set_packet_len(bytes.len());
        Some(packet)
    }

    /// m_cat(9), with the packet's length: `rest` is no packet of its own any more.
    pub(super) fn m_cat(&mut self, packet: Mbuf, rest: Mbuf) {
        packet.set_packet_len(packet.packet_len() + rest.packet_len());
        rest.set_flags(rest.flags() & !PKTHDR);
        if let Some(last) = packet.chain().last() {
            poke!(last.raw(), m_hdr.mh_next = rest.raw());
        }
    }

    /// m_copypacket(9): a copy that shares what lies in external storage. `None` without memory.
    pub fn m_copypacket(&mut self, packet: Mbuf) -> Option<Mbuf> {
        let mut top = None;
        let mut last: Option<Mbuf> = None;
        for m in packet.chain() {
            let Some(copy) = self.m_get(false, kpi::MT_DATA as c_int) else {
                top.into_iter().for_each(|top| self.m_freem(top));
                return None;
            };
            match last {
                None => copy.copy_header(m),
                Some(last) => poke!(last.raw(), m_hdr.mh_next = copy.raw()),
            }
            if m.flags() & EXT != 0 {
                self.ext_share(m, copy);
                copy.set_data(m.data(), m.data_len());
            } else {
                let to = copy.data();
                copy.set_data(to, m.data_len());
                // SAFETY: two mbufs, and neither holds more by itself than the other.
                unsafe { std::ptr::copy_nonoverlapping(m.data(), to, m.data_len()) };
            }
            top = top.or(Some(copy));
            last = Some(copy);
        }
        top
    }

    /// M_PREPEND: bytes before the packet's, in the room that its first mbuf has, or in a new one.
    /// Without memory the packet is freed.
    pub fn prepend(&mut self, mut packet: Mbuf, bytes: &[u8]) -> Option<Mbuf> {
        let (start, _) = packet.storage();
        let room = (packet.data() as usize).wrapping_sub(start as usize);
        if room < bytes.len() || !packet.is_writable() {
            let Some(first) = self.m_get(false, kpi::MT_DATA as c_int) else {
                self.m_freem(packet);
                return None;
            };
            first.copy_header(packet);
            packet.set_flags(packet.flags() & !PKTHDR);
            poke!(first.raw(), m_hdr.mh_next = packet.raw());
            // m_align: as far behind as a long is aligned.
            let at = (MHLEN - bytes.len()) & !(size_of::<usize>() - 1);
            // SAFETY: within its storage.
            first.set_data(unsafe { first.data().add(at + bytes.len()) }, 0);
            packet = first;
        }
        // SAFETY: there are that many bytes of the storage before the data.
        let data = unsafe { packet.data().sub(bytes.len()) };
        // SAFETY: as above, and the bytes are not the mbuf's.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len()) };
        packet.set_data(data, packet.data_len() + bytes.len());
        packet.set_packet_len(packet.packet_len() + bytes.len());
        Some(packet)
    }

    /// m_adj(9) from the front.
    pub fn trim_front(&mut self, packet: Mbuf, mut count: usize) {
        packet.set_packet_len(packet.packet_len().saturating_sub(count));
        for m in packet.chain() {
            let n = m.data_len().min(count);
            // SAFETY: at most at the end of the mbuf's data.
            let data = unsafe { m.data().add(n) };
            m.set_data(data, m.data_len() - n);
            count -= n;
        }
    }
}

unsafe extern "C" fn m_copydata(m: *mut kpi::mbuf, off: c_int, len: c_int, cp: *mut c_void) {
    let _world = enter();
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("m_copydata: NULL") };
    kassert!(off >= 0 && len >= 0, "m_copydata: {len} bytes from {off} on");
    // SAFETY: the caller's buffer, of that length.
    let to = unsafe { std::slice::from_raw_parts_mut(cp.cast::<u8>(), len as usize) };
    m.copy_data(off as usize, to);
}

exports!(m_copydata);
