// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! curlwp, as code compiled with machine/cpu.h obtains it: by a function.

use crate::exports;
use crate::kpi;
use crate::sched::curlwp;

unsafe extern "C" fn x86_curlwp() -> *mut kpi::lwp {
    curlwp()
}

/// No instruction has to be emulated.
pub fn emulate(_context: &mut libc::ucontext_t) -> bool {
    false
}

exports!(; x86_curlwp);
