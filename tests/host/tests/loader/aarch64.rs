// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The relocations of aarch64, each held against what the ABI says, on whatever this runs.

use object::elf::*;
use tap_host::loader::machine::aarch64::{apply, shape, trampoline};
use tap_host::loader::machine::{Misfit, Shape, Terms};

/// Where the bytes are.
const PLACE: u64 = 0x5500_1234_5008;

/// The bytes, beginning with `before`, of a relocation of S + A at `PLACE`.
fn relocate(kind: u32, symbol: u64, addend: i64, before: u64) -> Result<u64, Misfit> {
    let width = shape(kind).unwrap().width;
    let mut bytes = before.to_le_bytes();
    let terms = Terms { kind, symbol, addend, place: PLACE, base: PLACE & !0xfff };
    apply(&terms, &mut bytes[..width])?;
    Ok(u64::from_le_bytes(bytes))
}

/// The same for an instruction.
fn instruct(kind: u32, symbol: u64, before: u32) -> Result<u32, Misfit> {
    relocate(kind, symbol, 0, before.into()).map(|word| word as u32)
}

fn place(distance: i64) -> u64 {
    PLACE.wrapping_add_signed(distance)
}

#[test]
fn what_the_kernel_knows() {
    for (kind, width) in [
        (R_AARCH64_NONE, 0),
        (256, 0),
        (R_AARCH64_ABS64, 8),
        (R_AARCH64_ABS32, 4),
        (R_AARCH64_ABS16, 2),
        (R_AARCH64_PREL64, 8),
        (R_AARCH64_PREL32, 4),
        (R_AARCH64_PREL16, 2),
        (R_AARCH64_ADR_PREL_PG_HI21, 4),
        (R_AARCH64_ADR_PREL_PG_HI21_NC, 4),
        (R_AARCH64_ADD_ABS_LO12_NC, 4),
        (R_AARCH64_LDST8_ABS_LO12_NC, 4),
        (R_AARCH64_LDST16_ABS_LO12_NC, 4),
        (R_AARCH64_LDST32_ABS_LO12_NC, 4),
        (R_AARCH64_LDST64_ABS_LO12_NC, 4),
        (R_AARCH64_JUMP26, 4),
        (R_AARCH64_CALL26, 4),
    ] {
        assert_eq!(shape(kind), Some(Shape { width, symbol: width != 0 }), "{kind}");
    }
    for kind in [
        R_AARCH64_LDST128_ABS_LO12_NC,
        R_AARCH64_ADR_GOT_PAGE,
        R_AARCH64_LD64_GOT_LO12_NC,
        R_AARCH64_ADR_PREL_LO21,
        R_AARCH64_LD_PREL_LO19,
        R_AARCH64_MOVW_UABS_G0_NC,
        R_AARCH64_TSTBR14,
        R_AARCH64_CONDBR19,
        R_AARCH64_GLOB_DAT,
        R_AARCH64_JUMP_SLOT,
        R_AARCH64_RELATIVE,
    ] {
        assert_eq!(shape(kind), None, "{kind}");
    }
}

#[test]
fn numbers() {
    let rest = 0xeeee_eeee_eeee_eeee;
    assert_eq!(relocate(R_AARCH64_ABS64, 0x1_2345_6789, -9, rest), Ok(0x1_2345_6780));
    assert_eq!(relocate(R_AARCH64_ABS32, 0xffff_fff0, 15, rest), Ok(0xeeee_eeee_ffff_ffff));
    assert_eq!(relocate(R_AARCH64_ABS32, 0xffff_fff0, 16, rest), Err(Misfit::Range));
    assert_eq!(relocate(R_AARCH64_ABS32, 0, -1, rest), Ok(0xeeee_eeee_ffff_ffff));
    assert_eq!(relocate(R_AARCH64_ABS32, 0, -(1 << 31) - 1, rest), Err(Misfit::Range));
    assert_eq!(relocate(R_AARCH64_ABS16, 0xfff0, 15, rest), Ok(0xeeee_eeee_eeee_ffff));
    assert_eq!(relocate(R_AARCH64_ABS16, 0xfff0, 16, rest), Err(Misfit::Range));
}

#[test]
fn distances() {
    let rest = 0xeeee_eeee_eeee_eeee;
    assert_eq!(relocate(R_AARCH64_PREL64, place(1 << 40), -8, rest), Ok((1 << 40) - 8));
    assert_eq!(relocate(R_AARCH64_PREL64, place(0), -8, rest), Ok(-8_i64 as u64));
    assert_eq!(relocate(R_AARCH64_PREL32, place(8), -9, rest), Ok(0xeeee_eeee_ffff_ffff));
    for (kind, bits) in [(R_AARCH64_PREL32, 32), (R_AARCH64_PREL16, 16)] {
        // With a sign or without.
        assert!(relocate(kind, place((1 << bits) - 1), 0, rest).is_ok());
        assert!(relocate(kind, place(-(1 << (bits - 1))), 0, rest).is_ok());
        assert_eq!(relocate(kind, place(1 << bits), 0, rest), Err(Misfit::Range));
        assert_eq!(relocate(kind, place(-(1 << (bits - 1)) - 1), 0, rest), Err(Misfit::Range));
    }
}

/// `adrp x8, .`.
const ADRP: u32 = 0x9000_0008;

#[test]
fn pages() {
    let adrp = |pages: i64| {
        let symbol = (PLACE & !0xfff).wrapping_add_signed(pages << 12) + 0xabc;
        instruct(R_AARCH64_ADR_PREL_PG_HI21, symbol, ADRP)
    };
    assert_eq!(adrp(0), Ok(ADRP));
    // The two lowest bits of the distance lie apart from the others.
    assert_eq!(adrp(1), Ok(0xb000_0008));
    assert_eq!(adrp(3), Ok(0xf000_0008));
    assert_eq!(adrp(4), Ok(0x9000_0028));
    assert_eq!(adrp(-1), Ok(0xf0ff_ffe8));
    assert_eq!(adrp((1 << 20) - 1), Ok(0xf07f_ffe8));
    assert_eq!(adrp(-(1 << 20)), Ok(0x9080_0008));
    // The kernel's check allows these, and the instruction would go the other way.
    assert_eq!(adrp(1 << 20), Err(Misfit::Range));
    assert_eq!(adrp(-(1 << 20) - 1), Err(Misfit::Range));
    let far = (PLACE & !0xfff) + (1 << 34);
    assert_eq!(instruct(R_AARCH64_ADR_PREL_PG_HI21_NC, far, ADRP), Ok(ADRP));
    // What was in these bits before does not matter.
    assert_eq!(instruct(R_AARCH64_ADR_PREL_PG_HI21, PLACE, ADRP | 0x60ff_ffe0), Ok(ADRP));
}

#[test]
fn offsets_in_a_page() {
    let symbol = 0x7000_1000_0ab8;
    for (kind, instruction, word) in [
        // add x0, x0, #0xab8
        (R_AARCH64_ADD_ABS_LO12_NC, 0x9100_0000, 0x912a_e000),
        // ldrb w0, [x0, #0xab8]
        (R_AARCH64_LDST8_ABS_LO12_NC, 0x3940_0000, 0x396a_e000),
        // ldrh w0, [x0, #0xab8]
        (R_AARCH64_LDST16_ABS_LO12_NC, 0x7940_0000, 0x7955_7000),
        // ldr w0, [x0, #0xab8]
        (R_AARCH64_LDST32_ABS_LO12_NC, 0xb940_0000, 0xb94a_b800),
        // ldr x0, [x0, #0xab8]
        (R_AARCH64_LDST64_ABS_LO12_NC, 0xf940_0000, 0xf945_5c00),
    ] {
        assert_eq!(instruct(kind, symbol, instruction), Ok(word), "{kind}");
        assert_eq!(instruct(kind, symbol, instruction | 0xfff << 10), Ok(word), "{kind}");
    }
    for (kind, unit) in [
        (R_AARCH64_LDST16_ABS_LO12_NC, 2),
        (R_AARCH64_LDST32_ABS_LO12_NC, 4),
        (R_AARCH64_LDST64_ABS_LO12_NC, 8),
    ] {
        assert_eq!(instruct(kind, symbol + unit / 2, 0), Err(Misfit::Unaligned), "{kind}");
    }
    assert!(instruct(R_AARCH64_LDST8_ABS_LO12_NC, symbol + 1, 0).is_ok());
}

#[test]
fn branches() {
    for (kind, instruction) in [(R_AARCH64_JUMP26, 0x1400_0000), (R_AARCH64_CALL26, 0x9400_0000)] {
        let branch = |distance| instruct(kind, place(distance), instruction | 0x3ff_ffff);
        assert_eq!(branch(0), Ok(instruction));
        assert_eq!(branch(4), Ok(instruction | 1));
        assert_eq!(branch(-4), Ok(instruction | 0x3ff_ffff));
        assert_eq!(branch((1 << 27) - 4), Ok(instruction | 0x1ff_ffff));
        assert_eq!(branch(-(1 << 27)), Ok(instruction | 0x200_0000));
        // As with pages, the kernel would let these go wrong; here they may go by way of a jump.
        assert_eq!(branch(1 << 27), Err(Misfit::Far));
        assert_eq!(branch(-(1 << 27) - 4), Err(Misfit::Far));
        assert_eq!(branch(2), Err(Misfit::Unaligned));
    }
}

#[test]
fn a_jump_to_a_far_function() {
    let code = trampoline(0x0123_4567_89ab_cdef);
    // ldr x16, .+8; br x16
    assert_eq!(code[..8], [0x50, 0, 0, 0x58, 0, 0x02, 0x1f, 0xd6]);
    assert_eq!(code[8..], 0x0123_4567_89ab_cdef_u64.to_le_bytes());
}
