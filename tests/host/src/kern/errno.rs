// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Errors as the kernel's own functions return them: zero, or a number of errno(2) or of the few
//! that never leave the kernel.

use std::ffi::c_int;

use tap_conformance::errno::{Errno, Result};

use crate::kpi;

/// An open has put its result into another descriptor, which is to be moved.
pub const EMOVEFD: Errno = Errno(kpi::EMOVEFD);
/// The command is not for this layer; ioctl(2) makes it ENOTTY.
pub const EPASSTHROUGH: Errno = Errno(kpi::EPASSTHROUGH);
/// The system call is to be made again.
pub const ERESTART: Errno = Errno(kpi::ERESTART);

/// What a C function's int says.
pub fn check(error: c_int) -> Result<()> {
    if error == 0 {
        Ok(())
    } else {
        Err(Errno(error))
    }
}

/// The reverse of [`check`].
pub fn to_int(result: Result<()>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(Errno(number)) => number,
    }
}

/// One of the bindings' numbers.
pub const fn errno(number: u32) -> Errno {
    Errno(number as i32)
}
