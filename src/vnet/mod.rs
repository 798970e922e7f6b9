// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames behind an offload header: what a program that has asked for one reads and writes, and
//! what of a frame the driver does in its place. `shim/if_tap_rs.h` is for such programs.
//!
//! What is left to do of a frame that the stack sends is done when it is read, in a copy of its
//! headers: bpf(4) or another port of a bridge may share the packet, so it is never written to.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`mode`] | what the opener has asked for |
//! | [`read`] | frames of the stack |
//! | [`write`] | frames of the program |
//! | [`receive`] | its large packets, on their way up |
//! | [`segments`] | large packets, cut |
#![forbid(unsafe_code)]

pub mod mode;
pub mod read;
pub mod receive;
pub mod segments;
pub mod write;
