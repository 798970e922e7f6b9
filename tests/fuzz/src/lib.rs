// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the fuzzers and the replay of their corpus run: a target is a function of some bytes, which
//! ends the process when something is wrong.
//!
//! All but [`address`] and [`gso`] run the module in the user-space host, one input after the other on the
//! same machine: after each, everything is closed and destroyed, and the host must have just what
//! it had before.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]
// The targets' entries use it.
#[cfg(feature = "libfuzzer")]
use libfuzzer_sys as _;

pub mod address;
pub mod bytes;
pub mod calls;
pub mod descriptor;
#[allow(dead_code)]
#[path = "../../../src/ether.rs"]
pub mod ether;
pub mod gso;
pub mod interface;
mod listen;
pub mod machine;
#[allow(dead_code)]
#[path = "../../../src/offload/mod.rs"]
pub mod offload;
mod program;
pub mod vnet;
#[path = "../../model/src/wire.rs"]
pub mod wire;
pub mod write;

/// A target's name and function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 7] = [
    ("address", address::run),
    ("gso", gso::run),
    ("write", write::run),
    ("vnet", vnet::run),
    ("descriptor", descriptor::run),
    ("interface", interface::run),
    ("calls", calls::run),
];
