// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Generates the bindings to the kernel and compiles the C shim.
//!
//! The environment says for which NetBSD, see `sys-headers/target.rs`; `kmod/build` sets it.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

use std::env;
use std::path::{Path, PathBuf};

#[path = "sys-headers/bindings.rs"]
mod bindings;
#[path = "sys-headers/driver.rs"]
mod driver;
#[path = "sys-headers/target.rs"]
mod target;

use target::{fail, Target};

/// Types that the driver only carries.
const OPAQUE: &[&str] =
    &["lwp", "proc", "cpu_info", "vnode", "vm_.*", "uvm_.*", "device", "sysctlnode"];
/// Arguments that instrument C, by the words of `TAP_INSTRUMENT`: see `kmod/build`.
const INSTRUMENT: &[(&str, &[&str])] = &[
    (
        "address",
        &[
            "-fsanitize=kernel-address",
            "-mllvm",
            "-asan-globals=0",
            "-mllvm",
            "-asan-instrumentation-with-call-threshold=0",
            "-mllvm",
            "-asan-mapping-offset=0x7fff8000",
        ],
    ),
    ("coverage", &["-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"]),
];
const SHIM: &[&str] = &[
    "shim/register.c",
    "shim/helpers/device.c",
    "shim/helpers/ifnet.c",
    "shim/helpers/input.c",
    "shim/helpers/log.c",
    "shim/helpers/mbuf.c",
    "shim/helpers/proc.c",
    "shim/helpers/sysctl.c",
    "shim/helpers/systm.c",
];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for input in
        ["shim", "sys-headers/kpi.h", "sys-headers/kernel-only", "sys-headers/allowlist.txt"]
    {
        println!("cargo:rerun-if-changed={input}");
    }
    println!("cargo:rerun-if-env-changed=TAP_CC");
    println!("cargo:rerun-if-env-changed=TAP_INSTRUMENT");
    let target = Target::from_env(&root);
    let builder = driver::bindings(&root, &target, &driver::names(), OPAQUE);
    bindings::write(builder, &out.join("kpi.rs"));
    shim(&root, &target);
}

fn shim(root: &Path, target: &Target) {
    let mut build = cc::Build::new();
    build
        .compiler(env::var_os("TAP_CC").unwrap_or_else(|| "clang-14".into()))
        .no_default_flags(true)
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .cargo_metadata(false)
        .include(root.join("shim"));
    for arg in target.clang_args() {
        build.flag(arg);
    }
    for arg in ["-Os", "-falign-functions=1", "-Wno-unused-parameter"] {
        build.flag(arg);
    }
    let words = env::var("TAP_INSTRUMENT").unwrap_or_default();
    for word in words.split_whitespace() {
        let found = INSTRUMENT.iter().find(|(name, _)| *name == word);
        let (_, args) = found.unwrap_or_else(|| fail(&format!("TAP_INSTRUMENT: {word}")));
        for arg in *args {
            build.flag(arg);
        }
    }
    build.flag(format!("-ffile-prefix-map={}=.", root.display()));
    build.files(SHIM.iter().map(|file| root.join(file)));
    build.try_compile("tap_rs_shim").unwrap_or_else(|error| fail(&error.to_string()));
}
