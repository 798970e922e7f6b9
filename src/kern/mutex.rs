// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Adaptive mutexes, mutex(9).

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

use super::kpi;

/// An adaptive mutex and what it guards.
///
/// # Invariants
///
/// [`init`](Self::init) has run, at the mutex's final address, before anybody else can see it:
/// [`StaticMutex`] sees to it for statics; the owner of any other does so itself.
#[repr(C)]
pub struct Mutex<T> {
    raw: UnsafeCell<MaybeUninit<kpi::kmutex_t>>,
    data: UnsafeCell<T>,
}

// SAFETY: the data is reached only through a guard, which one thread holds at a time.
unsafe impl<T: Send> Sync for Mutex<T> {}
// SAFETY: a mutex that nobody holds may change threads with its data.
unsafe impl<T: Send> Send for Mutex<T> {}

/// The right to what a mutex guards; released when dropped.
pub struct Guard<'a, T> {
    mutex: &'a Mutex<T>,
}

impl<T> Mutex<T> {
    /// A mutex that is not initialised yet.
    pub const fn new(data: T) -> Self {
        Mutex { raw: UnsafeCell::new(MaybeUninit::uninit()), data: UnsafeCell::new(data) }
    }

    fn raw(&self) -> *mut kpi::kmutex_t {
        self.raw.get().cast()
    }

    /// Initialises the mutex in place. The IPL is that of the stack's soft interrupts, which
    /// take it, so it is adaptive.
    pub fn init(&mut self) {
        self.init_raw();
    }

    fn init_raw(&self) {
        // SAFETY: the memory is this mutex's own, and nobody holds it yet.
        unsafe {
            kpi::mutex_init(self.raw(), kpi::kmutex_type_t_MUTEX_DEFAULT, kpi::IPL_SOFTNET as i32)
        }
    }

    /// Takes the mutex, sleeping if it must.
    pub fn lock(&self) -> Guard<'_, T> {
        // SAFETY: initialised, by the type's invariant.
        unsafe { kpi::mutex_enter(self.raw()) };
        Guard { mutex: self }
    }
}

impl<T> Drop for Mutex<T> {
    fn drop(&mut self) {
        // SAFETY: initialised, by the type's invariant, and nobody holds it: it is owned here.
        unsafe { kpi::mutex_destroy(self.raw()) }
    }
}

impl<T> Guard<'_, T> {
    /// The kernel's mutex, for condvar(9).
    pub(super) fn raw(&self) -> *mut kpi::kmutex_t {
        self.mutex.raw()
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the mutex, so nobody writes.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the mutex and is borrowed mutably, so this is the only way in.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the guard holds the mutex.
        unsafe { kpi::mutex_exit(self.raw()) }
    }
}

/// A mutex in a static, from module load to unload.
///
/// # Invariants
///
/// [`lock`](Self::lock) is called between [`init`](Self::init) and [`destroy`](Self::destroy) only.
pub struct StaticMutex<T>(Mutex<T>);

impl<T> StaticMutex<T> {
    /// A mutex that is not initialised yet.
    pub const fn new(data: T) -> Self {
        StaticMutex(Mutex::new(data))
    }

    /// At module load, once, before anything is registered.
    pub fn init(&'static self) {
        self.0.init_raw();
    }

    /// At module unload, once, when nothing is registered any more.
    pub fn destroy(&'static self) {
        // SAFETY: initialised once, and no call of the driver is left that could hold it.
        unsafe { kpi::mutex_destroy(self.0.raw()) }
    }

    /// Takes the mutex, sleeping if it must.
    pub fn lock(&'static self) -> Guard<'static, T> {
        self.0.lock()
    }
}
