// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Loom's atomics, in place of the processor's.

/// Atomics.
pub mod atomic {
    pub use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
}
