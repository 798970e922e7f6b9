// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make bench`: what calls cost the driver itself, in instructions of its own, calls to the kernel
//! and bytes copied, of one driver or of two.
//!
//! The host of `tests/host` makes the calls under callgrind, whose [dumps](dump) say how often each
//! instruction was executed, and tells in a [transcript] what it called and where the module's
//! text is. [`measure`] puts them together, [`table`] shows them, [`reference`] holds them against
//! the counts that are checked in.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod dump;
pub mod measure;
pub mod reference;
pub mod services;
pub mod table;
pub mod transcript;

// The program alone has arguments.
use clap as _;
