// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver's own source files, compiled for this machine: the pure ones as they are, the
//! concurrency core over loom's mutexes, condition variables and atomics in place of the kernel's.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

#[path = "../../../src/channel/mod.rs"]
pub mod channel;
#[path = "../../../src/ether.rs"]
pub mod ether;
#[path = "../../../src/gate.rs"]
pub mod gate;
#[path = "../../../src/offload/mod.rs"]
pub mod offload;
#[path = "../../../src/solo.rs"]
pub mod solo;
#[path = "../../../src/unit.rs"]
pub mod unit;

pub mod kern;
pub mod lockfree;
pub mod wire;
