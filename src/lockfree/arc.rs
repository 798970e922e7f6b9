// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Shared ownership of a value that is freed late.
//!
//! The unit table holds an [`Arc`] of a softc while its interface is attached. So do each cloned
//! descriptor, each knote, each pending SIGIO, each written frame that has not been passed up, and
//! the threads that create or destroy the interface. A call through a device node holds none: the
//! calls in flight are counted instead (`docs/lifetimes.md`). The last reference may be
//! dropped in a soft interrupt, where memory cannot be freed, or in a close that still executes
//! instructions of the module. The value is therefore only put into a [`Graveyard`] at that point.
//! A thread frees it later, when the value reports that it has [`departed`](Buried::departed).

use core::mem::offset_of;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use super::atomic::{AtomicPtr, AtomicU32, Ordering};
use crate::kern::kmem;

/// A value that lives in an [`Arc`] and ends in a graveyard.
pub trait Buried: Sized + Sync + 'static {
    /// Finishes the construction of the value at its final address.
    fn pin_init(&mut self);
    /// The graveyard that the value is put into when no reference to it is left.
    fn graveyard() -> &'static Graveyard<Self>;
    /// Whether the calls that dropped references to it have left the module's text.
    fn departed(&self) -> bool;
}

#[repr(C)]
pub(super) struct Inner<T> {
    /// The next one in a mailbox or, once no reference is left, in the graveyard.
    pub(super) next: AtomicPtr<Inner<T>>,
    refs: AtomicU32,
    value: T,
}

/// A counted reference to a `T`.
///
/// # Invariants
///
/// Points at an `Inner` that [`Arc::new`] made and whose count includes this reference.
pub struct Arc<T: Buried>(NonNull<Inner<T>>);

// SAFETY: T is Sync, and the count is atomic.
unsafe impl<T: Buried> Send for Arc<T> {}
// SAFETY: as above.
unsafe impl<T: Buried> Sync for Arc<T> {}

impl<T: Buried> Arc<T> {
    /// Makes a value in memory of its own. Thread context; may sleep.
    ///
    /// The memory is allocated first, so that the compiler can initialise the value in place.
    pub fn new(make: impl FnOnce() -> T) -> Self {
        let inner = kmem::alloc::<Inner<T>>();
        let refs = AtomicU32::new(1);
        let whole = Inner { value: make(), refs, next: AtomicPtr::new(ptr::null_mut()) };
        // SAFETY: freshly allocated, of the right size, and nobody else's.
        unsafe { inner.write(whole) };
        // SAFETY: still nobody else's.
        let value = unsafe { &mut (*inner.as_ptr()).value };
        value.pin_init();
        T::graveyard().born.fetch_add(1, Ordering::AcqRel);
        Arc(inner)
    }

    /// Makes another reference to a value.
    pub fn retain(value: &T) -> Self {
        let inner = Self::inner_of(NonNull::from(value));
        // SAFETY: the borrow of the value proves that the Inner is alive.
        let refs = unsafe { &(*inner.as_ptr()).refs };
        refs.fetch_add(1, Ordering::Relaxed);
        Arc(inner)
    }

    /// Turns the reference into a pointer to the value for the kernel to keep.
    pub fn into_raw(self) -> NonNull<T> {
        let inner = self.into_inner();
        // SAFETY: a field of the Inner, which is alive.
        let value = unsafe { &raw mut (*inner.as_ptr()).value };
        // SAFETY: a part of what is not NULL.
        unsafe { NonNull::new_unchecked(value) }
    }

    /// The reference that [`into_raw`](Self::into_raw) gave away.
    ///
    /// # Safety
    ///
    /// `raw` came from `into_raw`, and is taken back once.
    pub unsafe fn from_raw(raw: NonNull<T>) -> Self {
        Arc(Self::inner_of(raw))
    }

    /// The memory behind the reference, which is given up.
    pub(super) fn into_inner(self) -> NonNull<Inner<T>> {
        let inner = self.0;
        core::mem::forget(self);
        inner
    }

    /// The reverse.
    ///
    /// # Safety
    ///
    /// `inner` came from `into_inner`, and is taken back once.
    pub(super) unsafe fn from_inner(inner: NonNull<Inner<T>>) -> Self {
        Arc(inner)
    }

    /// The Inner that a value lives in: a Buried lives nowhere else.
    fn inner_of(value: NonNull<T>) -> NonNull<Inner<T>> {
        // SAFETY: the value is that field of an Inner.
        unsafe { value.byte_sub(offset_of!(Inner<T>, value)) }.cast()
    }

    fn inner(&self) -> &Inner<T> {
        // SAFETY: by the type's invariant it is alive.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Buried> Clone for Arc<T> {
    fn clone(&self) -> Self {
        Arc::retain(self)
    }
}

impl<T: Buried> Deref for Arc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.inner().value
    }
}

impl<T: Buried> Drop for Arc<T> {
    fn drop(&mut self) {
        if self.inner().refs.fetch_sub(1, Ordering::AcqRel) == 1 {
            T::graveyard().bury(self.0);
        }
    }
}

/// Puts a value at the front of a list that is linked through `next`, without a lock. The caller
/// keeps the value alive, and alone uses its link meanwhile.
pub(super) fn push<T>(list: &AtomicPtr<Inner<T>>, inner: NonNull<Inner<T>>) {
    prepend(list, inner.as_ptr(), |first| {
        // SAFETY: the caller keeps it alive.
        unsafe { inner.as_ref() }.next.store(first, Ordering::Relaxed);
    });
}

/// Puts a node at the front of a list, without a lock. `link` stores the former first node as the
/// next one of this node. It is called again if another thread has changed the list.
pub(super) fn prepend<N>(list: &AtomicPtr<N>, node: *mut N, mut link: impl FnMut(*mut N)) {
    let mut first = list.load(Ordering::Relaxed);
    loop {
        link(first);
        match list.compare_exchange_weak(first, node, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// Values to which no reference is left, and which will be freed.
pub struct Graveyard<T> {
    first: AtomicPtr<Inner<T>>,
    /// Values made and not freed yet, buried ones included.
    born: AtomicU32,
}

impl<T: Buried> Graveyard<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Graveyard { first: AtomicPtr::new(ptr::null_mut()), born: AtomicU32::new(0) }
    }

    /// How many values exist, whether referred to or buried.
    pub fn existing(&self) -> u32 {
        self.born.load(Ordering::Acquire)
    }

    #[cold]
    #[inline(never)]
    fn bury(&self, inner: NonNull<Inner<T>>) {
        // The last reference is gone, so the link is the graveyard's to write.
        push(&self.first, inner);
    }

    /// Whether a value is waiting to be freed.
    pub fn has_buried(&self) -> bool {
        !self.first.load(Ordering::Acquire).is_null()
    }

    /// Frees the values that have departed. Thread context; returns how many still exist.
    pub fn reap(&self) -> u32 {
        let mut next = self.first.swap(ptr::null_mut(), Ordering::Acquire);
        while let Some(inner) = NonNull::new(next) {
            // SAFETY: buried, so no reference is left, and taken off the list by the swap.
            let buried = unsafe { inner.as_ref() };
            next = buried.next.load(Ordering::Relaxed);
            if !buried.value.departed() {
                self.bury(inner);
                continue;
            }
            // SAFETY: nobody refers to it, and it is dropped once: it is on no list any more.
            unsafe { ptr::drop_in_place(inner.as_ptr()) };
            // SAFETY: made by Arc::new, and just dropped.
            unsafe { kmem::free(inner) };
            self.born.fetch_sub(1, Ordering::AcqRel);
        }
        self.existing()
    }
}

impl<T: Buried> Default for Graveyard<T> {
    fn default() -> Self {
        Self::new()
    }
}
