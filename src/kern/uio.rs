// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a read or write moves, uiomove(9).

use core::ffi::c_int;
use core::ptr;

use bitflags::bitflags;

use super::errno::{check, Result};
use super::file::FileFlags;
use super::kpi;

bitflags! {
    /// How a node is read or written, IO_*.
    #[derive(Clone, Copy)]
    pub struct IoFlags: u32 {
        /// Without sleeping.
        const NDELAY = kpi::IO_NDELAY;
    }
}

impl IoFlags {
    /// The flags that d_read and d_write are called with.
    pub fn from_raw(raw: c_int) -> Self {
        Self::from_bits_truncate(raw as u32)
    }

    /// The same as flags of an open file.
    pub fn to_file(self) -> FileFlags {
        let mut flags = FileFlags::empty();
        flags.set(FileFlags::NONBLOCK, self.contains(IoFlags::NDELAY));
        flags
    }
}

/// A request of read(2) or write(2), or their vector forms. It is used where the kernel has it: a
/// value that held a pointer to it would be put in memory for whoever is given a `dyn Transfer`.
#[repr(transparent)]
pub struct Uio(kpi::uio);

impl Uio {
    /// The request of a call of the kernel.
    pub fn new(raw: &mut kpi::uio) -> &mut Self {
        // SAFETY: a Uio is a struct uio, and this borrow of it goes on.
        unsafe { &mut *ptr::from_mut(raw).cast() }
    }
}

/// The other side of a transfer: bytes of a program, from or to which it moves.
pub trait Transfer {
    /// Bytes that are left to move.
    fn resid(&self) -> usize;

    /// Moves `len` bytes between `memory` and the program, as the direction of the transfer says;
    /// at most as many as are left. May fault (EFAULT), and may sleep for as long as a page takes.
    ///
    /// # Safety
    ///
    /// `len` bytes at `memory` belong to the caller.
    unsafe fn move_bytes(&mut self, memory: *mut u8, len: usize) -> Result;

    /// Moves as much of `memory` as is left to move, and returns how many bytes that were. The same
    /// errors.
    fn transfer(&mut self, memory: &mut [u8]) -> Result<usize> {
        let len = memory.len().min(self.resid());
        // SAFETY: `len` bytes of memory that is borrowed.
        unsafe { self.move_bytes(memory.as_mut_ptr(), len) }?;
        Ok(len)
    }
}

impl Transfer for Uio {
    fn resid(&self) -> usize {
        self.0.uio_resid
    }

    unsafe fn move_bytes(&mut self, memory: *mut u8, len: usize) -> Result {
        // SAFETY: the caller's promise; the request is valid for the length of the borrow.
        check(unsafe { kpi::uiomove(memory.cast(), len, &mut self.0) })
    }
}

impl Transfer for &mut dyn Transfer {
    fn resid(&self) -> usize {
        (**self).resid()
    }

    unsafe fn move_bytes(&mut self, memory: *mut u8, len: usize) -> Result {
        // SAFETY: the caller's promise.
        unsafe { (**self).move_bytes(memory, len) }
    }
}
