// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which `struct lwp` runs, as code that was built with machine/cpu.h asks for it.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod amd64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::{emulate, EXPORTS};
#[cfg(target_arch = "x86_64")]
pub use amd64::{emulate, EXPORTS};
