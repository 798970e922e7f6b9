// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The module as `make kmod` has built it.

use std::ffi::{CStr, CString};

/// Its name.
pub const NAME: &CStr = c"if_tap_rs";

/// The module that was built for the kernel that the host plays, or else the one that the
/// environment's TAP_MODULE names.
pub fn path() -> CString {
    if let Ok(path) = std::env::var("TAP_MODULE") {
        return CString::new(path).unwrap();
    }
    let version: u32 = env!("TAP_KERNEL_VERSION").parse().unwrap();
    let release = format!("{}.{}", version / 100_000_000, version / 1_000_000 % 100);
    let build = concat!(env!("CARGO_MANIFEST_DIR"), "/../../build");
    let arch = tap_host::arch::NAME;
    let path = format!("{build}/netbsd-{release}-{arch}/if_tap_rs.kmod");
    assert!(std::fs::exists(&path).unwrap(), "no {path}: make kmod");
    CString::new(path).unwrap()
}
