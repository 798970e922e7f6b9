// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A kqueue's interest in a descriptor, kfilter(9).

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use super::arc::{Arc, Buried};
use super::kpi;

/// A knote during a call of the kernel's.
pub struct Knote<'a>(&'a mut kpi::knote);

impl<'a> Knote<'a> {
    /// The knote of a call of the kernel.
    pub fn new(raw: &'a mut kpi::knote) -> Self {
        Knote(raw)
    }

    pub(super) fn as_ptr(&mut self) -> *mut kpi::knote {
        self.0
    }

    /// What it asks for, EVFILT_READ and so on.
    pub fn filter(&self) -> u32 {
        self.0.kn_kevent.filter
    }

    /// Makes the driver's functions and `hook` answer for this knote.
    pub fn set_hook<T: Buried>(&mut self, hook: Arc<T>, reads: bool) {
        self.0.kn_fop = if reads {
            ptr::addr_of!(kpi::tap_rs_rfilterops)
        } else {
            ptr::addr_of!(kpi::tap_rs_wfilterops)
        };
        self.0.kn_hook = hook.into_raw().as_ptr().cast::<c_void>();
    }

    /// What [`set_hook`](Self::set_hook) left.
    pub fn hook<T: Buried>(&self) -> NonNull<T> {
        // SAFETY: the kernel calls for a knote that `set_hook` has been through.
        unsafe { NonNull::new_unchecked(self.0.kn_hook.cast()) }
    }

    /// Answers the kernel: `data` for the user.
    pub fn set_data(&mut self, data: u32) {
        self.0.kn_kevent.data = i64::from(data);
    }

    /// Answers the kernel: there will be no more.
    pub fn set_eof(&mut self) {
        // SAFETY: the knote is valid for the borrow, and its kqueue's lock is not held here.
        unsafe { kpi::knote_set_eof(self.0, 0) }
    }
}
