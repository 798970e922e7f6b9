// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The argument of an ioctl(2) command in the kernel: as many bytes as the command states.

use std::ffi::c_void;

use crate::kassert;

/// The argument, by its address.
#[derive(Clone, Copy)]
pub struct Arg {
    raw: *mut u8,
    len: usize,
}

/// IOCPARM_LEN: how long a command's argument is.
pub fn length(command: u64) -> usize {
    (command >> 16) as usize & 0x1fff
}

impl Arg {
    /// The argument of a command.
    pub fn new(command: u64, data: *mut c_void) -> Arg {
        Arg { raw: data.cast(), len: length(command) }
    }

    /// The pointer.
    pub fn raw(self) -> *mut c_void {
        self.raw.cast()
    }

    /// A value `offset` bytes into the argument.
    pub fn get<T: Copy>(self, offset: usize) -> T {
        kassert!(offset + size_of::<T>() <= self.len, "an ioctl argument is too short");
        // SAFETY: within the argument.
        let from = unsafe { self.raw.add(offset) };
        // SAFETY: as above; such arguments are made of integers.
        unsafe { from.cast::<T>().read_unaligned() }
    }

    /// Sets a value `offset` bytes into the argument.
    pub fn put<T: Copy>(self, offset: usize, value: T) {
        kassert!(offset + size_of::<T>() <= self.len, "an ioctl argument is too short");
        // SAFETY: within the argument.
        let to = unsafe { self.raw.add(offset) };
        // SAFETY: as above.
        unsafe { to.cast::<T>().write_unaligned(value) }
    }

    /// Some bytes of the argument.
    pub fn bytes(self, offset: usize, len: usize) -> Vec<u8> {
        (offset..offset + len).map(|at| self.get(at)).collect()
    }

    /// Sets some bytes of the argument.
    pub fn put_bytes(self, offset: usize, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            self.put(offset + at, *byte);
        }
    }

    /// The interface's name that most arguments begin with.
    pub fn name(self) -> String {
        let name = self.bytes(0, crate::kpi::IFNAMSIZ as usize);
        name.iter().take_while(|c| **c != 0).map(|c| *c as char).collect()
    }
}
