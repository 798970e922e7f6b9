// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What every lane of the conformance cases has in common, the host's and the virtual machine's:
//! results read from what a run printed, reports in files, several runs side by side, and which
//! kernel a module was built for.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod compare;
pub mod files;
pub mod module;
pub mod transcript;
