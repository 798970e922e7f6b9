// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! cprng(9). The bytes are the same in every run, so that a run can be repeated.

use std::ffi::c_void;
use std::slice;

use crate::exports;
use crate::world::enter;

/// The generator's state; an xorshift64*, which nobody should trust with a secret.
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Random(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    /// Eight more bytes.
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

unsafe extern "C" fn cprng_fast(to: *mut c_void, len: usize) -> usize {
    let mut world = enter();
    // SAFETY: the caller's buffer.
    let buffer = unsafe { slice::from_raw_parts_mut(to.cast::<u8>(), len) };
    for chunk in buffer.chunks_mut(8) {
        chunk.copy_from_slice(&world.random.word().to_le_bytes()[..chunk.len()]);
    }
    len
}

exports!(cprng_fast);
