// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The Internet checksum (RFC 1071) of memory in pieces.
//!
//! Words are summed in host byte order. The sum of byte-swapped words is the byte-swapped sum, so the
//! result is stored without conversion.
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

    /// The sum of bytes in one piece.
    #[inline(always)]
    pub fn of(bytes: &[u8]) -> Sum {
        Sum { total: fold(words(bytes)).into(), odd: bytes.len() & 1 != 0 }
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

    /// The checksum of a transport header whose field is at that offset. For UDP, a checksum of
    /// zero is written as 0xffff, because zero would mean that there is none.
    pub fn completed(self, offset: u16) -> [u8; 2] {
        match !fold(self.total) {
            0 if offset == UDP_OFFSET => [0xff; 2],
            checksum => checksum.to_ne_bytes(),
        }
    }
}

/// The sum of 8-byte words with the carries added in; zeros follow the last byte.
#[inline(never)]
fn words(bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks();
    let (blocks, words) = words.as_chunks::<32>();
    let mut total = 0;
    for block in blocks {
        let mut carry = false;
        let (eights, _) = block.as_chunks();
        if let [a, b, c, d] = eights {
            total = add_eight(total, a, &mut carry);
            total = add_eight(total, b, &mut carry);
            total = add_eight(total, c, &mut carry);
            total = add_eight(total, d, &mut carry);
        }
        total = total.wrapping_add(carry.into());
    }
    let (eights, words) = words.as_chunks();
    for eight in eights {
        let mut carry = false;
        total = add_eight(total, eight, &mut carry);
        total = total.wrapping_add(carry.into());
    }
    for word in words {
        total = add_around(total, u64::from_ne_bytes(*word));
    }
    let last = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    add_around(total, u64::from_le(last))
}

/// Adds words, and the carry of the one before. Written out, for in a loop it would not become a
/// chain of additions with carry.
#[inline(always)]
fn add_eight(total: u64, words: &[[u8; 8]; 8], carry: &mut bool) -> u64 {
    let [a, b, c, d, e, f, g, h] = words;
    let total = add(total, a, carry);
    let total = add(total, b, carry);
    let total = add(total, c, carry);
    let total = add(total, d, carry);
    let total = add(total, e, carry);
    let total = add(total, f, carry);
    let total = add(total, g, carry);
    add(total, h, carry)
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
