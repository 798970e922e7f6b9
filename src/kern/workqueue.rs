// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! workqueue(9): a thread of the module, for what a caller must not wait for.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::{offset_of, MaybeUninit};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use static_assertions::const_assert_eq;

use super::errno::{check, Result};
use super::kpi;

/// What a value needs to wait in a queue. It is part of the value.
pub struct Work(UnsafeCell<MaybeUninit<Record>>);

/// The work is the first field, so the record can be found from it.
#[repr(C)]
struct Record {
    work: kpi::work,
    owner: *const c_void,
}

const_assert_eq!(offset_of!(Record, work), 0);

// SAFETY: the thread that queues a value writes the record, and then it is the queue's own.
unsafe impl Sync for Work {}
// SAFETY: as above.
unsafe impl Send for Work {}

impl Work {
    /// Of a value that is not queued.
    pub const fn new() -> Self {
        Work(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// The value that was queued.
    ///
    /// # Safety
    ///
    /// `work` is what the handler of a [`Workqueue`] was called with, and `T` is what it queues.
    pub unsafe fn owner<T>(work: *mut kpi::work) -> NonNull<T> {
        // SAFETY: the work is the first part of the record of `enqueue`.
        let owner = unsafe { (*work.cast::<Record>()).owner };
        // SAFETY: `enqueue` stored what is not NULL.
        unsafe { NonNull::new_unchecked(owner.cast_mut().cast()) }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// A queue, and the thread that calls the handler with what is in it.
///
/// # Invariants
///
/// Values are queued between `create_ends` and `destroy` only, while the driver is loaded.
pub struct Workqueue(AtomicPtr<kpi::workqueue>);

impl Workqueue {
    /// Not created yet.
    pub const fn new() -> Self {
        Workqueue(AtomicPtr::new(ptr::null_mut()))
    }

    /// At module load: the one that destroys interfaces. Its thread has no kernel lock.
    pub fn create_ends(&self) -> Result {
        let mut queue = ptr::null_mut();
        // SAFETY: the name is copied; the handler ignores its argument, and stays until `destroy`.
        check(unsafe {
            kpi::workqueue_create(
                &mut queue,
                c"tapend".as_ptr(),
                Some(kpi::tap_rs_end_work),
                ptr::null_mut(),
                kpi::PRI_NONE,
                kpi::IPL_NONE as c_int,
                kpi::WQ_MPSAFE as c_int,
            )
        })?;
        self.0.store(queue, Ordering::Release);
        Ok(())
    }

    /// Queues a value, which is the queue's until the handler is called with it. `work` is part of
    /// the value, which is not queued yet.
    pub fn enqueue<T>(&self, owner: NonNull<T>, work: &Work) {
        let record = work.0.get().cast::<Record>();
        // SAFETY: a field of the record, which is this type's own.
        let field = unsafe { &raw mut (*record).owner };
        // SAFETY: the value is not queued, so nobody reads the record.
        unsafe { field.write(owner.as_ptr().cast()) };
        let queue = self.0.load(Ordering::Acquire);
        // SAFETY: there is a queue, by the type's invariant; the value stays until the handler.
        unsafe { kpi::workqueue_enqueue(queue, record.cast(), ptr::null_mut()) }
    }

    /// At module unload, when nothing is queued any more. Waits until the thread is gone.
    pub fn destroy(&self) {
        let queue = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        if !queue.is_null() {
            // SAFETY: created, and swapped out once.
            unsafe { kpi::workqueue_destroy(queue) }
        }
    }
}

impl Default for Workqueue {
    fn default() -> Self {
        Self::new()
    }
}
