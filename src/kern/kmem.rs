// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Wired kernel memory, kmem(9).

use core::ptr::NonNull;

use super::kpi;

/// Allocates zeroed memory for a `T`, sleeping until there is some. Thread context only.
pub fn zalloc<T>() -> NonNull<T> {
    // SAFETY: the size is not zero for any type used here, and the caller may sleep.
    let memory = unsafe { kpi::kmem_zalloc(size_of::<T>(), kpi::KM_SLEEP as _) };
    // SAFETY: with KM_SLEEP it does not fail; the kernel itself asserts that.
    unsafe { NonNull::new_unchecked(memory.cast()) }
}

/// The same, not initialised.
pub fn alloc<T>() -> NonNull<T> {
    alloc_array(1)
}

/// Frees what [`alloc`] or [`zalloc`] returned.
///
/// # Safety
///
/// `memory` came from one of them, for the same `T`, and nobody uses it any more.
pub unsafe fn free<T>(memory: NonNull<T>) {
    // SAFETY: the caller's promise.
    unsafe { free_array(memory, 1) }
}

/// Memory for `count` values, not 0, not initialised, sleeping until there is some. Thread context
/// only.
pub fn alloc_array<T>(count: usize) -> NonNull<T> {
    let len = size_of::<T>().wrapping_mul(count);
    // SAFETY: the size is not zero, and the caller may sleep.
    let memory = unsafe { kpi::kmem_alloc(len, kpi::KM_SLEEP as _) };
    // SAFETY: as above.
    unsafe { NonNull::new_unchecked(memory.cast()) }
}

/// Frees what [`alloc_array`] returned.
///
/// # Safety
///
/// `memory` came from it, for as many of the same `T`, and nobody uses it any more.
pub unsafe fn free_array<T>(memory: NonNull<T>, count: usize) {
    let len = size_of::<T>().wrapping_mul(count);
    // SAFETY: the caller's promise; the size is the one it was allocated with.
    unsafe { kpi::kmem_free(memory.as_ptr().cast(), len) }
}
