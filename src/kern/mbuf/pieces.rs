// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The memory of a packet, which is in as many pieces as it has mbufs.

use core::marker::PhantomData;
use core::slice;

use super::Mbuf;
use crate::kern::kpi;

/// Where the pieces of a range of a packet are, and how long. Used no longer than the packet.
pub(super) struct RawPieces {
    next: *mut kpi::mbuf,
    /// Bytes before the range.
    skip: usize,
    /// Bytes of the range that are left.
    left: usize,
}

impl RawPieces {
    /// `len` bytes from `start` on, or as many as there are.
    #[inline(always)]
    pub(super) fn new(packet: &Mbuf, start: usize, len: usize) -> Self {
        RawPieces { next: packet.as_ptr(), skip: start, left: len }
    }
}

impl Iterator for RawPieces {
    type Item = (*mut u8, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(*mut u8, usize)> {
        while self.left != 0 {
            // SAFETY: NULL, or an mbuf of the packet.
            let header = unsafe { &self.next.as_ref()?.m_hdr };
            self.next = header.mh_next;
            let len = usize::try_from(header.mh_len).unwrap_or(0);
            if self.skip >= len {
                self.skip = self.skip.wrapping_sub(len);
                continue;
            }
            // SAFETY: mh_len bytes at mh_data are the mbuf's, and `skip` is less.
            let data = unsafe { header.mh_data.add(self.skip) };
            let len = len.wrapping_sub(self.skip).min(self.left);
            self.skip = 0;
            self.left = self.left.wrapping_sub(len);
            return Some((data.cast(), len));
        }
        None
    }
}

/// The pieces of a range of a packet.
pub struct Pieces<'a>(RawPieces, PhantomData<&'a Mbuf>);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (data, len) = self.0.next()?;
        // SAFETY: a piece of the packet, which is borrowed, and which nobody writes to.
        Some(unsafe { slice::from_raw_parts(data, len) })
    }
}

/// The pieces of a range of a packet that nobody else has seen.
pub struct PiecesMut<'a>(RawPieces, PhantomData<&'a mut Mbuf>);

impl<'a> Iterator for PiecesMut<'a> {
    type Item = &'a mut [u8];

    fn next(&mut self) -> Option<&'a mut [u8]> {
        let (data, len) = self.0.next()?;
        // SAFETY: a piece of the packet, which is borrowed exclusively; no two pieces overlap.
        Some(unsafe { slice::from_raw_parts_mut(data, len) })
    }
}

impl Mbuf {
    /// The pieces of `len` bytes from `start` on, or of as many as there are.
    pub fn pieces(&self, start: usize, len: usize) -> Pieces<'_> {
        Pieces(RawPieces::new(self, start, len), PhantomData)
    }

    /// The same, to be written to. The packet's memory is nobody else's: no other packet shares a
    /// cluster of it.
    pub(super) fn pieces_mut(&mut self, start: usize, len: usize) -> PiecesMut<'_> {
        PiecesMut(RawPieces::new(self, start, len), PhantomData)
    }

    /// Copies bytes from `start` on, and returns how many there were.
    pub fn copy_to(&self, start: usize, to: &mut [u8]) -> usize {
        let len = to.len();
        let mut rest = to;
        for piece in self.pieces(start, len) {
            rest = copy(rest, piece);
        }
        len.wrapping_sub(rest.len())
    }
}

/// Copies what fits, and returns what is left of the room.
pub(super) fn copy<'a>(to: &'a mut [u8], from: &[u8]) -> &'a mut [u8] {
    let len = to.len().min(from.len());
    match (to.split_at_mut_checked(len), from.get(..len)) {
        (Some((now, later)), Some(from)) => {
            now.copy_from_slice(from);
            later
        }
        _ => Default::default(),
    }
}
