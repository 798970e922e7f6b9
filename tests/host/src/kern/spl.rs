// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! spl(9). There are no interrupts to keep out; the levels are kept so that raising and lowering
//! are seen to match.

use std::cell::Cell;
use std::ffi::c_int;

use crate::{exports, kassert};

thread_local! {
    static LEVEL: Cell<c_int> = const { Cell::new(0) };
}

/// The level from now on; returns the one before.
extern "C" fn splraise(level: c_int) -> c_int {
    let before = LEVEL.get();
    LEVEL.set(before.max(level));
    before
}

extern "C" fn spllower(level: c_int) {
    kassert!(level <= LEVEL.get(), "spllower: {level} is above {}", LEVEL.get());
    LEVEL.set(level);
}

exports!(; splraise, spllower);
