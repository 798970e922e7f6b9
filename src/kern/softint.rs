// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Soft interrupts, softint(9).

use core::ffi::c_void;
use core::ptr;

use super::atomic::{AtomicPtr, Ordering};
use super::errno::{Errno, Result};
use super::kpi;

type Handler = unsafe extern "C" fn(*mut c_void);

/// A soft interrupt of the module, from load to unload.
///
/// One for all interfaces: the kernel has a few hundred slots in all, and one that is
/// disestablished while it may be scheduled panics.
pub struct Softint {
    cookie: AtomicPtr<c_void>,
    flags: u32,
    handler: Handler,
}

impl Softint {
    /// The one that sends SIGIO, at the clock's level, without the kernel lock. Not established yet.
    pub const fn signals() -> Self {
        Self::new(kpi::SOFTINT_CLOCK | kpi::SOFTINT_MPSAFE, kpi::tap_rs_signals_intr)
    }

    /// The one that hands frames to the stack, with the kernel lock, as the stack's own does for an
    /// interface that is not IFEF_MPSAFE. Not established yet.
    pub const fn input() -> Self {
        Self::new(kpi::SOFTINT_NET, kpi::tap_rs_input_intr)
    }

    const fn new(flags: u32, handler: Handler) -> Self {
        Softint { cookie: AtomicPtr::new(ptr::null_mut()), flags, handler }
    }

    /// At module load.
    pub fn establish(&self) -> Result {
        let handler = Some(self.handler);
        // SAFETY: the handlers ignore their argument, and stay until `disestablish`.
        let cookie = unsafe { kpi::softint_establish(self.flags, handler, ptr::null_mut()) };
        if cookie.is_null() {
            return Err(Errno::ENOMEM);
        }
        self.cookie.store(cookie, Ordering::Release);
        Ok(())
    }

    /// Has the handler run soon.
    pub fn schedule(&self) {
        let cookie = self.cookie.load(Ordering::Acquire);
        if !cookie.is_null() {
            // SAFETY: established, and not disestablished before the last softc is gone.
            unsafe { kpi::tap_rs_softint_schedule(cookie) }
        }
    }

    /// At module unload, when nobody is left to schedule it. Waits until it does not run.
    pub fn disestablish(&self) {
        let cookie = self.cookie.swap(ptr::null_mut(), Ordering::AcqRel);
        if !cookie.is_null() {
            // SAFETY: established, and swapped out once.
            unsafe { kpi::softint_disestablish(cookie) }
        }
    }
}
