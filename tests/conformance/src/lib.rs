// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The promises of tap(4), each as a case that any kernel can be asked to keep.
//!
//! A case is a function over [`Sys`], the kernel's system calls. The user-space host implements
//! `Sys` for `cargo test`; the init program of `tests/vm` implements it with raw system calls in a
//! real NetBSD. The same cases run on NetBSD's own C driver; those that show its known faults say
//! so by number.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]
#![no_std]

pub mod abi;
pub mod batch;
pub mod bench;
pub mod bpf;
pub mod case;
pub mod cases;
pub mod ctx;
pub mod errno;
pub mod frames;
pub mod net;
pub mod packets;
pub mod peer;
pub mod run;
pub mod storm;
pub mod sys;
pub mod sysctl_name;
pub mod text;
pub mod user;
pub mod view;
pub mod vnet;

pub use ctx::Module;
pub use errno::Errno;
pub use run::{run, Config, Summary};
pub use sys::{Need, Sys};
