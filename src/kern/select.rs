// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Pollers and knotes, selinfo(9): who waits outside of the driver.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::ifnet::QueueGauge;
use super::knote::Knote;
use super::kpi;
use crate::channel::Listeners;

/// A record of pollers and knotes.
///
/// # Invariants
///
/// [`init`](Self::init) has run at its final address. All but `init` and `drop` are called with
/// the lock of the channel that it belongs to held, as selrecord(9) and klist(9) ask.
struct SelInfo(UnsafeCell<MaybeUninit<kpi::selinfo>>);

impl SelInfo {
    const fn new() -> Self {
        SelInfo(UnsafeCell::new(MaybeUninit::uninit()))
    }

    fn raw(&self) -> *mut kpi::selinfo {
        self.0.get().cast()
    }

    fn init(&mut self) {
        // SAFETY: the memory is its own, and nobody is recorded yet.
        unsafe { kpi::selinit(self.raw()) }
    }

    fn record(&self) {
        // SAFETY: a function without preconditions.
        let lwp = unsafe { kpi::tap_rs_curlwp() };
        // SAFETY: initialised, and the channel's lock is held, by the type's invariants.
        unsafe { kpi::selrecord(lwp, self.raw()) }
    }

    /// Has knotes and pollers look again. selnotify(9) is not told what there is to see: where
    /// kern.direct_select is set, a first poller who does not ask for that, or has been told
    /// already, would keep it from the others.
    fn notify(&self) {
        let hint = i64::from(kpi::NOTE_SUBMIT);
        // SAFETY: initialised, and the channel's lock is held, by the type's invariants.
        unsafe { kpi::selnotify(self.raw(), 0, hint) }
    }

    fn attach(&self, knote: &mut Knote<'_>) {
        // SAFETY: initialised, and the channel's lock is held, by the type's invariants.
        unsafe { kpi::selrecord_knote(self.raw(), knote.as_ptr()) }
    }

    fn detach(&self, knote: &mut Knote<'_>) {
        // SAFETY: initialised, and the channel's lock is held, by the type's invariants.
        unsafe { kpi::selremove_knote(self.raw(), knote.as_ptr()) };
    }
}

impl Drop for SelInfo {
    fn drop(&mut self) {
        // SAFETY: initialised; every knote has gone, for each holds a reference to the softc.
        unsafe { kpi::seldestroy(self.raw()) }
    }
}

/// Those who wait for frames, and those who only want to know when the interface goes.
///
/// Write knotes have a record of their own, for a frame that comes is no news to them.
///
/// # Invariants
///
/// [`pin_init`](Self::pin_init) has run, at the final address, before anybody else can see it.
pub struct Waiters {
    read: SelInfo,
    write: SelInfo,
    gauge: MaybeUninit<QueueGauge>,
}

// SAFETY: the records are used under the channel's lock only.
unsafe impl Sync for Waiters {}
// SAFETY: as above.
unsafe impl Send for Waiters {}

impl Waiters {
    /// Nobody.
    pub const fn new() -> Self {
        Waiters { read: SelInfo::new(), write: SelInfo::new(), gauge: MaybeUninit::uninit() }
    }

    /// Prepares both records, at their final address, and remembers where the queue's length is
    /// shown.
    pub fn pin_init(&mut self, gauge: QueueGauge) {
        self.gauge.write(gauge);
        self.read.init();
        self.write.init();
    }

    /// Records the running thread as a poller. Called by the channel, with its lock held.
    pub fn record_poller(&self) {
        self.read.record();
    }

    /// Attaches a knote. Called by the channel, with its lock held.
    pub fn attach(&self, knote: &mut Knote<'_>, reads: bool) {
        self.side(reads).attach(knote);
    }

    /// Detaches a knote. Called by the channel, with its lock held.
    pub fn detach(&self, knote: &mut Knote<'_>, reads: bool) {
        self.side(reads).detach(knote);
    }

    fn side(&self, reads: bool) -> &SelInfo {
        if reads {
            &self.read
        } else {
            &self.write
        }
    }
}

impl Default for Waiters {
    fn default() -> Self {
        Self::new()
    }
}

impl Listeners for Waiters {
    fn length(&self, frames: u32) {
        // SAFETY: written by `pin_init`, which has run by the type's invariant.
        unsafe { self.gauge.assume_init_ref() }.set(frames);
    }

    fn readable(&self) {
        self.read.notify();
    }

    fn gone(&self) {
        self.read.notify();
        self.write.notify();
    }
}
