// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver's own way of a frame from write(2) to the network stack, compiled for this machine
//! over stand-ins for the kernel. ThreadSanitizer sees every access here, as it cannot in a module.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

#[path = "../../../src/input.rs"]
pub mod input;
#[path = "../../../src/solo.rs"]
pub mod solo;

pub mod channel;
pub mod kern;
pub mod lockfree;
pub mod softc;
