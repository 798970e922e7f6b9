// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a module's object is on each architecture: sys/arch/*/*/kobj_machdep.c. Both are there
//! whatever this program runs on, for nothing here touches memory but what it is given.

pub mod aarch64;
pub mod amd64;

/// What a type of relocation changes, and what it wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// How many bytes it changes; 0: it is none.
    pub width: usize,
    /// Whether it depends on its symbol.
    pub symbol: bool,
}

impl Shape {
    const NONE: Shape = Shape { width: 0, symbol: false };

    const fn of(width: usize) -> Shape {
        Shape { width, symbol: true }
    }
}

/// What the bytes of a relocation follow from, by the names that the ABIs give it.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Its type.
    pub kind: u32,
    /// S: the symbol's address.
    pub symbol: u64,
    /// A: what is added.
    pub addend: i64,
    /// P: the address of the bytes.
    pub place: u64,
    /// B: the address of their section.
    pub base: u64,
}

impl Terms {
    /// S + A.
    fn sum(&self) -> u64 {
        self.symbol.wrapping_add_signed(self.addend)
    }

    /// S + A - P.
    fn distance(&self) -> i64 {
        self.sum().wrapping_sub(self.place) as i64
    }
}

/// Why the bytes cannot hold what they should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// Too far, but a jump on the way would do for a function.
    Far,
    /// Too far.
    Range,
    /// Not a multiple of what the instruction counts in.
    Unaligned,
}

/// Puts a number's low bytes into all of `bytes`.
fn put(bytes: &mut [u8], word: u64) {
    bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
}
