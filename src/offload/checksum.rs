// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The Internet checksum (RFC 1071) of memory in pieces.
//!
//! Words are summed in the machine's byte order, for the sum of swapped bytes is the swapped sum:
//! its two bytes then lie in memory as the checksum's do in a packet.
#![forbid(unsafe_code)]

/// Where the checksum stands in a UDP header. There zero would say that there is none.
pub const UDP_OFFSET: u16 = 6;
/// Where the checksum stands in a TCP header.
pub const TCP_OFFSET: u16 = 16;

/// A ones' complement sum of the bytes so far, the first of them the high one of a 16-bit word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// Folded sums of pieces, each below 1 << 16.
    total: u64,
    /// Whether an odd number of bytes has come.
    odd: bool,
}

impl Sum {
    /// The sum of no bytes.
    pub const fn new() -> Sum {
        Sum { total: 0, odd: false }
    }

    /// Adds the bytes that come next.
    pub fn add(&mut self, piece: &[u8]) {
        let mut sum = fold(words(piece));
        if self.odd {
            sum = sum.swap_bytes();
        }
        self.total = self.total.wrapping_add(sum.into());
        self.odd ^= piece.len() & 1 != 0;
    }

    /// Adds two bytes, an even number of which has come before.
    pub fn add_pair(&mut self, pair: [u8; 2]) {
        self.total = self.total.wrapping_add(u16::from_ne_bytes(pair).into());
    }

    /// The sum itself, as it lies in memory: of a pseudo header it is what stands in the field of
    /// a checksum that is to be completed.
    pub fn seed(self) -> [u8; 2] {
        fold(self.total).to_ne_bytes()
    }

    /// The checksum, as it lies in memory.
    pub fn checksum(self) -> [u8; 2] {
        (!fold(self.total)).to_ne_bytes()
    }

    /// The checksum of a transport header whose field is at that offset. One of zero is written
    /// as its other form where the field is UDP's.
    pub fn completed(self, offset: u16) -> [u8; 2] {
        match self.checksum() {
            [0, 0] if offset == UDP_OFFSET => [0xff, 0xff],
            checksum => checksum,
        }
    }
}

/// The sum of 8-byte words with the carries added in; zeros follow the last byte.
fn words(bytes: &[u8]) -> u64 {
    let (mut words, tail) = bytes.as_chunks();
    let mut total = 0;
    // Written out, for in a loop it would not become a chain of additions with carry.
    while let Some(([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p], rest)) =
        words.split_first_chunk()
    {
        let mut carry = false;
        total = add(total, a, &mut carry);
        total = add(total, b, &mut carry);
        total = add(total, c, &mut carry);
        total = add(total, d, &mut carry);
        total = add(total, e, &mut carry);
        total = add(total, f, &mut carry);
        total = add(total, g, &mut carry);
        total = add(total, h, &mut carry);
        total = add(total, i, &mut carry);
        total = add(total, j, &mut carry);
        total = add(total, k, &mut carry);
        total = add(total, l, &mut carry);
        total = add(total, m, &mut carry);
        total = add(total, n, &mut carry);
        total = add(total, o, &mut carry);
        total = add(total, p, &mut carry);
        total = total.wrapping_add(carry.into());
        words = rest;
    }
    for word in words {
        total = add_around(total, u64::from_ne_bytes(*word));
    }
    let last = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    add_around(total, u64::from_le(last))
}

/// Adds a word, and the carry of the one before.
#[inline(always)]
fn add(total: u64, word: &[u8; 8], carry: &mut bool) -> u64 {
    let (sum, first) = total.overflowing_add(u64::from_ne_bytes(*word));
    let (sum, second) = sum.overflowing_add((*carry).into());
    *carry = first | second;
    sum
}

/// Adds a word, and then the carry.
fn add_around(total: u64, word: u64) -> u64 {
    let (sum, carry) = total.overflowing_add(word);
    sum.wrapping_add(carry.into())
}

/// Folds a sum to 16 bits. The sum of a number and itself with its halves swapped has in its upper
/// half that of the two halves, the carry added in.
fn fold(sum: u64) -> u16 {
    let sum = (sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32;
    (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
}
