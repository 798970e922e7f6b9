// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Callgrind's switches, by its client requests: a sequence of instructions that does nothing
//! but under valgrind, as valgrind.h and callgrind.h define them. The crates that wrap these headers
//! would need them wherever the host is built.
//!
//! Whether instructions are collected is a thread's own state, so each thread sets it to what is
//! wanted [at the beginning of its turn](turn).

use std::cell::Cell;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::arch::gate::request;

/// The requests that are for any of valgrind's tools begin here.
const CORE: usize = 0x1000;
/// Callgrind's begin here: "CT" in the upper half.
const CALLGRIND: usize = (b'C' as usize) << 24 | (b'T' as usize) << 16;
const RUNNING_ON_VALGRIND: usize = CORE + 1;
const ZERO_STATS: usize = CALLGRIND + 1;
const TOGGLE_COLLECT: usize = CALLGRIND + 2;
const DUMP_STATS_AT: usize = CALLGRIND + 3;
const START_INSTRUMENTATION: usize = CALLGRIND + 4;
const STOP_INSTRUMENTATION: usize = CALLGRIND + 5;

/// Whether instructions are to be collected, whoever runs.
static WANTED: AtomicBool = AtomicBool::new(false);

/// How often instrumentation has begun: all threads' states are off again then.
static BEGINNINGS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The beginning since which this thread's are, if they are.
    static ON: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Whether callgrind, or another of valgrind's tools, runs this program.
pub fn is_there() -> bool {
    request(RUNNING_ON_VALGRIND, 0) != 0
}

/// Collects from now on, or no longer.
pub fn set(on: bool) {
    WANTED.store(on, Ordering::Relaxed);
    turn();
}

/// A thread's turn to run begins.
#[inline]
pub fn turn() {
    let wanted = WANTED.load(Ordering::Relaxed);
    let now = BEGINNINGS.load(Ordering::Relaxed);
    let before = ON.replace(wanted.then_some(now));
    if wanted != (before == Some(now)) {
        request(TOGGLE_COLLECT, 0);
    }
}

/// Begins or ends instrumentation, without which nothing can be collected, and all is faster.
pub fn instrument(on: bool) {
    BEGINNINGS.fetch_add(1, Ordering::Relaxed);
    request(if on { START_INSTRUMENTATION } else { STOP_INSTRUMENTATION }, 0);
}

/// Forgets what was collected.
pub fn forget() {
    request(ZERO_STATS, 0);
}

/// Writes what was collected to a file of its own, which says `why`, and forgets it.
pub fn dump(why: &str) {
    // A NUL in a workload's name would only cut it short.
    let why = CString::new(why).unwrap_or_default();
    request(DUMP_STATS_AT, why.as_ptr() as usize);
}
