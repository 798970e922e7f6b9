// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Generates the bindings to the kernel that the host plays, from the headers that the module was
//! built with, and compiles the kernel functions that only C can define: the variadic ones.
//!
//! `TAP_NETBSD` says which release, see `sys-headers/target.rs`.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

use std::env;
use std::path::PathBuf;

#[path = "../../sys-headers/bindings.rs"]
mod bindings;
#[path = "../../sys-headers/target.rs"]
mod target;

use bindings::lines;
use target::Target;

/// What the host uses of the kernel's headers: one regular expression a line.
const ALLOWLIST: &str = include_str!("allowlist.txt");
/// Types that nobody looks into.
const OPAQUE: &[&str] = &["cpu_info", "vnode", "vm_.*", "uvm_.*", "ifaltq_.*"];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let root = here.join("../..");
    for input in ["allowlist.txt", "host.h", "c", "../../sys-headers/kernel-only"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let target = Target::from_env(&root);
    let header = here.join("host.h");
    let allowlist: Vec<&str> = lines(ALLOWLIST).collect();
    let builder = bindings::builder(&root, &header, &target, &allowlist, OPAQUE)
        .clang_arg(format!("-I{}", root.join("sys-headers").display()));
    bindings::write(builder, &out.join("kpi.rs"));
    // Cargo says so where a sanitiser instruments the host.
    let sanitizers = env::var("CARGO_CFG_SANITIZE").unwrap_or_default();
    for (sanitizer, name) in [("address", "asan"), ("thread", "tsan")] {
        println!("cargo:rustc-check-cfg=cfg({name})");
        if sanitizers.split(',').any(|s| s == sanitizer) {
            println!("cargo:rustc-cfg={name}");
        }
    }
    println!("cargo:rustc-env=TAP_KERNEL_VERSION={}", target.version);
    cc::Build::new()
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .file(here.join("c/variadic.c"))
        .compile("tap_host_variadic");
}
