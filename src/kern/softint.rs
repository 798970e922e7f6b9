// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Soft interrupts, softint(9).

use core::ffi::c_void;
use core::ptr;

use super::atomic::{AtomicPtr, Ordering};
use super::errno::{Errno, Result};
use super::kpi;

/// The one soft interrupt of the module, at the clock's level, from load to unload.
///
/// One for all interfaces: the kernel has a few hundred slots in all, and one that is
/// disestablished while it may be scheduled panics.
pub struct Softint(AtomicPtr<c_void>);

impl Softint {
    /// Not established yet.
    pub const fn new() -> Self {
        Softint(AtomicPtr::new(ptr::null_mut()))
    }

    /// At module load.
    pub fn establish(&self) -> Result {
        let flags = kpi::SOFTINT_CLOCK | kpi::SOFTINT_MPSAFE;
        let handler = Some(kpi::tap_rs_softintr as unsafe extern "C" fn(*mut c_void));
        // SAFETY: the handler ignores its argument, and stays until `disestablish`.
        let cookie = unsafe { kpi::softint_establish(flags, handler, ptr::null_mut()) };
        if cookie.is_null() {
            return Err(Errno::ENOMEM);
        }
        self.0.store(cookie, Ordering::Release);
        Ok(())
    }

    /// Has the handler run soon.
    pub fn schedule(&self) {
        let cookie = self.0.load(Ordering::Acquire);
        if !cookie.is_null() {
            // SAFETY: established, and not disestablished before the last softc is gone.
            unsafe { kpi::tap_rs_softint_schedule(cookie) }
        }
    }

    /// At module unload, when nobody is left to schedule it. Waits until it does not run.
    pub fn disestablish(&self) {
        let cookie = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        if !cookie.is_null() {
            // SAFETY: established, and swapped out once.
            unsafe { kpi::softint_disestablish(cookie) }
        }
    }
}

impl Default for Softint {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the kernel has a slot left for the soft interrupt that if_percpuq_create(9)
/// establishes for each interface, without looking whether it got one.
pub fn has_room() -> bool {
    let handler = Some(kpi::tap_rs_softintr as unsafe extern "C" fn(*mut c_void));
    // SAFETY: never scheduled, and disestablished at once.
    let probe = unsafe { kpi::softint_establish(kpi::SOFTINT_NET, handler, ptr::null_mut()) };
    if probe.is_null() {
        return false;
    }
    // SAFETY: established just now.
    unsafe { kpi::softint_disestablish(probe) };
    true
}
