// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What depends on the architecture of the machine that the host runs on, and of the modules that it
//! so can load. The architecture is chosen here, and nowhere else in the host.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod amd64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use amd64::*;

/// The register with the number of bytes that a function copies, as the ABI numbers arguments.
#[derive(Clone, Copy)]
pub enum Length {
    /// The second argument, a size_t.
    Second,
    /// The third argument, a size_t.
    Third,
    /// The third argument, an int.
    ThirdInt,
}
