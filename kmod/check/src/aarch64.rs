// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What aarch64 machine code does to registers, stack and control flow. The few encodings that
//! matter are told apart by their fixed bits, as in the A64 chapter of the Arm Architecture
//! Reference Manual; bits are numbered as there.

use crate::machine::{Function, Machine};

/// How its code is read.
pub const MACHINE: Machine = Machine { vector, frame_size, jumps };

/// Register number 31, where it means the stack pointer.
const SP: u32 = 31;

/// A function's instructions, with their places in the section.
fn words(function: &Function) -> impl Iterator<Item = (u64, u32)> + '_ {
    function.bytes.chunks_exact(4).enumerate().map(|(index, bytes)| {
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (function.start + 4 * index as u64, word)
    })
}

/// Bits `high` to `low` of an instruction.
fn bits(word: u32, high: u32, low: u32) -> u32 {
    (word >> low) & ((1 << (high - low + 1)) - 1)
}

/// A field as a signed number.
fn signed(word: u32, high: u32, low: u32) -> i64 {
    let width = high - low + 1;
    i64::from(bits(word, high, low)) - (i64::from(bits(word, high, high)) << width)
}

/// Which registers beyond the general ones an instruction uses, by its group in the top-level
/// encoding table.
fn vector_group(word: u32) -> Option<&'static str> {
    match bits(word, 28, 25) {
        0b0000 if bits(word, 31, 31) == 1 => Some("SME"),
        0b0010 => Some("SVE"),
        0b0111 | 0b1111 => Some("floating-point or SIMD"),
        // Loads and stores have one bit for the register file.
        0b0100 | 0b0110 | 0b1100 | 0b1110 if bits(word, 26, 26) == 1 => Some("SIMD load or store"),
        _ => None,
    }
}

/// The place and kind of the first instruction that uses a floating-point or vector register.
fn vector(function: &Function) -> Option<(u64, String)> {
    words(function).find_map(|(at, word)| {
        vector_group(word).map(|group| (at - function.start, format!("{group} {word:#010x}")))
    })
}

/// The bytes of the stack that an instruction takes at once; `u64::MAX` if only the running
/// program knows.
fn taken(word: u32) -> u64 {
    let stack = bits(word, 9, 5) == SP;
    let to_stack = stack && bits(word, 4, 0) == SP;
    match (bits(word, 31, 23), bits(word, 31, 22), bits(word, 31, 21)) {
        // SUB SP, SP, #imm12, perhaps shifted by 12.
        (0b1_1010_0010, _, _) if to_stack => {
            u64::from(bits(word, 21, 10)) << (12 * bits(word, 22, 22))
        }
        // SUB SP, SP, Xm.
        (_, _, 0b110_0101_1001) if to_stack => u64::MAX,
        // STP Xt, Xt2, [SP, #imm7]!
        (_, 0b10_1010_0110, _) if stack => lowered(signed(word, 21, 15) * 8),
        // STR Xt, [SP, #imm9]!
        (_, _, 0b111_1100_0000) if stack && bits(word, 11, 10) == 0b11 => {
            lowered(signed(word, 20, 12))
        }
        _ => 0,
    }
}

fn lowered(offset: i64) -> u64 {
    u64::try_from(-offset).unwrap_or(0)
}

/// The bytes of the stack that a function takes: the largest push with write-back and the largest
/// subtraction, of which a prologue has one each at most.
fn frame_size(function: &Function) -> u64 {
    let (mut pushed, mut reserved) = (0, 0);
    for (_, word) in words(function) {
        let is_store = bits(word, 28, 25) & 0b0101 == 0b0100;
        let largest = if is_store { &mut pushed } else { &mut reserved };
        *largest = taken(word).max(*largest);
    }
    reserved.saturating_add(pushed)
}

/// Where the relocations of a function's jumps (B) are, calls (BL) apart.
fn jumps(function: &Function) -> Vec<u64> {
    words(function).filter(|(_, word)| bits(*word, 31, 26) == 0b00_0101).map(|(at, _)| at).collect()
}
