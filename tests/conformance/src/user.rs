// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Spans of user memory, as a system call is given them: an address and a length.
//!
//! A span is made from a slice or a value, or is bad on purpose (for the EFAULT cases); either way
//! a case can pass it without `unsafe`, and an implementation of [`crate::Sys`] gets plain numbers.

use core::marker::PhantomData;

/// Types of which every bit pattern is a value and none of whose bytes is padding that matters:
/// what ioctl(2) and sysctl(3) exchange.
///
/// # Safety
/// The kernel may write any bytes into a value of the type.
pub unsafe trait Plain: Copy {
    /// All bytes zero.
    #[must_use]
    fn zeroed() -> Self {
        // SAFETY: the trait promises that any bytes, so zeros too, are a value.
        unsafe { core::mem::zeroed() }
    }

    /// All bytes 0xa5: memory that nobody initialised, as careless programs pass it.
    #[must_use]
    fn garbage() -> Self {
        let mut value = Self::zeroed();
        value.as_bytes_mut().fill(0xa5);
        value
    }

    /// The value's bytes.
    fn as_bytes(&self) -> &[u8] {
        let start = core::ptr::from_ref(self).cast::<u8>();
        // SAFETY: the span is exactly the borrowed value, which the trait calls plain bytes.
        unsafe { core::slice::from_raw_parts(start, size_of::<Self>()) }
    }

    /// The value's bytes, to be changed.
    fn as_bytes_mut(&mut self) -> &mut [u8] {
        let start = core::ptr::from_mut(self).cast::<u8>();
        // SAFETY: the span is exactly the mutably borrowed value; any bytes are a value.
        unsafe { core::slice::from_raw_parts_mut(start, size_of::<Self>()) }
    }
}

macro_rules! plain {
    ($($t:ty),*) => { $(
        // SAFETY: an integer, or an array of them.
        unsafe impl Plain for $t {}
    )* };
}
plain!(u8, u16, i16, u32, i32, u64, i64, usize, [i32; 2], [i32; 64]);
// SAFETY: an array of bytes.
unsafe impl<const N: usize> Plain for [u8; N] {}

/// Memory that the kernel reads.
#[derive(Clone, Copy)]
pub struct In<'a> {
    /// Where it begins.
    pub addr: usize,
    /// How many bytes.
    pub len: usize,
    borrow: PhantomData<&'a [u8]>,
}

/// Memory that the kernel writes, or reads and writes.
pub struct Out<'a> {
    /// Where it begins.
    pub addr: usize,
    /// How many bytes.
    pub len: usize,
    borrow: PhantomData<&'a mut [u8]>,
}

/// An address in the first page, which no process has mapped.
const NOWHERE: usize = 8;

impl<'a> In<'a> {
    /// A slice.
    #[must_use]
    pub fn bytes(slice: &'a [u8]) -> Self {
        Self { addr: slice.as_ptr() as usize, len: slice.len(), borrow: PhantomData }
    }

    /// Nothing: a NULL pointer and no length.
    #[must_use]
    pub fn none() -> Self {
        Self { addr: 0, len: 0, borrow: PhantomData }
    }

    /// `len` bytes at an address that is not mapped.
    #[must_use]
    pub fn bad(len: usize) -> Self {
        Self { addr: NOWHERE, len, borrow: PhantomData }
    }

    /// `good` bytes up to `edge` (see [`crate::Sys::edge`]) and `beyond` bytes past it.
    #[must_use]
    pub fn across(edge: usize, good: usize, beyond: usize) -> Self {
        Self { addr: edge - good, len: good + beyond, borrow: PhantomData }
    }
}

impl<'a> Out<'a> {
    /// A slice.
    #[must_use]
    pub fn bytes(slice: &'a mut [u8]) -> Self {
        Self { addr: slice.as_mut_ptr() as usize, len: slice.len(), borrow: PhantomData }
    }

    /// A value.
    #[must_use]
    pub fn value<T: Plain>(value: &'a mut T) -> Self {
        Self::bytes(value.as_bytes_mut())
    }

    /// Nothing: a NULL pointer and no length.
    #[must_use]
    pub fn none() -> Self {
        Self { addr: 0, len: 0, borrow: PhantomData }
    }

    /// `len` bytes at an address that is not mapped.
    #[must_use]
    pub fn bad(len: usize) -> Self {
        Self { addr: NOWHERE, len, borrow: PhantomData }
    }

    /// `good` bytes up to `edge` (see [`crate::Sys::edge`]) and `beyond` bytes past it.
    #[must_use]
    pub fn across(edge: usize, good: usize, beyond: usize) -> Self {
        Self { addr: edge - good, len: good + beyond, borrow: PhantomData }
    }
}
