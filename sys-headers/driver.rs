// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The bindings to the kernel that the driver is built with.
//!
//! Used by the driver's build script, and by `sys-headers/compare`, which makes those of one
//! version after the other.

use std::path::Path;

use crate::bindings::{self, lines};
use crate::target::Target;

/// What the driver uses of the kernel: one regular expression a line.
const ALLOWLIST: &str = include_str!("allowlist.txt");

/// The lines of the allowlist.
pub fn names() -> Vec<&'static str> {
    lines(ALLOWLIST).collect()
}

/// What makes the bindings of one version, for what `names` are or mean as regular expressions.
pub fn bindings(root: &Path, target: &Target, names: &[&str], opaque: &[&str]) -> bindgen::Builder {
    bindings::builder(root, &root.join("sys-headers/kpi.h"), target, names, opaque)
}
