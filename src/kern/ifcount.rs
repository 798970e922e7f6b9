// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the stack counts of an interface, if_stats(9), and its output queue, which the driver fills
//! itself.

use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};

use super::ifnet::Interface;
use super::kpi;
pub use super::kpi::tap_rs_output as Output;

/// Error counters of an interface that the driver itself counts in.
#[derive(Clone, Copy)]
pub enum Counter {
    /// Frames that user space wrote and the driver had no memory for.
    InputErrors,
    /// Frames that were dropped because too many were queued for the stack.
    InputDrops,
    /// Frames that were truncated by a read, or lost to a fault in a read.
    OutputErrors,
}

impl Interface {
    /// Counts one event. A call in flight only.
    pub fn count(&self, counter: Counter) {
        let index = match counter {
            Counter::InputErrors => kpi::if_stat_t_if_ierrors,
            Counter::InputDrops => kpi::if_stat_t_if_iqdrops,
            Counter::OutputErrors => kpi::if_stat_t_if_oerrors,
        };
        // SAFETY: attached, as the caller is in flight.
        unsafe { kpi::tap_rs_stat_inc(self.ifp(), index as c_int) }
    }

    /// Counts frames that user space has read. A call in flight only.
    #[inline(always)]
    pub fn count_output(&self, output: &Output) {
        // SAFETY: attached, as the caller is in flight.
        unsafe { kpi::tap_rs_stat_output(self.ifp(), output) }
    }

    fn queue(&self) -> *mut kpi::ifaltq {
        // SAFETY: a field of memory owned here.
        unsafe { &raw mut (*self.ifp()).if_snd }
    }

    /// The bound of the output queue, `net.interfaces.tapN.sndq.maxlen`.
    pub fn queue_limit(&self) -> u32 {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.queue()).ifq_maxlen };
        // SAFETY: sysctl(8) writes the field in one piece.
        let limit = unsafe { field.read_volatile() };
        limit.try_into().unwrap_or(0)
    }

    /// Counts frames dropped, in `net.interfaces.tapN.sndq.drops`.
    pub fn count_drops(&self, frames: u32) {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw mut (*self.queue()).ifq_drops };
        // SAFETY: as above, aligned; all who write it do so in one piece.
        let drops = unsafe { AtomicU64::from_ptr(field) };
        drops.fetch_add(frames.into(), Ordering::Relaxed);
    }
}

/// Shows the length of the driver's queue in `net.interfaces.tapN.sndq.len`.
///
/// # Invariants
///
/// [`init`](Self::init) has run before anything else, with an interface that is not moved or freed
/// as long as this is used.
pub struct QueueGauge(MaybeUninit<*mut c_int>);

// SAFETY: it is set with one lock held, and the stack only reads what it shows.
unsafe impl Sync for QueueGauge {}
// SAFETY: as above.
unsafe impl Send for QueueGauge {}

impl QueueGauge {
    /// One that shows nothing yet.
    pub const fn new() -> Self {
        QueueGauge(MaybeUninit::uninit())
    }

    /// Makes it that interface's, which is at its final address.
    pub fn init(&mut self, interface: &Interface) {
        // SAFETY: a field of the interface's own memory.
        self.0.write(unsafe { &raw mut (*interface.queue()).ifq_len });
    }

    /// Shows a length. The driver's lock of the queue is held.
    pub fn set(&self, len: u32) {
        // SAFETY: written by `init`, by the type's invariant.
        let field = unsafe { self.0.assume_init() };
        // SAFETY: the interface's memory is there, by the type's invariant; the lock keeps others
        // out.
        unsafe { field.write_volatile(len as c_int) }
    }
}

impl Default for QueueGauge {
    fn default() -> Self {
        Self::new()
    }
}
