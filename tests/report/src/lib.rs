// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What runs of the conformance cases in the host and in the virtual machine share: results read from
//! what a run printed, reports in files, several runs side by side, and the kernel that a module was
//! built for.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod compare;
pub mod files;
pub mod module;
pub mod transcript;
