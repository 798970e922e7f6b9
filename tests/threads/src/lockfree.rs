// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver's lists as they are.

// Not all of it is on a frame's way up.
#[allow(dead_code)]
#[path = "../../../src/lockfree/arc.rs"]
pub mod arc;
#[path = "../../../src/lockfree/atomic.rs"]
pub mod atomic;
#[path = "../../../src/lockfree/inputq.rs"]
pub mod inputq;
