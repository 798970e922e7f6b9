// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A kqueue's interest in a descriptor, kfilter(9).

use core::ptr::{self, NonNull};

use super::kpi;

/// What a knote waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Filter {
    /// EVFILT_READ.
    Read = kpi::EVFILT_READ,
    /// EVFILT_WRITE.
    Write = kpi::EVFILT_WRITE,
}

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

    /// What it asks for, if that is a filter that the driver has.
    pub fn filter(&self) -> Option<Filter> {
        match self.0.kn_kevent.filter {
            kpi::EVFILT_READ => Some(Filter::Read),
            kpi::EVFILT_WRITE => Some(Filter::Write),
            _ => None,
        }
    }

    /// Makes the driver's functions answer for this knote. `hook` comes back in
    /// [`hook`](Self::hook), until f_detach.
    pub fn set_hook<T>(&mut self, hook: NonNull<T>, filter: Filter) {
        self.0.kn_fop = match filter {
            Filter::Read => ptr::addr_of!(kpi::tap_rs_rfilterops),
            Filter::Write => ptr::addr_of!(kpi::tap_rs_wfilterops),
        };
        self.0.kn_hook = hook.as_ptr().cast();
    }

    /// What [`set_hook`](Self::set_hook) left.
    pub fn hook<T>(&self) -> NonNull<T> {
        // SAFETY: the kernel calls for a knote that `set_hook` has been through.
        unsafe { NonNull::new_unchecked(self.0.kn_hook.cast()) }
    }

    /// Makes a filter of the kernel answer for this knote, whose detach is about to return. The kernel
    /// still reads the filter's flags after f_detach, when the module may already be unloaded. This
    /// filter has the same flags as the driver's.
    pub fn leave(&mut self) {
        // SAFETY: the knote is valid for the borrow, and its foplock is held in f_detach. The
        // function uses no device, and fails only for filters that the driver does not have.
        let _left = unsafe { kpi::seltrue_kqfilter(0, self.0) };
    }

    /// Answers the kernel: `data` for the user.
    pub fn set_data(&mut self, data: u32) {
        self.0.kn_kevent.data = i64::from(data);
    }

    /// Sets EV_EOF: there will be no more events.
    pub fn set_eof(&mut self) {
        // SAFETY: the knote is valid for the borrow, and its kqueue's lock is not held here.
        unsafe { kpi::knote_set_eof(self.0, 0) }
    }
}
