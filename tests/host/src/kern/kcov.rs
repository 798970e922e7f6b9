// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The functions of sys/kern/subr_kcov.c that a module calls if it counts its edges. Here they call
//! libFuzzer, which gets the module's counters too.

use std::ffi::CStr;

use crate::exports;
use crate::kern::module;
use crate::world::enter;
use crate::{host_panic, kassert};

unsafe extern "C" {
    fn __sanitizer_cov_trace_cmp1(one: u8, other: u8);
    fn __sanitizer_cov_trace_cmp2(one: u16, other: u16);
    fn __sanitizer_cov_trace_cmp4(one: u32, other: u32);
    fn __sanitizer_cov_trace_cmp8(one: u64, other: u64);
    fn __sanitizer_cov_trace_const_cmp1(constant: u8, other: u8);
    fn __sanitizer_cov_trace_const_cmp2(constant: u16, other: u16);
    fn __sanitizer_cov_trace_const_cmp4(constant: u32, other: u32);
    fn __sanitizer_cov_trace_const_cmp8(constant: u64, other: u64);
    fn __sanitizer_cov_trace_switch(value: u64, cases: *const u64);
    fn __sanitizer_cov_8bit_counters_init(start: usize, stop: usize);
    fn __sanitizer_cov_pcs_init(start: usize, stop: usize);
}

exports!(
    ;
    __sanitizer_cov_trace_cmp1,
    __sanitizer_cov_trace_cmp2,
    __sanitizer_cov_trace_cmp4,
    __sanitizer_cov_trace_cmp8,
    __sanitizer_cov_trace_const_cmp1,
    __sanitizer_cov_trace_const_cmp2,
    __sanitizer_cov_trace_const_cmp4,
    __sanitizer_cov_trace_const_cmp8,
    __sanitizer_cov_trace_switch,
    __sanitizer_cov_8bit_counters_init,
    __sanitizer_cov_pcs_init,
);

/// Shows libFuzzer a module's counters. The module must stay loaded from then on.
pub fn count(name: &CStr) {
    let world = enter();
    let section = |section| match module::section(&world, name, section) {
        Some((start, len)) => (start, start + len),
        None => host_panic!("the module {name:?} counts no edges: it has no section {section}"),
    };
    let (counters, pcs) = (section("__sancov_cntrs"), section("__sancov_pcs"));
    kassert!((counters.1 - counters.0) * 16 == pcs.1 - pcs.0, "counters without their addresses");
    // SAFETY: the module's counters, which stay as long as it does.
    unsafe { __sanitizer_cov_8bit_counters_init(counters.0, counters.1) };
    // SAFETY: an address and flags for each counter.
    unsafe { __sanitizer_cov_pcs_init(pcs.0, pcs.1) };
}
