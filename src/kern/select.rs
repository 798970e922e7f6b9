// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Pollers and knotes, poll(2) and selinfo(9): who waits outside of the driver.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::mem::MaybeUninit;

use bitflags::bitflags;

use super::knote::Knote;
use super::kpi;

bitflags! {
    /// Events that a poller waits for or is told, POLL*.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct PollEvents: u32 {
        /// Data can be read.
        const IN = kpi::POLLIN;
        /// The same, by the name of the streams.
        const RDNORM = kpi::POLLRDNORM;
        /// Data can be written.
        const OUT = kpi::POLLOUT;
        /// The same, by the name of the streams.
        const WRNORM = kpi::POLLWRNORM;
        /// There is nobody at the other end any more.
        const HUP = kpi::POLLHUP;
    }
}

impl PollEvents {
    /// The events that d_poll and fo_poll are called with.
    pub fn from_raw(raw: c_int) -> Self {
        Self::from_bits_retain(raw as u32)
    }

    /// What these return.
    pub fn to_raw(self) -> c_int {
        self.bits() as c_int
    }
}

/// A record of pollers and knotes.
///
/// # Invariants
///
/// [`init`](Self::init) has run, at its final address, before anybody else can see it. All but
/// `init` and `drop` are called with one lock held, always the same for a record, as selrecord(9)
/// and klist(9) ask; and every knote is detached before the record is dropped.
pub struct SelInfo(UnsafeCell<MaybeUninit<kpi::selinfo>>);

// SAFETY: it is used with its lock held only.
unsafe impl Sync for SelInfo {}
// SAFETY: as above.
unsafe impl Send for SelInfo {}

impl SelInfo {
    /// A record that is not initialised yet.
    pub const fn new() -> Self {
        SelInfo(UnsafeCell::new(MaybeUninit::uninit()))
    }

    fn raw(&self) -> *mut kpi::selinfo {
        self.0.get().cast()
    }

    /// Initialises it in place.
    pub fn init(&mut self) {
        // SAFETY: the memory is its own, and nobody is recorded yet.
        unsafe { kpi::selinit(self.raw()) }
    }

    /// Records the running thread as a poller.
    pub fn record(&self) {
        // SAFETY: a function without preconditions.
        let lwp = unsafe { kpi::tap_rs_curlwp() };
        // SAFETY: initialised, and its lock is held, by the type's invariants.
        unsafe { kpi::selrecord(lwp, self.raw()) }
    }

    /// Notifies knotes and pollers. selnotify(9) is called without an event mask. With one, if
    /// kern.direct_select is set, a first poller that did not ask for these events, or was already
    /// notified, would prevent the notification of the others.
    pub fn notify(&self) {
        let hint = i64::from(kpi::NOTE_SUBMIT);
        // SAFETY: initialised, and its lock is held, by the type's invariants.
        unsafe { kpi::selnotify(self.raw(), 0, hint) }
    }

    /// Attaches a knote.
    pub fn attach(&self, knote: &mut Knote<'_>) {
        // SAFETY: initialised, and its lock is held, by the type's invariants.
        unsafe { kpi::selrecord_knote(self.raw(), knote.as_ptr()) }
    }

    /// Detaches a knote.
    pub fn detach(&self, knote: &mut Knote<'_>) {
        // SAFETY: initialised, and its lock is held, by the type's invariants.
        unsafe { kpi::selremove_knote(self.raw(), knote.as_ptr()) };
    }
}

impl Drop for SelInfo {
    fn drop(&mut self) {
        // SAFETY: initialised, and no knote is left, by the type's invariants.
        unsafe { kpi::seldestroy(self.raw()) }
    }
}

impl Default for SelInfo {
    fn default() -> Self {
        Self::new()
    }
}
