// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The units' table: from a number below 2^20 to the value attached there, without a lock.
//!
//! Two levels of 1024 slots. Leaves are made when first needed and kept until unload, so a reader
//! never meets freed memory; a whole table costs 8 kB for the root and 8 kB for each 1024 units.
//! Writers are serialised by the driver's creation mutex.

use core::ptr::{self, NonNull};

use super::arc::{Arc, Buried};
use super::atomic::{AtomicPtr, Ordering};
use super::errno::{Errno, Result};
use super::kmem;
use crate::unit::Unit;

const FANOUT: usize = 1024;

struct Leaf<T> {
    slots: [AtomicPtr<T>; FANOUT],
}

struct Root<T> {
    leaves: [AtomicPtr<Leaf<T>>; FANOUT],
}

/// A table that owns one [`Arc`] for each occupied slot.
pub struct Table<T> {
    root: AtomicPtr<Root<T>>,
}

impl<T: Buried> Table<T> {
    /// A table without memory.
    pub const fn new() -> Self {
        Table { root: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Allocates the root. At module load.
    pub fn init(&self) -> Result {
        let root = kmem::zalloc::<Root<T>>()?;
        self.root.store(root.as_ptr(), Ordering::Release);
        Ok(())
    }

    /// Frees all memory. At module unload: no slot is occupied and nobody reads any more.
    pub fn destroy(&self) {
        let Some(root) = NonNull::new(self.root.swap(ptr::null_mut(), Ordering::AcqRel)) else {
            return;
        };
        // SAFETY: the root is alive until freed below; zeroed pointers are valid ones.
        for leaf in unsafe { root.as_ref() }.leaves.iter() {
            if let Some(leaf) = NonNull::new(leaf.load(Ordering::Acquire)) {
                // SAFETY: made by `insert`, and nobody reads any more.
                unsafe { kmem::free(leaf) };
            }
        }
        // SAFETY: made by `init`, and nobody reads any more.
        unsafe { kmem::free(root) };
    }

    fn leaf_slot(&self, unit: Unit) -> Option<&AtomicPtr<Leaf<T>>> {
        let root = NonNull::new(self.root.load(Ordering::Acquire))?;
        // SAFETY: the root lives until unload, when no call of the driver is left.
        unsafe { root.as_ref() }.leaves.get(unit.get() as usize / FANOUT)
    }

    fn slot(&self, unit: Unit) -> Option<&AtomicPtr<T>> {
        let leaf = NonNull::new(self.leaf_slot(unit)?.load(Ordering::Acquire))?;
        // SAFETY: leaves live until unload, when no call of the driver is left.
        unsafe { leaf.as_ref() }.slots.get(unit.get() as usize % FANOUT)
    }

    /// Whether the unit is taken.
    pub fn is_occupied(&self, unit: Unit) -> bool {
        self.slot(unit).is_some_and(|slot| !slot.load(Ordering::Acquire).is_null())
    }

    /// The lowest unit from `from` on that is free.
    pub fn first_free(&self, from: Unit) -> Option<Unit> {
        let mut unit = from;
        while self.is_occupied(unit) {
            unit = unit.next()?;
        }
        Some(unit)
    }

    /// Occupies a slot. The caller holds the creation mutex; EEXIST if it is taken.
    pub fn insert(&self, unit: Unit, value: Arc<T>) -> Result {
        let leaf_slot = self.leaf_slot(unit).ok_or(Errno::ENXIO)?;
        if leaf_slot.load(Ordering::Acquire).is_null() {
            leaf_slot.store(kmem::zalloc::<Leaf<T>>()?.as_ptr(), Ordering::Release);
        }
        let slot = self.slot(unit).ok_or(Errno::ENXIO)?;
        if !slot.load(Ordering::Acquire).is_null() {
            return Err(Errno::EEXIST);
        }
        slot.store(value.into_raw(), Ordering::Release);
        Ok(())
    }

    /// Empties a slot and returns its reference. The caller holds the creation mutex.
    pub fn remove(&self, unit: Unit) -> Option<Arc<T>> {
        let raw = self.slot(unit)?.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: only `insert` fills slots, from into_raw, and the swap takes it out once.
        unsafe { Arc::from_raw(raw) }
    }

    /// The value in a slot.
    ///
    /// # Safety
    ///
    /// Something keeps the slot's reference from being dropped while the borrow lives: the
    /// creation mutex, or a call that detach drains between [`remove`](Self::remove) and the drop.
    pub unsafe fn get(&self, unit: Unit) -> Option<&T> {
        let raw = self.slot(unit)?.load(Ordering::Acquire);
        // SAFETY: the caller's promise; only `insert` fills slots, with pointers to live values.
        unsafe { raw.as_ref() }
    }
}

impl<T: Buried> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}
