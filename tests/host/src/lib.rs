// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A user-space host for the module: it loads the very `.kmod` as the kernel's loader would, and
//! offers it the kernel interface that it imports, built from the same headers.
//!
//! It is no operating system, but it is stricter than one: what a kernel with DIAGNOSTIC and
//! LOCKDEBUG would panic on ends the process here with a message and a backtrace, and so does
//! whatever is left behind at the end.
//!
//! One lock, [`world::World`]'s, guards all state of the host. The module runs outside of it, on
//! as many threads as there are, and takes it for the length of each kernel call.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod arch;
pub mod bench;
pub mod driver;
mod edge;
pub mod emulator;
pub mod export;
pub mod kern;
pub mod kpi;
pub mod loader;
pub mod sched;
pub mod stack;
pub mod sys;
pub mod syscall;
#[cfg(test)]
mod tests;
pub mod world;

// The program alone waits for processes.
use wait_timeout as _;
