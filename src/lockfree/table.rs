// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The table of units. It maps a number below 2^20 to the value of that unit, without a lock.
//!
//! The table has two levels of 1024 slots each. A leaf is allocated when it is first needed, and is
//! kept until unload, so a reader never reads freed memory. The root takes 8 kB, and each leaf of
//! 1024 units takes 8 kB. The driver's creation mutex serialises writers.

use core::ptr::{self, NonNull};

use static_assertions::const_assert;

use super::arc::{Arc, Buried};
use super::atomic::{AtomicPtr, Ordering};
use crate::kern::errno::{Errno, Result};
use crate::kern::kmem;
use crate::unit::{Unit, CLONER_MINOR};

const FANOUT: usize = 1024;

const_assert!(CLONER_MINOR as usize <= FANOUT * FANOUT);

struct Leaf<T> {
    slots: [AtomicPtr<T>; FANOUT],
}

impl<T> Leaf<T> {
    fn slot(&self, number: u32) -> &AtomicPtr<T> {
        // SAFETY: below FANOUT.
        unsafe { self.slots.get_unchecked(number as usize % FANOUT) }
    }
}

struct Root<T> {
    leaves: [AtomicPtr<Leaf<T>>; FANOUT],
}

/// A table that owns one [`Arc`] for each occupied slot.
///
/// # Invariants
///
/// All but `init` and `destroy` is called between those two only, while the driver is loaded.
pub struct Table<T> {
    root: AtomicPtr<Root<T>>,
}

impl<T: Buried> Table<T> {
    /// A table without memory.
    pub const fn new() -> Self {
        Table { root: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Allocates the root. At module load.
    pub fn init(&self) {
        self.root.store(kmem::zalloc::<Root<T>>().as_ptr(), Ordering::Release);
    }

    /// Frees all memory. At module unload: no slot is occupied and nobody reads any more.
    pub fn destroy(&self) {
        // SAFETY: made by `init`.
        let root = unsafe { NonNull::new_unchecked(self.root.load(Ordering::Acquire)) };
        // SAFETY: the root is alive until freed below; zeroed pointers are valid ones.
        for leaf in unsafe { root.as_ref() }.leaves.iter() {
            if let Some(leaf) = NonNull::new(leaf.load(Ordering::Acquire)) {
                // SAFETY: made by `vacant`, and nobody reads any more.
                unsafe { kmem::free(leaf) };
            }
        }
        // SAFETY: made by `init`, and nobody reads any more.
        unsafe { kmem::free(root) };
    }

    /// The root's slot for the leaf of a number. Numbers are below 2^20.
    fn leaf_of(&self, number: u32) -> &AtomicPtr<Leaf<T>> {
        // SAFETY: there is a root between `init` and `destroy`, by the type's invariant.
        let root = unsafe { &*self.root.load(Ordering::Acquire) };
        // SAFETY: below FANOUT.
        unsafe { root.leaves.get_unchecked(number as usize / FANOUT % FANOUT) }
    }

    /// The slot of a number, if its leaf has been made.
    fn slot(&self, number: u32) -> Option<&AtomicPtr<T>> {
        // SAFETY: NULL, or a leaf, which lives until unload, when no call of the driver is left.
        let leaf = unsafe { self.leaf_of(number).load(Ordering::Acquire).as_ref() };
        leaf.map(|leaf| leaf.slot(number))
    }

    /// A slot that is free; EEXIST if it is taken. The caller holds the creation mutex, so it
    /// stays free.
    pub fn vacant(&self, unit: Unit) -> Result<Vacant<'_, T>> {
        let place = self.leaf_of(unit.get());
        let mut leaf = place.load(Ordering::Acquire);
        if leaf.is_null() {
            leaf = kmem::zalloc::<Leaf<T>>().as_ptr();
            place.store(leaf, Ordering::Release);
        }
        // SAFETY: leaves live until unload, when no call of the driver is left.
        let slot = unsafe { &*leaf }.slot(unit.get());
        if slot.load(Ordering::Acquire).is_null() {
            Ok(Vacant(slot))
        } else {
            Err(Errno::EEXIST)
        }
    }

    /// Empties a slot and returns its reference. The caller holds the creation mutex.
    pub fn remove(&self, unit: Unit) -> Option<Arc<T>> {
        let raw = self.slot(unit.get())?.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: only `occupy` fills slots, from into_raw, and the swap takes it out once.
        NonNull::new(raw).map(|value| unsafe { Arc::from_raw(value) })
    }

    /// The value of the unit of a minor number; the cloner's number has none.
    ///
    /// # Safety
    ///
    /// Something keeps the slot's reference from being dropped while the borrow lives: the
    /// creation mutex, or a call that detach drains between [`remove`](Self::remove) and the drop.
    pub unsafe fn get(&self, minor: u32) -> Option<&T> {
        let value = self.slot(minor)?.load(Ordering::Acquire);
        // SAFETY: the caller's promise; only `occupy` fills slots, with pointers to live values.
        unsafe { value.as_ref() }
    }

    /// The first value, beginning with the unit `from`, for which `wanted` returns true.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get), for all slots.
    pub unsafe fn find(&self, from: u32, mut wanted: impl FnMut(&T) -> bool) -> Option<&T> {
        let mut number = from;
        while number < CLONER_MINOR {
            let Some(slot) = self.slot(number) else {
                // There is no leaf here, so continue with the next one.
                number = (number | (FANOUT as u32 - 1)) + 1;
                continue;
            };
            // SAFETY: the caller's promise; only `occupy` fills slots, with pointers to live values.
            match unsafe { slot.load(Ordering::Acquire).as_ref() } {
                Some(value) if wanted(value) => return Some(value),
                _ => number += 1,
            }
        }
        None
    }
}

/// A free slot, into which the value of its unit may be put.
pub struct Vacant<'a, T>(&'a AtomicPtr<T>);

impl<T: Buried> Vacant<'_, T> {
    /// Puts a reference into the slot.
    pub fn occupy(self, value: Arc<T>) {
        self.0.store(value.into_raw().as_ptr(), Ordering::Release);
    }
}

impl<T: Buried> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}
