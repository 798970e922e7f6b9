// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The functions of sys/kern/subr_asan.c that a module calls if it was compiled with kernel address
//! sanitising. Here they call the runtime of AddressSanitizer that the host itself is built with, so
//! that both know the same live and dead memory.

use std::ffi::{c_char, c_int, c_void};

use crate::exports;
use crate::loader::trace::backtrace;

unsafe extern "C" {
    fn __asan_handle_no_return();
    fn __asan_load1(address: usize);
    fn __asan_load2(address: usize);
    fn __asan_load4(address: usize);
    fn __asan_load8(address: usize);
    fn __asan_load16(address: usize);
    fn __asan_loadN(address: usize, len: usize);
    fn __asan_store1(address: usize);
    fn __asan_store2(address: usize);
    fn __asan_store4(address: usize);
    fn __asan_store8(address: usize);
    fn __asan_store16(address: usize);
    fn __asan_storeN(address: usize, len: usize);
    fn __asan_load1_noabort(address: usize);
    fn __asan_load2_noabort(address: usize);
    fn __asan_load4_noabort(address: usize);
    fn __asan_load8_noabort(address: usize);
    fn __asan_load16_noabort(address: usize);
    fn __asan_loadN_noabort(address: usize, len: usize);
    fn __asan_store1_noabort(address: usize);
    fn __asan_store2_noabort(address: usize);
    fn __asan_store4_noabort(address: usize);
    fn __asan_store8_noabort(address: usize);
    fn __asan_store16_noabort(address: usize);
    fn __asan_storeN_noabort(address: usize, len: usize);
    fn __asan_set_shadow_00(start: usize, len: usize);
    fn __asan_set_shadow_f1(start: usize, len: usize);
    fn __asan_set_shadow_f2(start: usize, len: usize);
    fn __asan_set_shadow_f3(start: usize, len: usize);
    fn __asan_set_shadow_f5(start: usize, len: usize);
    fn __asan_set_shadow_f8(start: usize, len: usize);
    fn __asan_memcpy(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void;
    fn __asan_memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void;
    fn __asan_memset(to: *mut c_void, byte: c_int, len: usize) -> *mut c_void;
    fn __sanitizer_set_death_callback(callback: extern "C" fn());
}

exports!(
    ;
    __asan_handle_no_return,
    __asan_load1,
    __asan_load2,
    __asan_load4,
    __asan_load8,
    __asan_load16,
    __asan_loadN,
    __asan_store1,
    __asan_store2,
    __asan_store4,
    __asan_store8,
    __asan_store16,
    __asan_storeN,
    __asan_load1_noabort,
    __asan_load2_noabort,
    __asan_load4_noabort,
    __asan_load8_noabort,
    __asan_load16_noabort,
    __asan_loadN_noabort,
    __asan_store1_noabort,
    __asan_store2_noabort,
    __asan_store4_noabort,
    __asan_store8_noabort,
    __asan_store16_noabort,
    __asan_storeN_noabort,
    __asan_set_shadow_00,
    __asan_set_shadow_f1,
    __asan_set_shadow_f2,
    __asan_set_shadow_f3,
    __asan_set_shadow_f5,
    __asan_set_shadow_f8,
    __asan_memcpy,
    __asan_memmove,
    __asan_memset,
);

/// Names the module's functions after a report, which knows them by their addresses alone.
pub fn name_functions() {
    // SAFETY: a function that only prints.
    unsafe { __sanitizer_set_death_callback(name) };
}

extern "C" fn name() {
    eprintln!("{}", backtrace());
}

/// Which options AddressSanitizer begins with: a fault is the host's to report, for it knows the
/// module's functions.
#[no_mangle]
extern "C" fn __asan_default_options() -> *const c_char {
    c"handle_segv=0:handle_sigbus=0:handle_sigill=0:detect_stack_use_after_return=0".as_ptr()
}
