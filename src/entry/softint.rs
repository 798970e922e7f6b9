// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The handlers of the soft interrupts, which `kern::softint` establishes.

use core::ffi::c_void;

use crate::event;
use crate::input;
use crate::kern::kpi;

declared!(tap_rs_signals_intr, tap_rs_input_intr,);

/// The soft interrupt for signals.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_signals_intr(_arg: *mut c_void) {
    event::deliver_sigio();
}

/// The soft interrupt for input.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_input_intr(_arg: *mut c_void) {
    input::deliver();
}
