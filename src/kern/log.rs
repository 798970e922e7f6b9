// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Messages, aprint(9).

use core::ffi::CStr;

use super::errno::Errno;
use super::kpi;
use crate::ether::{Addr, ADDR_STRLEN};

/// "tapN: Ethernet address xx:…", for a verbose boot.
pub fn address(ifname: &CStr, address: Addr) {
    let mut text = [0; ADDR_STRLEN];
    address.print(&mut text);
    // SAFETY: both are NUL-terminated.
    unsafe { kpi::tap_rs_log_address(ifname.as_ptr(), text.as_ptr().cast()) }
}

/// "who: what, error N".
pub fn error(who: &CStr, what: &CStr, error: Errno) {
    // SAFETY: both are NUL-terminated.
    unsafe { kpi::tap_rs_log_error(who.as_ptr(), what.as_ptr(), error.raw()) }
}

/// "who: what".
pub fn message(who: &CStr, what: &CStr) {
    // SAFETY: both are NUL-terminated.
    unsafe { kpi::tap_rs_log_error(who.as_ptr(), what.as_ptr(), 0) }
}

/// Tells which character device the driver has.
pub fn major(device: &CStr, major: i32) {
    // SAFETY: NUL-terminated.
    unsafe { kpi::tap_rs_log_major(device.as_ptr(), major) }
}
