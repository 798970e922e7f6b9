// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! atomic_ops(9), as common/lib/libc/atomic has them. Before each operation, the seeded scheduler may
//! prefer another thread. No host code runs for the caller after the operation, because the caller's
//! memory and text may already be freed.

use std::ffi::c_uint;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::exports;
use crate::world::enter;

/// Adds to a word; what it was before.
///
/// # Safety
///
/// `word` is the caller's until the addition.
unsafe fn add(word: *mut c_uint, delta: c_uint) -> c_uint {
    drop(enter());
    // SAFETY: the caller's promise.
    unsafe { AtomicU32::from_ptr(word) }.fetch_add(delta, Ordering::SeqCst)
}

unsafe extern "C" fn atomic_inc_uint(word: *mut c_uint) {
    // SAFETY: the caller's word.
    unsafe { add(word, 1) };
}

unsafe extern "C" fn atomic_inc_uint_nv(word: *mut c_uint) -> c_uint {
    // SAFETY: the caller's word.
    unsafe { add(word, 1) }.wrapping_add(1)
}

unsafe extern "C" fn atomic_dec_uint(word: *mut c_uint) {
    // SAFETY: the caller's word.
    unsafe { add(word, c_uint::MAX) };
}

unsafe extern "C" fn atomic_dec_uint_nv(word: *mut c_uint) -> c_uint {
    // SAFETY: the caller's word.
    unsafe { add(word, c_uint::MAX) }.wrapping_sub(1)
}

exports!(; atomic_inc_uint, atomic_inc_uint_nv, atomic_dec_uint, atomic_dec_uint_nv);
