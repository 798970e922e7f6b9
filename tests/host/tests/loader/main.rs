// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's loader: what NetBSD's refuses, or loads wrongly, is refused; what it takes runs.

mod aarch64;
#[cfg(target_arch = "x86_64")]
mod amd64;
// The tests of `tap-host each` use the rest of it.
#[allow(dead_code)]
mod code;
mod files;
mod modules;
mod object;
mod sections;
mod symbols;
