// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Soft interrupts, softint(9).

use core::ffi::c_void;
use core::ptr;

use bitflags::bitflags;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::errno::{Errno, Result};
use super::kpi;

bitflags! {
    /// The level of a soft interrupt, one of CLOCK and NET, and how its handler is called.
    #[derive(Clone, Copy)]
    struct SoftintFlags: u32 {
        /// The clock's level.
        const CLOCK = kpi::SOFTINT_CLOCK;
        /// The network's.
        const NET = kpi::SOFTINT_NET;
        /// Without the kernel lock.
        const MPSAFE = kpi::SOFTINT_MPSAFE;
    }
}

type Handler = unsafe extern "C" fn(*mut c_void);

/// A soft interrupt of the module, from load to unload.
///
/// All interfaces share it. The kernel has only about 800 soft interrupts, and it panics if one is
/// disestablished that may be scheduled.
pub struct Softint(AtomicPtr<c_void>);

impl Softint {
    /// Not established yet.
    pub const fn new() -> Self {
        Softint(AtomicPtr::new(ptr::null_mut()))
    }

    /// At module load: the one that sends SIGIO, at the clock's level, without the kernel lock.
    pub fn establish_signals(&self) -> Result {
        let flags = SoftintFlags::CLOCK.union(SoftintFlags::MPSAFE);
        self.establish(flags, kpi::tap_rs_signals_intr)
    }

    /// At module load: the one that hands frames to the stack, with the kernel lock, as the stack's
    /// own does for an interface that is not IFEF_MPSAFE.
    pub fn establish_input(&self) -> Result {
        self.establish(SoftintFlags::NET, kpi::tap_rs_input_intr)
    }

    fn establish(&self, flags: SoftintFlags, handler: Handler) -> Result {
        // SAFETY: the handlers ignore their argument, and stay until `disestablish`.
        let cookie =
            unsafe { kpi::softint_establish(flags.bits(), Some(handler), ptr::null_mut()) };
        if cookie.is_null() {
            return Err(Errno::ENOMEM);
        }
        self.0.store(cookie, Ordering::Release);
        Ok(())
    }

    /// Schedules the handler.
    pub fn schedule(&self) {
        let cookie = self.0.load(Ordering::Acquire);
        if !cookie.is_null() {
            // SAFETY: established; whoever unloads sees to it that nobody schedules afterwards.
            unsafe { kpi::tap_rs_softint_schedule(cookie) }
        }
    }

    /// At module unload, when nothing can schedule it any more. Waits until it is not running.
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
