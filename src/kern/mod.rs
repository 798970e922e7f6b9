// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The safe face of the kernel: one file for each of its concepts, named after it.
//!
//! Types here own what they stand for, and their `Drop` gives it back. What the kernel offers as
//! a function is called directly; what it offers as a macro, a static inline or a variadic
//! function has a helper in `shim/helpers/`.

pub mod arc;
pub mod atomic;
pub mod condvar;
pub mod device;
pub mod errno;
pub mod file;
pub mod ifnet;
pub mod inputq;
pub mod ioctl;
pub mod kmem;
pub mod knote;
pub mod kpi;
pub mod log;
pub mod mailbox;
pub mod mbuf;
pub mod media;
pub mod mutex;
pub mod process;
pub mod register;
pub mod select;
pub mod signal;
pub mod softint;
pub mod sysctl;
pub mod systm;
pub mod table;
pub mod uio;
