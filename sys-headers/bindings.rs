// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The bindings to the kernel that the driver is built with.
//!
//! Used by the driver's build script, and by `sys-headers/compare`, which makes those of one
//! version after the other.

use std::path::Path;

use crate::target::{fail, Target};
use crate::wanted::want;

/// What the driver uses of the kernel: one regular expression a line.
const ALLOWLIST: &str = include_str!("allowlist.txt");

/// The lines of the allowlist.
pub fn names() -> Vec<&'static str> {
    ALLOWLIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What makes the bindings of one version, for what `names` are or mean as regular expressions.
pub fn builder(root: &Path, target: &Target, opaque: &[&str], names: &[&str]) -> bindgen::Builder {
    let builder = bindgen::Builder::default()
        .header(root.join("sys-headers/kpi.h").display().to_string())
        .clang_args(target.clang_args())
        .clang_arg(format!("-I{}", root.join("shim").display()))
        .clang_macro_fallback()
        .use_core()
        .ctypes_prefix("core::ffi")
        .derive_debug(false)
        .derive_default(false)
        .layout_tests(true)
        .generate_comments(false)
        .wrap_unsafe_ops(true);
    want(builder, names, opaque)
}

/// Writes bindings to a file, beside which there is room.
pub fn write(builder: bindgen::Builder, to: &Path) {
    builder
        .clang_macro_fallback_build_dir(to.parent().expect("a file in a folder"))
        .generate()
        .unwrap_or_else(|error| fail(&format!("bindgen: {error}")))
        .write_to_file(to)
        .unwrap_or_else(|error| fail(&format!("{}: {error}", to.display())));
}
