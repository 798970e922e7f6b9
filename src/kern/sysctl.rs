// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The sysctl tree, sysctl(9): net.link.tap and one leaf for each interface.

use core::ffi::{c_int, c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

use super::errno::{check, Result};
use super::kpi;
use crate::ether::ADDR_STRLEN;
use crate::unit::Unit;

/// The node net.link.tap, from load to unload.
pub struct TapNode {
    log: AtomicPtr<kpi::sysctllog>,
    number: AtomicI32,
}

impl TapNode {
    /// Not created yet.
    pub const fn new() -> Self {
        TapNode { log: AtomicPtr::new(ptr::null_mut()), number: AtomicI32::new(0) }
    }

    /// At module load. What a failure leaves, [`destroy`](Self::destroy) undoes.
    pub fn create(&self) -> Result {
        // SAFETY: both pointers are to this type's own.
        check(unsafe { kpi::tap_rs_sysctl_setup(self.log.as_ptr(), self.number.as_ptr()) })
    }

    /// At module unload: "tap" only, never its parents, whose destruction would leave the
    /// kernel's tree inconsistent.
    pub fn destroy(&self) {
        // SAFETY: NULL, or what sysctl_createv wrote; set to NULL by this.
        unsafe { kpi::sysctl_teardown(self.log.as_ptr()) }
    }

    fn number(&self) -> c_int {
        self.number.load(Ordering::Acquire)
    }

    /// Creates an interface's leaf; `cookie` comes back in `tap_rs_sysctl_get` and `_set`.
    pub fn create_leaf(&self, unit: Unit, name: &CStr, cookie: *const c_void) -> Result {
        // SAFETY: the name is copied; the cookie lives until `destroy_leaf`.
        check(unsafe {
            kpi::tap_rs_sysctl_create(
                self.number(),
                unit.as_int(),
                name.as_ptr(),
                cookie.cast_mut(),
            )
        })
    }

    /// Destroys an interface's leaf. Its handler runs under the tree's lock, so afterwards no
    /// call of it is under way.
    pub fn destroy_leaf(&self, unit: Unit) -> Result {
        // SAFETY: a function of numbers only.
        check(unsafe { kpi::tap_rs_sysctl_destroy(self.number(), unit.as_int()) })
    }
}

impl Default for TapNode {
    fn default() -> Self {
        Self::new()
    }
}

/// The text buffer of a call of the leaf's handler.
///
/// # Safety
///
/// `raw` points at `ADDR_STRLEN` bytes that the caller alone uses.
pub unsafe fn text_buffer<'a>(raw: *mut core::ffi::c_char) -> &'a mut [u8; ADDR_STRLEN] {
    // SAFETY: the caller's promise.
    unsafe { &mut *raw.cast() }
}
