// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the tests want of each architecture: machine code for modules that are made by hand, and the
//! relocations that it wants.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod amd64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use amd64::*;

/// A place in code that refers to an import: its offset, the symbol, the relocation's type and what
/// it adds.
pub type Import = (u64, &'static str, u32, i64);
