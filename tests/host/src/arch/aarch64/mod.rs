// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! aarch64.

pub mod cpu;
pub mod curlwp;
pub mod gate;

pub use crate::loader::machine::aarch64 as machine;

/// NetBSD's name for it.
pub const NAME: &str = "aarch64";
/// What tells a report of such a host from one of amd64, in its name.
pub const SUFFIX: &str = "-aarch64";
/// What its majors give bpf(4), which is built in.
pub const BPF_MAJOR: i32 = 32;
