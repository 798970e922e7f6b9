// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Packets, mbuf(9).

use core::ffi::c_void;
use core::mem::{offset_of, ManuallyDrop};
use core::ptr::{self, NonNull};

use bitflags::bitflags;

use super::errno::{Errno, Result};
use super::kpi;
use super::uio::Uio;

/// What an mbuf with a packet header holds by itself (MHLEN).
const HEADER_ROOM: usize = size_of::<kpi::mbuf>()
    - offset_of!(kpi::mbuf, M_dat)
    - offset_of!(kpi::mbuf__bindgen_ty_1__bindgen_ty_1, MH_dat);
/// What a cluster holds.
const CLUSTER_ROOM: usize = kpi::MCLBYTES as usize;
/// Room left before the Ethernet header, so that the IP header behind it is aligned to 4 bytes.
const ALIGN: usize = 2;
/// How many bytes of a frame the first mbuf holds.
const MAX_FIRST: usize = CLUSTER_ROOM - ALIGN;

bitflags! {
    /// What is said of an mbuf, M_*.
    #[derive(Clone, Copy)]
    struct MbufFlags: u32 {
        /// It begins a packet, and has a packet header.
        const PKTHDR = kpi::M_PKTHDR;
        /// The packet goes to a group.
        const MCAST = kpi::M_MCAST;
    }
}

/// A packet: a chain of mbufs, the first with a packet header. Freed when dropped.
///
/// # Invariants
///
/// Owns the chain, which is on no queue.
pub struct Mbuf(NonNull<kpi::mbuf>);

// SAFETY: a packet belongs to whoever holds it, on any CPU.
unsafe impl Send for Mbuf {}

impl Mbuf {
    /// Takes over a packet from the kernel.
    ///
    /// # Safety
    ///
    /// `raw` is NULL or a packet that the caller owns and gives away.
    pub unsafe fn from_raw(raw: *mut kpi::mbuf) -> Option<Mbuf> {
        NonNull::new(raw).map(Mbuf)
    }

    /// Gives the packet away, as it is.
    pub fn into_raw(self) -> *mut kpi::mbuf {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// Gives the packet away as one that the interface of that index has received.
    pub(super) fn into_received(self, index: kpi::if_index_t) -> *mut kpi::mbuf {
        // SAFETY: owned here.
        let raw = unsafe { &mut *self.as_ptr() };
        // SAFETY: a packet has a packet header, so this member of the union is set.
        let header = unsafe { &mut raw.M_dat.MH.MH_pkthdr };
        header._rcvif.index = index;
        self.into_raw()
    }

    /// The packet, still owned here.
    pub fn as_ptr(&self) -> *mut kpi::mbuf {
        self.0.as_ptr()
    }

    /// Allocates one mbuf with room for ALIGN bytes and `len` behind them, without sleeping: in its
    /// own data area, or in a cluster, which holds MAX_FIRST.
    fn with_room(len: usize) -> Option<NonNull<kpi::mbuf>> {
        let raw = if len <= HEADER_ROOM - ALIGN {
            // SAFETY: no preconditions; M_DONTWAIT does not sleep.
            unsafe { kpi::m_gethdr(kpi::M_NOWAIT as i32, kpi::MT_DATA as i32) }
        } else {
            let flags = MbufFlags::PKTHDR.bits() as i32;
            // SAFETY: as above.
            unsafe { kpi::m_getcl(kpi::M_NOWAIT as i32, kpi::MT_DATA as i32, flags) }
        };
        NonNull::new(raw)
    }

    /// Copies a frame of `len` bytes from user space, into one mbuf unless it is longer than a
    /// cluster. ENOBUFS when there is no memory, EFAULT when the source cannot be read; then nothing
    /// is left behind.
    pub fn read_from(uio: &mut Uio<'_>, len: usize) -> Result<Mbuf> {
        let first = len.min(MAX_FIRST);
        let packet = Mbuf(Self::with_room(first).ok_or(Errno::ENOBUFS)?);
        // SAFETY: just allocated, and owned by `packet`.
        let raw = unsafe { &mut *packet.as_ptr() };
        // SAFETY: `with_room` left ALIGN bytes beyond `first`.
        let data = unsafe { raw.m_hdr.mh_data.add(ALIGN) };
        raw.m_hdr.mh_data = data;
        raw.m_hdr.mh_len = first as i32;
        raw.M_dat.MH.MH_pkthdr.len = first as i32;
        // SAFETY: `first` bytes at `data` are within the mbuf's room.
        unsafe { uio.move_bytes(data.cast(), first) }?;
        if len > MAX_FIRST {
            return packet.append_from(uio, len.wrapping_sub(MAX_FIRST));
        }
        Ok(packet)
    }

    /// Copies `rest` bytes more from user space behind a packet of one mbuf, into buffers of almost
    /// a page: larger ones would be mapped into the kernel and out again for each frame.
    #[cold]
    #[inline(never)]
    fn append_from(mut self, uio: &mut Uio<'_>, mut rest: usize) -> Result<Mbuf> {
        let mut last = self.0;
        while rest != 0 {
            let len = rest.min(kpi::TAP_RS_BUFSIZE as usize);
            // SAFETY: no preconditions; it does not sleep.
            let next = unsafe { kpi::tap_rs_m_getbuf() };
            let mut next = NonNull::new(next).ok_or(Errno::ENOBUFS)?;
            // SAFETY: the last of the chain, which is owned here.
            unsafe { last.as_mut() }.m_hdr.mh_next = next.as_ptr();
            // SAFETY: just allocated, and part of the chain now.
            let header = unsafe { &mut next.as_mut().m_hdr };
            header.mh_len = len as i32;
            let data = header.mh_data;
            self.lengthen(len);
            // SAFETY: the buffer holds `len` bytes.
            unsafe { uio.move_bytes(data.cast(), len) }?;
            last = next;
            rest = rest.wrapping_sub(len);
        }
        Ok(self)
    }

    /// The packet has so many bytes more.
    fn lengthen(&mut self, by: usize) {
        // SAFETY: owned here.
        let raw = unsafe { &mut *self.as_ptr() };
        // SAFETY: a packet has a packet header, so this member of the union is set.
        let header = unsafe { &mut raw.M_dat.MH.MH_pkthdr };
        header.len = header.len.wrapping_add(by as i32);
    }

    /// Copies as much of the packet to user space as the request takes, and returns how many
    /// bytes that were.
    pub fn write_to(&self, uio: &mut Uio<'_>) -> Result<usize> {
        let before = uio.resid();
        let mut next = self.as_ptr();
        // SAFETY: the chain is owned here, so each mbuf of it is valid until NULL.
        while let Some(raw) = unsafe { next.as_ref() } {
            if uio.resid() == 0 {
                break;
            }
            let len = usize::try_from(raw.m_hdr.mh_len).unwrap_or(0).min(uio.resid());
            // SAFETY: mh_len bytes at mh_data are the mbuf's.
            unsafe { uio.move_bytes(raw.m_hdr.mh_data.cast(), len) }?;
            next = raw.m_hdr.mh_next;
        }
        Ok(before.wrapping_sub(uio.resid()))
    }

    /// Whether the packet goes to a group.
    pub fn is_multicast(&self) -> bool {
        // SAFETY: owned here.
        let flags = unsafe { (*self.as_ptr()).m_hdr.mh_flags };
        MbufFlags::from_bits_retain(flags as u32).contains(MbufFlags::MCAST)
    }

    /// What a driver may keep in a packet that is on no interface's queue: M_SETCTX, M_GETCTX.
    pub fn context(&mut self) -> &mut *mut c_void {
        // SAFETY: owned here.
        let raw = unsafe { &mut *self.as_ptr() };
        // SAFETY: a packet has a packet header, so this member of the union is set.
        let header = unsafe { &mut raw.M_dat.MH.MH_pkthdr };
        // SAFETY: any value of the union's other member is a pointer's too.
        unsafe { &mut header._rcvif.ctx }
    }

    /// The packet after it on a list, m_nextpkt. It does not own what is there.
    pub fn next_packet(&mut self) -> &mut *mut kpi::mbuf {
        // SAFETY: owned here.
        unsafe { &mut (*self.as_ptr()).m_hdr.mh_nextpkt }
    }

    /// Its length in bytes, below 2^31.
    pub fn packet_len(&self) -> u32 {
        // SAFETY: owned here.
        packet_len(unsafe { &*self.as_ptr() })
    }
}

/// The length in the packet header. No packet's is negative; should one be, its sign is dropped.
fn packet_len(raw: &kpi::mbuf) -> u32 {
    // SAFETY: a packet has a packet header, so this member of the union is set.
    let len = unsafe { raw.M_dat.MH.MH_pkthdr.len };
    len as u32 & i32::MAX as u32
}

impl Drop for Mbuf {
    fn drop(&mut self) {
        // SAFETY: owned here, and not used again.
        unsafe { kpi::m_freem(self.as_ptr()) }
    }
}

/// Packets in a row, linked through m_nextpkt. Freed when dropped.
///
/// # Invariants
///
/// `first` and `last` are both NULL, or the ends of a list of `len` packets that it owns.
pub struct MbufList {
    first: *mut kpi::mbuf,
    last: *mut kpi::mbuf,
    len: u32,
}

// SAFETY: it owns its packets, which may change CPUs.
unsafe impl Send for MbufList {}

impl MbufList {
    /// An empty list.
    pub const fn new() -> Self {
        MbufList { first: ptr::null_mut(), last: ptr::null_mut(), len: 0 }
    }

    /// How many packets it holds.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Length in bytes of the first packet, 0 when there is none.
    pub fn first_len(&self) -> u32 {
        // SAFETY: NULL, or the first packet, which is owned here.
        unsafe { self.first.as_ref() }.map_or(0, packet_len)
    }

    /// Appends a packet.
    pub fn push(&mut self, mut packet: Mbuf) {
        *packet.next_packet() = ptr::null_mut();
        let raw = packet.into_raw();
        // SAFETY: NULL, or the last packet, which is owned here.
        match unsafe { self.last.as_mut() } {
            Some(last) => last.m_hdr.mh_nextpkt = raw,
            None => self.first = raw,
        }
        self.last = raw;
        self.len = self.len.wrapping_add(1);
    }

    /// Takes the first packet.
    pub fn pop(&mut self) -> Option<Mbuf> {
        // SAFETY: NULL, or the first packet, which leaves the list here.
        let mut packet = unsafe { Mbuf::from_raw(self.first) }?;
        let next = packet.next_packet();
        self.first = *next;
        *next = ptr::null_mut();
        if self.first.is_null() {
            self.last = ptr::null_mut();
        }
        self.len = self.len.wrapping_sub(1);
        Some(packet)
    }

    /// A separate function, because most lists that are dropped are empty.
    #[inline(never)]
    fn free_all(&mut self) {
        let mut next = self.first;
        // SAFETY: NULL, or a packet that is owned here.
        while let Some(mut frame) = unsafe { Mbuf::from_raw(next) } {
            next = core::mem::replace(frame.next_packet(), ptr::null_mut());
        }
    }
}

impl Default for MbufList {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for MbufList {
    fn drop(&mut self) {
        if !self.is_empty() {
            self.free_all();
        }
    }
}
