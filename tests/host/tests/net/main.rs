// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's network against what a driver may expect of it.

mod bpf;
mod bridge;
mod death;
mod driver;
mod life;
mod offload;
mod peer;
mod stack;
#[path = "../symbol/mod.rs"]
mod symbol;
mod traffic;
mod user;
