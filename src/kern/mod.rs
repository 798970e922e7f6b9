// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The safe face of the kernel: one file for each of its concepts, named after it.
//!
//! A type here owns the kernel's object that it represents, and its `Drop` releases it. A word of
//! flags is a set of its own type. What the kernel offers as a function is called directly; what it
//! offers as a macro, a static inline or a variadic function has a helper in `shim/helpers/`.
//!
//! Of this driver it depends only on [`crate::ether`], [`crate::unit`] and [`crate::offload`], which
//! are pure. `make lint` checks this. Another driver can reuse it with `shim/`, and replaces the
//! names that begin with `tap`: the functions and tables that `shim/tap_rs.h` declares, their names
//! in [`register`] and [`sysctl`], and the prefix of an interface's name.

pub mod batch;
pub mod capability;
pub mod condvar;
pub mod device;
pub mod errno;
pub mod file;
pub mod ifcount;
pub mod ifnet;
mod input;
pub mod ioctl;
pub mod kmem;
pub mod knote;
pub mod kpi;
pub mod log;
pub mod mbuf;
pub mod media;
pub mod mutex;
mod offload;
pub mod process;
pub mod register;
pub mod select;
pub mod signal;
pub mod softint;
pub mod sysctl;
pub mod systm;
pub mod uio;
pub mod workqueue;
