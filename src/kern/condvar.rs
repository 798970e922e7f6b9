// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Condition variables, condvar(9).

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::mem::MaybeUninit;

use super::errno::{check, Result};
use super::kpi;
use super::mutex::Guard;

/// A condition variable.
///
/// # Invariants
///
/// [`init`](Self::init) has run, at its final address, before anybody else can see it.
pub struct Condvar(UnsafeCell<MaybeUninit<kpi::kcondvar_t>>);

// SAFETY: condvar(9) is made to be used by many threads.
unsafe impl Sync for Condvar {}
// SAFETY: without sleepers it may change threads.
unsafe impl Send for Condvar {}

impl Condvar {
    /// A condition variable that is not initialised yet.
    pub const fn new() -> Self {
        Condvar(UnsafeCell::new(MaybeUninit::uninit()))
    }

    fn raw(&self) -> *mut kpi::kcondvar_t {
        self.0.get().cast()
    }

    /// Initialises it in place; `name` is what ps(1) shows for a sleeper.
    pub fn init(&mut self, name: &'static CStr) {
        // SAFETY: the memory is its own, and nobody sleeps on it yet; the name is static.
        unsafe { kpi::cv_init(self.raw(), name.as_ptr()) }
    }

    /// Sleeps; the mutex is released meanwhile. Signals do not end the sleep.
    pub fn wait<T>(&self, guard: &mut Guard<'_, T>) {
        // SAFETY: the guard holds the mutex, and holds it again on return.
        unsafe { kpi::cv_wait(self.raw(), guard.raw()) }
    }

    /// Sleeps until woken or, with EINTR or ERESTART, a signal comes.
    pub fn wait_sig<T>(&self, guard: &mut Guard<'_, T>) -> Result {
        // SAFETY: the guard holds the mutex, and holds it again on return.
        check(unsafe { kpi::cv_wait_sig(self.raw(), guard.raw()) })
    }

    /// Wakes one sleeper.
    pub fn signal(&self) {
        // SAFETY: initialised, by the type's invariant.
        unsafe { kpi::cv_signal(self.raw()) }
    }

    /// Wakes all sleepers.
    pub fn broadcast(&self) {
        // SAFETY: initialised, by the type's invariant.
        unsafe { kpi::cv_broadcast(self.raw()) }
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Condvar {
    fn drop(&mut self) {
        // SAFETY: initialised, and owned here, so nobody sleeps on it.
        unsafe { kpi::cv_destroy(self.raw()) }
    }
}
