// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The memory functions that compiled code calls by name, for amd64; there is no C library to have
//! them. For aarch64 they are in Rust's own library, which is built for a machine without a system.

use core::arch::asm;

/// memcpy(3).
///
/// # Safety
/// As memcpy(3).
#[no_mangle]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both spans; the direction flag is clear by the ABI.
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") n => _,
            options(nostack, preserves_flags));
    }
    to
}

/// memmove(3).
///
/// # Safety
/// As memmove(3).
#[no_mangle]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= n {
        // SAFETY: the spans do not overlap in the direction of the copy.
        return unsafe { memcpy(to, from, n) };
    }
    // SAFETY: as memcpy, from the end; the direction flag is put back.
    unsafe {
        asm!("std", "rep movsb", "cld",
            inout("rdi") to.wrapping_add(n).wrapping_sub(1) => _,
            inout("rsi") from.wrapping_add(n).wrapping_sub(1) => _,
            inout("rcx") n => _, options(nostack));
    }
    to
}

/// memset(3).
///
/// # Safety
/// As memset(3).
#[no_mangle]
pub unsafe extern "C" fn memset(to: *mut u8, byte: i32, n: usize) -> *mut u8 {
    // SAFETY: the caller vouches for the span.
    unsafe {
        asm!("rep stosb", inout("rdi") to => _, in("al") byte as u8, inout("rcx") n => _,
            options(nostack, preserves_flags));
    }
    to
}

/// memcmp(3).
///
/// # Safety
/// As memcmp(3).
#[no_mangle]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    for i in 0..n {
        // SAFETY: i is within both spans, by the caller's word. Volatile, lest the loop become a
        // call of this very function.
        let x = unsafe { a.add(i).read_volatile() };
        // SAFETY: as above.
        let y = unsafe { b.add(i).read_volatile() };
        if x != y {
            return i32::from(x) - i32::from(y);
        }
    }
    0
}

/// bcmp(3).
///
/// # Safety
/// As memcmp(3).
#[no_mangle]
pub unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    // SAFETY: the caller's word.
    unsafe { memcmp(a, b, n) }
}

/// strlen(3).
///
/// # Safety
/// As strlen(3).
#[no_mangle]
pub unsafe extern "C" fn strlen(s: *const u8) -> usize {
    let mut n = 0;
    // SAFETY: the caller vouches for a NUL, and nothing past it is read. Volatile as in memcmp.
    while unsafe { s.add(n).read_volatile() } != 0 {
        n += 1;
    }
    n
}
