// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Parts of sys/systm.h: the kernel lock, time, random bytes, the running thread, short waits.

use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::kpi;

/// The kernel lock; released when dropped.
pub struct KernelLock(());

impl KernelLock {
    /// Takes the kernel lock, once more if the caller has it already.
    pub fn take() -> KernelLock {
        // SAFETY: thread or soft interrupt context, where KERNEL_LOCK may always be taken.
        unsafe { kpi::tap_rs_kernel_lock() };
        KernelLock(())
    }
}

impl Drop for KernelLock {
    fn drop(&mut self) {
        // SAFETY: taken by `take`, once.
        unsafe { kpi::tap_rs_kernel_unlock() }
    }
}

/// Remembers a thread, so that it can recognise itself.
pub struct LwpCell(AtomicPtr<kpi::lwp>);

impl LwpCell {
    /// No thread.
    pub const fn new() -> Self {
        LwpCell(AtomicPtr::new(ptr::null_mut()))
    }

    /// Remembers the running thread.
    pub fn set_current(&self) {
        // SAFETY: a function without preconditions.
        self.0.store(unsafe { kpi::tap_rs_curlwp() }, Ordering::Relaxed);
    }

    /// Whether the running thread is the one remembered. Only a thread itself writes its own
    /// pointer here, so it always sees the latest value that concerns it.
    pub fn is_current(&self) -> bool {
        // SAFETY: a function without preconditions.
        let current = unsafe { kpi::tap_rs_curlwp() };
        self.0.load(Ordering::Relaxed) == current
    }

    /// Forgets it.
    pub fn clear(&self) {
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

impl Default for LwpCell {
    fn default() -> Self {
        Self::new()
    }
}

/// Sleeps for about a clock tick; signals do not end it.
pub fn pause_a_tick() {
    // SAFETY: thread context, no spin mutex held, no mutex to release.
    unsafe { kpi::kpause(c"tapwait".as_ptr(), false, 1, ptr::null_mut()) };
}

/// Three random bytes.
pub fn random_bytes() -> [u8; 3] {
    let mut bytes = [0u8; 3];
    // SAFETY: the buffer is three bytes long.
    unsafe { kpi::cprng_fast(bytes.as_mut_ptr().cast(), bytes.len()) };
    bytes
}

/// A point in time, as a count of hardclock ticks, which wraps around. It is cheap to read.
#[derive(Clone, Copy)]
pub struct Ticks(u32);

impl Ticks {
    /// Now.
    pub fn now() -> Ticks {
        // SAFETY: a function without preconditions.
        Ticks(unsafe { kpi::getticks() } as u32)
    }

    /// As a number, to be kept in an atomic.
    pub fn get(self) -> u32 {
        self.0
    }

    /// From such a number.
    pub fn from_number(number: u32) -> Ticks {
        Ticks(number)
    }

    /// The wall-clock time of that point, as long as it is less than 2^32 ticks ago.
    pub fn to_timespec(self) -> kpi::timespec {
        let mut now = MaybeUninit::<kpi::timespec>::zeroed();
        // SAFETY: the memory is the function's to write.
        unsafe { kpi::getnanotime(now.as_mut_ptr()) };
        // SAFETY: zeroed at least, and a timespec is integers.
        let now = unsafe { now.assume_init() };
        // SAFETY: set at boot and constant since; at least 1.
        let hz = u64::from(unsafe { kpi::hz }.unsigned_abs().max(1));
        let age = u64::from(Ticks::now().0.wrapping_sub(self.0));
        let age_ns = (age % hz).wrapping_mul(1_000_000_000) / hz;
        let mut then = now;
        then.tv_sec = now.tv_sec.wrapping_sub((age / hz) as _);
        then.tv_nsec = now.tv_nsec.wrapping_sub(age_ns as _);
        if then.tv_nsec < 0 {
            then.tv_nsec = then.tv_nsec.wrapping_add(1_000_000_000);
            then.tv_sec = then.tv_sec.wrapping_sub(1);
        }
        then
    }
}

/// Panics the kernel, with the message that Rust code panicked. Never reached.
pub fn panic() -> ! {
    // SAFETY: panic(9) may be called from anywhere.
    unsafe { kpi::tap_rs_panic() }
}
