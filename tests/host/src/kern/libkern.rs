// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel's copy of the C library, common/lib/libc/string: memory and strings.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::{ptr, slice};

use crate::exports;

unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
    // SAFETY: the caller's two spans, which do not overlap.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast(), len) };
    to
}

unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
    // SAFETY: the caller's two spans.
    unsafe { ptr::copy(from.cast::<u8>(), to.cast(), len) };
    to
}

unsafe extern "C" fn memset(to: *mut c_void, byte: c_int, len: usize) -> *mut c_void {
    // SAFETY: the caller's span.
    unsafe { to.cast::<u8>().write_bytes(byte as u8, len) };
    to
}

unsafe extern "C" fn memcmp(one: *const c_void, other: *const c_void, len: usize) -> c_int {
    // SAFETY: the caller's span.
    let one = unsafe { slice::from_raw_parts(one.cast::<u8>(), len) };
    // SAFETY: the caller's span.
    let other = unsafe { slice::from_raw_parts(other.cast::<u8>(), len) };
    one.cmp(other) as c_int
}

fn bytes<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY: every caller passes a string that ends.
    unsafe { CStr::from_ptr(string) }.to_bytes()
}

unsafe extern "C" fn strlen(string: *const c_char) -> usize {
    bytes(string).len()
}

unsafe extern "C" fn strcmp(one: *const c_char, other: *const c_char) -> c_int {
    bytes(one).cmp(bytes(other)) as c_int
}

unsafe extern "C" fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
    let len = bytes(from).len() + 1;
    // SAFETY: the caller's buffer has room for the string and its NUL.
    unsafe { ptr::copy_nonoverlapping(from, to, len) };
    to
}

/// strlcpy(9): the length of what it tried to copy; the NUL is there unless the buffer is empty.
unsafe extern "C" fn strlcpy(to: *mut c_char, from: *const c_char, size: usize) -> usize {
    let len = bytes(from).len();
    if let Some(room) = size.checked_sub(1) {
        let copied = len.min(room);
        // SAFETY: the caller's buffer of `size` bytes, and no more than the string has.
        unsafe { ptr::copy_nonoverlapping(from, to, copied) };
        // SAFETY: less than `size`.
        unsafe { to.wrapping_add(copied).write(0) };
    }
    len
}

exports!(; memcpy, memmove, memset, memcmp, strlen, strcmp, strcpy, strlcpy);
