// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames behind an offload header: what a program that has asked for one reads and writes, and
//! the work on a frame that the driver does for it. `shim/if_tap_rs.h` is for such programs.
//!
//! Work that the stack left undone on a frame is done when the frame is read, in a copy of its
//! headers. The packet itself is never written to, because bpf(4) or another port of a bridge may
//! share it.
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
