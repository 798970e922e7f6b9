// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Lists of packets.

use core::mem;
use core::ptr;

use super::{packet_len, Mbuf};
use crate::kern::kpi;

/// Packets in a row, linked through m_nextpkt. Freed when dropped.
///
/// # Invariants
///
/// `first` is NULL, or `first` and `last` are the ends of a list of `len` packets that it owns.
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

    /// A list of one packet.
    pub fn of(packet: Mbuf) -> Self {
        let mut list = MbufList::new();
        list.push(packet);
        list
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
        if self.first.is_null() {
            self.first = raw;
        } else {
            // SAFETY: the last packet, which is owned here.
            unsafe { (*self.last).m_hdr.mh_nextpkt = raw };
        }
        self.last = raw;
        self.len = self.len.wrapping_add(1);
    }

    /// Takes the first packet.
    pub fn pop(&mut self) -> Option<Mbuf> {
        // SAFETY: NULL, or the first packet, which leaves the list here.
        let mut packet = unsafe { Mbuf::from_raw(self.first) }?;
        self.first = mem::replace(packet.next_packet(), ptr::null_mut());
        self.len = self.len.wrapping_sub(1);
        Some(packet)
    }

    /// A separate function, because most lists that are dropped are empty.
    #[inline(never)]
    fn free_all(&mut self) {
        let mut next = self.first;
        // SAFETY: NULL, or a packet that is owned here.
        while let Some(mut frame) = unsafe { Mbuf::from_raw(next) } {
            next = mem::replace(frame.next_packet(), ptr::null_mut());
        }
    }
}

impl Iterator for MbufList {
    type Item = Mbuf;

    fn next(&mut self) -> Option<Mbuf> {
        self.pop()
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
