// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! aarch64: calls reach 128 MiB, pairs of instructions 4 GiB.
//!
//! The kernel's own checks allow one bit more than the instructions hold. It does not check that an
//! address fits a word, and truncates it silently. The host rejects such a relocation.

use object::elf;

use super::{put, Misfit, Shape, Terms};

/// e_machine.
pub const MACHINE: u16 = elf::EM_AARCH64;
/// Bytes of a jump to a far function.
pub const TRAMPOLINE: usize = 16;
/// x29, as DWARF numbers it.
pub const FRAME_POINTER: u8 = 29;
/// x30.
pub const RETURN_ADDRESS: u8 = 30;

/// The number that R_AARCH64_NONE had in drafts of the ABI; the kernel knows both.
const NONE_OF_DRAFTS: u32 = 256;

/// What a type of relocation changes; `None`: the kernel does not know it.
pub fn shape(kind: u32) -> Option<Shape> {
    Some(match kind {
        elf::R_AARCH64_NONE | NONE_OF_DRAFTS => Shape::NONE,
        elf::R_AARCH64_ABS64 | elf::R_AARCH64_PREL64 => Shape::of(8),
        elf::R_AARCH64_ABS16 | elf::R_AARCH64_PREL16 => Shape::of(2),
        elf::R_AARCH64_ABS32
        | elf::R_AARCH64_PREL32
        | elf::R_AARCH64_ADR_PREL_PG_HI21
        | elf::R_AARCH64_ADR_PREL_PG_HI21_NC
        | elf::R_AARCH64_ADD_ABS_LO12_NC
        | elf::R_AARCH64_LDST8_ABS_LO12_NC
        | elf::R_AARCH64_LDST16_ABS_LO12_NC
        | elf::R_AARCH64_LDST32_ABS_LO12_NC
        | elf::R_AARCH64_LDST64_ABS_LO12_NC
        | elf::R_AARCH64_JUMP26
        | elf::R_AARCH64_CALL26 => Shape::of(4),
        _ => return None,
    })
}

/// Applies a relocation to its bytes, as many as its shape says.
pub fn apply(terms: &Terms, bytes: &mut [u8]) -> Result<(), Misfit> {
    match terms.kind {
        elf::R_AARCH64_ABS64 => put(bytes, terms.sum()),
        elf::R_AARCH64_PREL64 => put(bytes, terms.distance() as u64),
        elf::R_AARCH64_ABS32 | elf::R_AARCH64_ABS16 => number(terms.sum() as i64, bytes)?,
        elf::R_AARCH64_PREL32 | elf::R_AARCH64_PREL16 => number(terms.distance(), bytes)?,
        elf::R_AARCH64_ADR_PREL_PG_HI21 => page(terms, bytes, true)?,
        elf::R_AARCH64_ADR_PREL_PG_HI21_NC => page(terms, bytes, false)?,
        elf::R_AARCH64_ADD_ABS_LO12_NC | elf::R_AARCH64_LDST8_ABS_LO12_NC => {
            within_page(terms, bytes, 0)?;
        }
        elf::R_AARCH64_LDST16_ABS_LO12_NC => within_page(terms, bytes, 1)?,
        elf::R_AARCH64_LDST32_ABS_LO12_NC => within_page(terms, bytes, 2)?,
        elf::R_AARCH64_LDST64_ABS_LO12_NC => within_page(terms, bytes, 3)?,
        _ => branch(terms, bytes)?,
    }
    Ok(())
}

/// Whether a number has room in so many bits with its sign.
fn fits(value: i64, bits: u32) -> bool {
    (-(1 << (bits - 1))..1 << (bits - 1)).contains(&value)
}

/// A number of 16 or 32 bits, with or without a sign: the ABI allows both.
fn number(value: i64, bytes: &mut [u8]) -> Result<(), Misfit> {
    let bits = bytes.len() as u32 * 8;
    if !fits(value, bits) && value >> bits != 0 {
        return Err(Misfit::Range);
    }
    put(bytes, value as u64);
    Ok(())
}

/// Replaces the bits of an instruction that `mask` has.
fn replace(bytes: &mut [u8], mask: u32, bits: u32) {
    let mut word = [0; 4];
    word.copy_from_slice(bytes);
    let word = u32::from_le_bytes(word) & !mask | bits & mask;
    put(bytes, word.into());
}

/// adrp: how many pages from its own to the symbol's.
fn page(terms: &Terms, bytes: &mut [u8], checked: bool) -> Result<(), Misfit> {
    let pages = (terms.sum() >> 12).wrapping_sub(terms.place >> 12) as i64;
    if checked && !fits(pages, 21) {
        return Err(Misfit::Range);
    }
    let pages = pages as u32;
    replace(bytes, 3 << 29 | 0x7_ffff << 5, (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5);
    Ok(())
}

/// add, ldr and str: where in its page the symbol is, in units of what is accessed.
fn within_page(terms: &Terms, bytes: &mut [u8], shift: u32) -> Result<(), Misfit> {
    let offset = (terms.sum() & 0xfff) as u32;
    if !offset.is_multiple_of(1 << shift) {
        return Err(Misfit::Unaligned);
    }
    replace(bytes, 0xfff << 10, (offset >> shift) << 10);
    Ok(())
}

/// b and bl: how many instructions to the symbol.
fn branch(terms: &Terms, bytes: &mut [u8]) -> Result<(), Misfit> {
    let distance = terms.distance();
    if distance & 3 != 0 {
        return Err(Misfit::Unaligned);
    }
    if !fits(distance, 28) {
        return Err(Misfit::Far);
    }
    replace(bytes, 0x3ff_ffff, (distance >> 2) as u32);
    Ok(())
}

/// ldr x16, .+8; br x16; the address. x16 is what the ABI leaves to those between a caller and who
/// is called.
pub fn trampoline(address: u64) -> [u8; TRAMPOLINE] {
    let mut code = [0; TRAMPOLINE];
    code[..4].copy_from_slice(&0x5800_0050_u32.to_le_bytes());
    code[4..8].copy_from_slice(&0xd61f_0200_u32.to_le_bytes());
    code[8..].copy_from_slice(&address.to_le_bytes());
    code
}
