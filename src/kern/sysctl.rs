// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The sysctl tree, sysctl(9): net.link.tap and one leaf for each interface.

use core::ffi::{c_int, c_void, CStr};
use core::ptr;

use super::atomic::{AtomicPtr, AtomicU32, Ordering};
use super::errno::{check, Result};
use super::kpi;
use crate::ether::ADDR_STRLEN;
use crate::unit::Unit;

/// The node net.link.tap, from load to unload.
pub struct TapNode {
    log: AtomicPtr<kpi::sysctllog>,
    number: AtomicU32,
}

impl TapNode {
    /// Not created yet.
    pub const fn new() -> Self {
        TapNode { log: AtomicPtr::new(ptr::null_mut()), number: AtomicU32::new(0) }
    }

    /// At module load. On failure nothing is left.
    pub fn create(&self) -> Result {
        let mut log = ptr::null_mut();
        let mut number: c_int = 0;
        // SAFETY: both pointers are to this function's variables.
        let created = check(unsafe { kpi::tap_rs_sysctl_setup(&mut log, &mut number) });
        self.log.store(log, Ordering::Release);
        self.number.store(number as u32, Ordering::Release);
        if created.is_err() {
            self.destroy();
        }
        created
    }

    /// At module unload: "tap" only, never its parents, whose destruction would leave the
    /// kernel's tree inconsistent.
    pub fn destroy(&self) {
        let mut log = self.log.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: NULL, or what sysctl_createv wrote; torn down once.
        unsafe { kpi::sysctl_teardown(&mut log) }
    }

    fn number(&self) -> c_int {
        self.number.load(Ordering::Acquire) as c_int
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
