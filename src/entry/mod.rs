// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Every function that the kernel calls, one file for each table that it calls through. Each turns
//! integers and pointers into types and calls the logic, and nothing else.
//!
//! | file | table |
//! | --- | --- |
//! | [`module`] | `if_tap_rs_modcmd`, `tap_rs_ca`, `tap_rs_cloner` of `shim/register.c` |
//! | [`cdevsw`] | `tap_rs_cdevsw` |
//! | [`fileops`] | `tap_rs_fileops` |
//! | [`filterops`] | `tap_rs_rfilterops`, `tap_rs_wfilterops` |
//! | [`ifnet`] | `struct ifnet`, `struct ifmedia` |
//! | [`softint`] | the soft interrupts |
//! | [`sysctl`] | the handlers of `shim/helpers/sysctl.c` |
//! | [`workqueue`] | the work queue |
//!
//! Two facts make most of the `unsafe` here sound:
//!
//! - *Cloned descriptor*: the file's data is a reference to the softc. Only fo_close takes it back,
//!   after every other call on the file has returned.
//! - *Node*: the spec layer counts the calls through a device node. Detach removes the unit from
//!   the table, and then waits until that count is zero (vdevgone), before it drops its reference.

// A call of one of these functions is sound by the contract of the kernel's table that it is in.
// The manual pages and the sources of the kernel state these contracts, so the comments here do
// not.
#![allow(clippy::missing_safety_doc)]

/// Asserts that functions have the types that tap_rs.h declares. A function's type has no name, so
/// `assert_type_eq_all!` cannot be asked; but only functions of one type make an array.
macro_rules! declared {
    ($($name:ident),* $(,)?) => {
        $(const _: () = { let _ = [$name, kpi::$name]; };)*
    };
}

pub mod cdevsw;
pub mod fileops;
pub mod filterops;
pub mod ifnet;
pub mod module;
pub mod softint;
pub mod sysctl;
pub mod workqueue;

use core::ffi::c_uint;

use static_assertions::assert_type_eq_all;

use crate::kern::kpi;
use crate::lockfree::atomic::AtomicU32;
use crate::softc::Softc;

// What `exit_word` hands to C.
assert_type_eq_all!(c_uint, u32);

/// The softc of an interface in a callback.
///
/// # Safety
///
/// `ifp` is an attached interface of this driver, for as long as the result is used.
unsafe fn softc_of<'a>(ifp: *mut kpi::ifnet) -> &'a Softc {
    // SAFETY: the caller's promise.
    let softc = unsafe { (*ifp).if_softc };
    // SAFETY: `Interface::attach` stored a pointer to the softc that it is part of.
    unsafe { &*softc.cast() }
}

/// A softc's exit word, for the C side to decrement.
fn exit_word(word: &AtomicU32) -> *mut c_uint {
    word.as_ptr()
}
