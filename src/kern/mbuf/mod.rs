// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Packets, mbuf(9).
//!
//! | file | what it is |
//! | --- | --- |
//! | this one | a packet, and how it comes from and goes to a program |
//! | [`list`] | packets in a row |
//! | [`pieces`] | the memory of a packet |
//! | [`checksum`] | what the packet header says of checksums and segments |
//! | [`writable`] | a packet that nobody else has seen |

pub mod checksum;
pub mod list;
pub mod pieces;
pub mod writable;

pub use self::list::MbufList;
pub use self::writable::Writable;

use core::ffi::c_void;
use core::mem::{offset_of, ManuallyDrop};
use core::ptr::NonNull;

use bitflags::bitflags;

use self::pieces::RawPieces;
use super::errno::{Errno, Result};
use super::kpi;
use super::uio::Transfer;

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
    pub(super) fn into_received(mut self, index: kpi::if_index_t) -> *mut kpi::mbuf {
        self.header_mut()._rcvif.index = index;
        self.into_raw()
    }

    /// The packet, still owned here.
    pub fn as_ptr(&self) -> *mut kpi::mbuf {
        self.0.as_ptr()
    }

    /// Allocates one mbuf with room for ALIGN bytes and `len` behind them, without sleeping: in its
    /// own data area, or in a cluster, which holds MAX_FIRST.
    #[inline(always)]
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

    /// Whether a frame of that length is read into one mbuf.
    pub fn is_one(len: usize) -> bool {
        len <= MAX_FIRST
    }

    /// Copies a frame of `len` bytes from user space, into one mbuf unless it is longer than a
    /// cluster. ENOBUFS when there is no memory, EFAULT when the source cannot be read; then nothing
    /// is left behind.
    #[inline(always)]
    pub fn read_from(uio: &mut impl Transfer, len: usize) -> Result<Mbuf> {
        let mut packet = Self::read_first(uio, len.min(MAX_FIRST), ALIGN)?;
        if len > MAX_FIRST {
            packet.append_from(uio, len.wrapping_sub(MAX_FIRST))?;
        }
        Ok(packet)
    }

    /// Copies at most MAX_FIRST bytes into one mbuf, `gap` bytes into it, at most ALIGN.
    #[inline(always)]
    fn read_first<T: Transfer>(uio: &mut T, len: usize, gap: usize) -> Result<Mbuf> {
        let (packet, data) = Self::with_first(len, gap).ok_or(Errno::ENOBUFS)?;
        // SAFETY: `len` bytes at `data` are the packet's.
        unsafe { uio.move_bytes(data, len) }?;
        Ok(packet)
    }

    /// Allocates a packet of one mbuf that holds `len` bytes, at most MAX_FIRST, and where they are.
    #[inline(always)]
    fn with_first(len: usize, gap: usize) -> Option<(Mbuf, *mut u8)> {
        let packet = Mbuf(Self::with_room(len)?);
        // SAFETY: just allocated, and owned by `packet`.
        let raw = unsafe { &mut *packet.as_ptr() };
        // SAFETY: `with_room` left ALIGN bytes beyond `len`.
        let data = unsafe { raw.m_hdr.mh_data.add(gap) };
        raw.m_hdr.mh_data = data;
        raw.m_hdr.mh_len = len as i32;
        raw.M_dat.MH.MH_pkthdr.len = len as i32;
        Some((packet, data.cast()))
    }

    /// Copies `rest` bytes more from user space behind a packet of one mbuf.
    #[cold]
    #[inline(never)]
    fn append_from(&mut self, uio: &mut dyn Transfer, mut rest: usize) -> Result {
        let mut last = self.0;
        while rest != 0 {
            let (next, data, len) = self.append(last, rest).ok_or(Errno::ENOBUFS)?;
            // SAFETY: the buffer holds `len` bytes.
            unsafe { uio.move_bytes(data, len) }?;
            last = next;
            rest = rest.wrapping_sub(len);
        }
        Ok(())
    }

    /// Appends a buffer of almost a page behind the last mbuf, for as much of `rest` as it holds: a
    /// larger one would be mapped into the kernel and out again for each frame. Returns the new
    /// last mbuf, where its bytes are, and how many.
    fn append(
        &mut self,
        mut last: NonNull<kpi::mbuf>,
        rest: usize,
    ) -> Option<(NonNull<kpi::mbuf>, *mut u8, usize)> {
        let len = rest.min(kpi::TAP_RS_BUFSIZE as usize);
        // SAFETY: no preconditions; it does not sleep.
        let mut next = NonNull::new(unsafe { kpi::tap_rs_m_getbuf() })?;
        // SAFETY: the last of the chain, which is owned here.
        unsafe { last.as_mut() }.m_hdr.mh_next = next.as_ptr();
        // SAFETY: just allocated, and part of the chain now.
        let header = unsafe { &mut next.as_mut().m_hdr };
        header.mh_len = len as i32;
        let data = header.mh_data;
        let packet = self.header_mut();
        packet.len = packet.len.wrapping_add(len as i32);
        Some((next, data.cast(), len))
    }

    /// Copies as much of the packet to user space as the request takes, and returns how many
    /// bytes that were.
    #[inline(always)]
    pub fn write_to(&self, uio: &mut impl Transfer) -> Result<usize> {
        // Most packets are one mbuf, which is done with before there is a loop.
        let room = uio.resid();
        let (mut done, mut next) = Self::write_one(self.0, uio, room)?;
        while let Some(raw) = next {
            let left = room.wrapping_sub(done);
            if left == 0 {
                break;
            }
            let (len, after) = Self::write_one(raw, uio, left)?;
            done = done.wrapping_add(len);
            next = after;
        }
        Ok(done)
    }

    /// The same, of a packet that is one mbuf.
    #[inline(always)]
    pub fn write_first(&self, uio: &mut impl Transfer) -> Result<usize> {
        let room = uio.resid();
        Self::write_one(self.0, uio, room).map(|(len, _)| len)
    }

    /// Whether it is one mbuf.
    pub fn is_single(&self) -> bool {
        // SAFETY: owned here.
        unsafe { (*self.as_ptr()).m_hdr.mh_next.is_null() }
    }

    /// Copies at most `room` bytes of an mbuf. Returns how many there were, and the next mbuf.
    #[inline(always)]
    fn write_one(
        raw: NonNull<kpi::mbuf>,
        uio: &mut impl Transfer,
        room: usize,
    ) -> Result<(usize, Option<NonNull<kpi::mbuf>>)> {
        // SAFETY: an mbuf of a packet that the caller owns.
        let header = unsafe { &raw.as_ref().m_hdr };
        let len = (header.mh_len as u32 as usize).min(room);
        // SAFETY: mh_len bytes at mh_data are the mbuf's.
        unsafe { uio.move_bytes(header.mh_data.cast(), len) }?;
        Ok((len, NonNull::new(header.mh_next)))
    }

    /// The same with `len` bytes from `start` on, or as many as there are. It takes more
    /// instructions to begin with.
    pub fn write_range(&self, start: usize, len: usize, uio: &mut dyn Transfer) -> Result<usize> {
        let before = uio.resid();
        for (data, len) in RawPieces::new(self, start, len.min(before)) {
            // SAFETY: a piece of the packet, which is owned here.
            unsafe { uio.move_bytes(data, len) }?;
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
        // SAFETY: any value of the union's other member is a pointer's too.
        unsafe { &mut self.header_mut()._rcvif.ctx }
    }

    /// The packet after it on a list, m_nextpkt. It does not own what is there.
    pub fn next_packet(&mut self) -> &mut *mut kpi::mbuf {
        // SAFETY: owned here.
        unsafe { &mut (*self.as_ptr()).m_hdr.mh_nextpkt }
    }

    /// The packet header.
    fn header(&self) -> &kpi::pkthdr {
        // SAFETY: owned here.
        let raw = unsafe { &*self.as_ptr() };
        // SAFETY: a packet has a packet header, so this member of the union is set.
        unsafe { &raw.M_dat.MH.MH_pkthdr }
    }

    fn header_mut(&mut self) -> &mut kpi::pkthdr {
        // SAFETY: owned here.
        let raw = unsafe { &mut *self.as_ptr() };
        // SAFETY: a packet has a packet header, so this member of the union is set.
        unsafe { &mut raw.M_dat.MH.MH_pkthdr }
    }

    /// Whether it is longer than so many bytes.
    pub fn is_longer(&self, bytes: usize) -> bool {
        // Not packet_len(), whose mask is an instruction in each read: the length is positive.
        bytes < self.header().len as u32 as usize
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
