// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A packet that nobody else has seen, and that may be written to.

use core::slice;

use super::pieces::copy;
use super::{Mbuf, ALIGN, MAX_FIRST};
use crate::kern::errno::{Errno, Result};
use crate::kern::kpi;
use crate::kern::uio::Transfer;

/// A packet whose memory no other packet shares.
pub struct Writable(pub(super) Mbuf);

impl Writable {
    /// A packet of `len` bytes, all of which the caller writes. `None` when there is no memory.
    pub fn new(len: usize) -> Option<Writable> {
        let first = len.min(MAX_FIRST);
        let (mut packet, _data) = Mbuf::with_first(first, ALIGN)?;
        let mut last = packet.0;
        let mut rest = len.wrapping_sub(first);
        while rest != 0 {
            let (next, _data, len) = packet.append(last, rest)?;
            last = next;
            rest = rest.wrapping_sub(len);
        }
        Some(Writable(packet))
    }

    /// Copies from user space `before` bytes and the frame of `len` bytes that follows them: all of
    /// them, or as much as the first mbuf holds. The frame's IP header is aligned as by
    /// [`Mbuf::read_from`]. The same errors.
    #[inline(always)]
    pub fn read_first(uio: &mut impl Transfer, before: usize, len: usize) -> Result<Writable> {
        let gap = if before & 3 == 0 { ALIGN } else { 0 };
        let first = before.wrapping_add(len).min(MAX_FIRST);
        Mbuf::read_first(uio, first, gap).map(Writable)
    }

    /// Copies the rest of a frame of `len` bytes behind its beginning, which is in one mbuf. The
    /// same errors.
    #[inline(always)]
    pub fn read_rest(&mut self, uio: &mut dyn Transfer, len: usize) -> Result {
        match len.wrapping_sub(self.0.packet_len() as usize) {
            0 => Ok(()),
            rest => self.0.append_from(uio, rest),
        }
    }

    /// A packet of `headers`, the bytes `here` behind them, and `rest` bytes that are copied from
    /// user space. The first two fit into one mbuf. The same errors.
    pub fn read_segment(
        uio: &mut dyn Transfer,
        headers: &[u8],
        here: &[u8],
        rest: usize,
    ) -> Result<Writable> {
        let len = headers.len().wrapping_add(here.len()).wrapping_add(rest);
        let first = len.min(MAX_FIRST);
        let (packet, data) = Mbuf::with_first(first, ALIGN).ok_or(Errno::ENOBUFS)?;
        // SAFETY: `first` bytes at `data` are the packet's.
        let room = unsafe { slice::from_raw_parts_mut(data, first) };
        let mut room = copy(room, headers);
        if !here.is_empty() {
            room = copy(room, here);
        }
        if !room.is_empty() {
            // SAFETY: that many bytes of memory that is borrowed.
            unsafe { uio.move_bytes(room.as_mut_ptr(), room.len()) }?;
        }
        let mut frame = Writable(packet);
        frame.read_rest(uio, len)?;
        Ok(frame)
    }

    /// Takes over a packet, or returns it if another packet shares its memory. If the packet came
    /// from a [`Writable`], and nobody else has seen it since, no other packet does.
    pub fn again(packet: Mbuf) -> core::result::Result<Writable, Mbuf> {
        // SAFETY: a packet that is owned, and is only looked at.
        match unsafe { kpi::tap_rs_m_is_shared(packet.as_ptr()) } {
            0 => Ok(Writable(packet)),
            _ => Err(packet),
        }
    }

    /// What is in the first mbuf: all of a frame of less than MAX_FIRST bytes that was read from
    /// user space.
    pub fn front(&self) -> &[u8] {
        self.0.pieces(0, usize::MAX).next().unwrap_or_default()
    }

    /// The same, to be written to.
    pub fn front_mut(&mut self) -> &mut [u8] {
        self.0.pieces_mut(0, usize::MAX).next().unwrap_or_default()
    }

    /// Cuts off the first bytes, which are in the first mbuf.
    pub fn strip(&mut self, len: usize) {
        // SAFETY: owned here.
        let header = unsafe { &mut (*self.0.as_ptr()).m_hdr };
        let len = len.min(usize::try_from(header.mh_len).unwrap_or(0));
        // SAFETY: mh_len bytes at mh_data are the mbuf's.
        header.mh_data = unsafe { header.mh_data.add(len) };
        header.mh_len = header.mh_len.wrapping_sub(len as i32);
        let packet = self.0.header_mut();
        packet.len = packet.len.wrapping_sub(len as i32);
    }

    /// Cuts off the bytes beyond `len`.
    pub fn trim(&mut self, len: usize) {
        if len >= self.0.packet_len() as usize {
            return;
        }
        self.0.header_mut().len = len as i32;
        let mut rest = len;
        let mut next = self.0.as_ptr();
        // SAFETY: the chain is owned here, so each mbuf of it is valid until NULL.
        while let Some(raw) = unsafe { next.as_mut() } {
            // An mbuf may be empty.
            let keep = rest.min(usize::try_from(raw.m_hdr.mh_len).unwrap_or(0));
            raw.m_hdr.mh_len = keep as i32;
            rest = rest.wrapping_sub(keep);
            next = raw.m_hdr.mh_next;
        }
    }

    /// Writes bytes at `start`, as far as the packet goes.
    pub fn put(&mut self, start: usize, bytes: &[u8]) {
        let mut rest = bytes;
        for piece in self.0.pieces_mut(start, bytes.len()) {
            copy(piece, rest);
            rest = rest.get(piece.len()..).unwrap_or_default();
        }
    }

    /// Copies `len` bytes of another packet, from `from` on, to `start`.
    pub fn copy_from(&mut self, start: usize, other: &Mbuf, from: usize, len: usize) {
        let mut room: &mut [u8] = &mut [];
        let mut to = self.0.pieces_mut(start, len);
        for mut piece in other.pieces(from, len) {
            while !piece.is_empty() {
                if room.is_empty() {
                    let Some(next) = to.next() else { return };
                    room = next;
                }
                let before = room.len();
                room = copy(room, piece);
                piece = piece.get(before.wrapping_sub(room.len())..).unwrap_or_default();
            }
        }
    }

    /// The packet, to be read only.
    pub fn as_mbuf(&self) -> &Mbuf {
        &self.0
    }

    /// The packet, done.
    pub fn finish(self) -> Mbuf {
        self.0
    }
}
