// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kmem(9), as sys/kern/subr_kmem.c has it with its DIAGNOSTIC checks, and malloc(9): memory is
//! freed once, with the size it was allocated with, and holds no live lock then. What is freed is
//! poisoned, and kept for a while so that a late use finds the poison.

use std::alloc::{alloc, alloc_zeroed, dealloc, Layout};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{c_int, c_void};
use std::ops::Range;

use litemap::LiteMap;

use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// How many freed pieces are kept from being used again. AddressSanitizer keeps them itself, and
/// tells who freed them.
const QUARANTINE: usize = if cfg!(asan) { 0 } else { 256 };
const POISON: u8 = 0xdf;
const ALIGN: usize = 64;

/// Who allocated a piece, and by which of the allocators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// kmem(9).
    Kmem,
    /// malloc(9), external mbuf storage among it.
    Malloc,
    /// The host's own objects in the kernel's name: mbufs, devices, files.
    Object(&'static str),
}

/// All pieces that are allocated.
#[derive(Default)]
pub struct Memory {
    pieces: BTreeMap<usize, (usize, Kind)>,
    quarantine: VecDeque<(usize, usize)>,
    /// Allocations that may fail from now on until one does; `None`: none does.
    pub fail_in: Option<u64>,
    /// How many allocations that may fail have been made.
    pub failable: u64,
}

/// The first key of a table that lies in a span.
pub(super) fn first_inside<K: Copy + Ord, V>(table: &LiteMap<K, V>, span: Range<K>) -> Option<K> {
    let at = table.find_index(&span.start).unwrap_or_else(|behind| behind);
    let (key, _) = table.get_indexed(at)?;
    span.contains(key).then_some(*key)
}

impl Memory {
    /// How many pieces exist.
    pub fn count(&self) -> usize {
        self.pieces.len()
    }

    /// How many pieces of one kind exist.
    pub fn count_of(&self, kind: Kind) -> usize {
        self.pieces.values().filter(|(_, of)| *of == kind).count()
    }

    /// Pieces that a module allocated. Those that it has freed are looked at, too.
    pub fn leftovers(&self) -> Vec<String> {
        for (address, len) in &self.quarantine {
            check_poison(*address, *len);
        }
        let pieces = self.pieces.values().filter(|(_, kind)| !matches!(kind, Kind::Object(_)));
        pieces.map(|(len, kind)| format!("{len} bytes of {kind:?}")).collect()
    }

    /// The piece that an address lies in: its start, length and kind.
    pub fn piece_of(&self, address: usize) -> Option<(usize, usize, Kind)> {
        let (start, (len, kind)) = self.pieces.range(..=address).next_back()?;
        (address < start + len).then_some((*start, *len, *kind))
    }

    /// Whether an allocation that may fail does so now, as the test has asked for.
    pub fn fails(&mut self) -> bool {
        self.failable += 1;
        match &mut self.fail_in {
            Some(0) => {
                self.fail_in = None;
                true
            }
            Some(n) => {
                *n -= 1;
                false
            }
            None => false,
        }
    }
}

fn layout(len: usize) -> Layout {
    match Layout::from_size_align(len, ALIGN) {
        Ok(layout) => layout,
        Err(_) => host_panic!("an allocation of {len} bytes"),
    }
}

impl World {
    /// Allocates; zeroed or full of rubbish.
    pub fn allocate(&mut self, len: usize, kind: Kind, zeroed: bool) -> *mut c_void {
        kassert!(len != 0, "an allocation of no bytes");
        let start = if zeroed {
            // SAFETY: the length is not zero.
            unsafe { alloc_zeroed(layout(len)) }
        } else {
            // SAFETY: as above.
            unsafe { alloc(layout(len)) }
        };
        kassert!(!start.is_null(), "this machine has no {len} bytes left");
        if !zeroed {
            // SAFETY: just allocated.
            unsafe { start.write_bytes(0xa7, len) };
        }
        self.memory.pieces.insert(start as usize, (len, kind));
        start.cast()
    }

    /// Frees; `len` where the allocator wants it.
    pub fn free(&mut self, start: *mut c_void, len: Option<usize>, kind: Kind) {
        let address = start as usize;
        let Some((had, by)) = self.memory.pieces.remove(&address) else {
            host_panic!("free: {start:?} is not allocated, or freed twice");
        };
        kassert!(by == kind, "free: {start:?} was allocated by {by:?}, freed by {kind:?}");
        if let Some(len) = len {
            kassert!(len == had, "free: {start:?} has {had} bytes, freed as {len}");
        }
        if let Some(mutex) = self.locks.inside(address, had) {
            host_panic!("free: {start:?} still holds the mutex {mutex:#x}");
        }
        if let Some(ifnet) = self.net.inside(address, had) {
            host_panic!("free: {start:?} still holds the interface {ifnet:#x}");
        }
        // SAFETY: allocated until now, with that length.
        unsafe { start.cast::<u8>().write_bytes(POISON, had) };
        self.memory.quarantine.push_back((address, had));
        if self.memory.quarantine.len() > QUARANTINE {
            if let Some((address, len)) = self.memory.quarantine.pop_front() {
                release(address, len);
            }
        }
    }
}

/// A piece in the quarantine is as `free` left it.
fn check_poison(address: usize, len: usize) {
    let start = address as *const u8;
    // SAFETY: it was allocated with that length, and only the quarantine refers to it.
    let bytes = unsafe { std::slice::from_raw_parts(start, len) };
    // Many at once: what is found is seldom.
    let same = |part: &[u8]| *part == [POISON; 256][..part.len()];
    if !bytes.chunks(256).all(same) {
        let at = bytes.iter().position(|byte| *byte != POISON).unwrap_or(len);
        host_panic!("{start:?} of {len} bytes was written to at {at} after it was freed");
    }
}

fn release(address: usize, len: usize) {
    check_poison(address, len);
    // SAFETY: it was allocated with that length, and nobody refers to it any more.
    unsafe { dealloc(address as *mut u8, layout(len)) };
}

fn kmem(len: usize, flags: kpi::km_flag_t, zeroed: bool) -> *mut c_void {
    let mut world = enter();
    if flags & kpi::KM_SLEEP as kpi::km_flag_t != 0 {
        world.assert_sleepable("kmem_alloc");
    } else if world.memory.fails() {
        return std::ptr::null_mut();
    }
    kassert!(!world.current().softint, "kmem_alloc in a soft interrupt");
    world.allocate(len, Kind::Kmem, zeroed)
}

unsafe extern "C" fn kmem_alloc(len: usize, flags: kpi::km_flag_t) -> *mut c_void {
    kmem(len, flags, false)
}

unsafe extern "C" fn kmem_zalloc(len: usize, flags: kpi::km_flag_t) -> *mut c_void {
    kmem(len, flags, true)
}

unsafe extern "C" fn kmem_free(start: *mut c_void, len: usize) {
    let mut world = enter();
    kassert!(!world.current().softint, "kmem_free in a soft interrupt");
    world.free(start, Some(len), Kind::Kmem);
}

/// kern_malloc, behind malloc(9): M_ZERO is 0x0002, M_NOWAIT 0x0001 (sys/sys/malloc.h).
unsafe extern "C" fn kern_malloc(len: usize, flags: c_int) -> *mut c_void {
    let mut world = enter();
    if flags & 1 == 0 {
        world.assert_sleepable("malloc");
    } else if world.memory.fails() {
        return std::ptr::null_mut();
    }
    world.allocate(len, Kind::Malloc, flags & 2 != 0)
}

unsafe extern "C" fn kern_free(start: *mut c_void) {
    if !start.is_null() {
        enter().free(start, None, Kind::Malloc);
    }
}

exports!(kmem_alloc, kmem_zalloc, kmem_free; kern_malloc, kern_free);
