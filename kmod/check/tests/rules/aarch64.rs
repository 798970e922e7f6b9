// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The same for aarch64.

use object::elf;
use object::write::SymbolSection;
use object::{Architecture, SymbolScope};

use super::bad::Bad;

/// `ret` of aarch64.
const RET_AARCH64: u32 = 0xd65f_03c0;

/// An object for aarch64 with one function, of these instructions.
fn aarch64(name: &str, code: &[u32]) -> Bad {
    let mut bad = Bad::on(Architecture::Aarch64);
    bad.module_set(SymbolScope::Compilation);
    let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    bad.function(name, &bytes);
    bad
}

#[test]
fn a_good_module_for_aarch64_passes() {
    let code = [
        0xa9bf_7bfd, // stp x29, x30, [sp, #-16]!
        0x9100_03fd, // mov x29, sp
        0xf940_0000, // ldr x0, [x0]
        0x885f_7c01, // ldxr w1, [x0]
        0x8802_7c01, // stxr w2, w1, [x0]
        0x8b01_0000, // add x0, x0, x1
        0x9b01_7c00, // mul x0, x0, x1
        0xd53b_d041, // mrs x1, tpidr_el0
        0xa8c1_7bfd, // ldp x29, x30, [sp], #16
        RET_AARCH64,
    ];
    assert_eq!(aarch64("tap_rs_match", &code).rules(), [""; 0]);
}

#[test]
fn unknown_relocations_of_aarch64() {
    for r_type in [
        elf::R_AARCH64_ADR_GOT_PAGE,
        elf::R_AARCH64_LD64_GOT_LO12_NC,
        elf::R_AARCH64_LDST128_ABS_LO12_NC,
        elf::R_AARCH64_MOVW_UABS_G0,
        elf::R_AARCH64_CONDBR19,
    ] {
        let mut bad = aarch64("caller", &[RET_AARCH64]);
        let import = bad.symbol("panic", SymbolSection::Undefined, SymbolScope::Unknown);
        let text = bad.text;
        bad.relocate(text, 0, import, r_type);
        assert_eq!(bad.rules(), ["relocation"], "type {r_type}");
    }
}

#[test]
fn vector_and_float_instructions_of_aarch64() {
    for word in [
        0x4e20_1c00u32, // and v0.16b, v0.16b, v0.16b
        0x1e60_2800,    // fadd d0, d0, d0
        0x9e66_0000,    // fmov x0, d0
        0x3dc0_0000,    // ldr q0, [x0]
        0xfd40_0000,    // ldr d0, [x0]
        0xad40_0400,    // ldp q0, q1, [x0]
        0x1c00_0000,    // ldr s0, .
        0x4c40_7000,    // ld1 {v0.16b}, [x0]
        0x0420_0000,    // add z0.b, z0.b, z0.b
        0xc082_0000,    // mova of SME
    ] {
        let bad = aarch64("vectorised", &[word, RET_AARCH64]);
        assert_eq!(bad.rules(), ["vector"], "{word:#010x}");
    }
}

#[test]
fn deep_frames_of_aarch64() {
    for (code, deep) in [
        (vec![0xd110_03ff], false),              // sub sp, sp, #1024
        (vec![0xd110_43ff], true),               // sub sp, sp, #1040
        (vec![0xd140_07ff], true),               // sub sp, sp, #1, lsl #12
        (vec![0xa9bf_7bfd, 0xd10f_c3ff], false), // stp x29, x30, [sp, #-16]!; sub sp, sp, #1008
        (vec![0xa9bf_7bfd, 0xd110_03ff], true),  // the same; sub sp, sp, #1024
        (vec![0xf81f_0ffe, 0xd110_03ff], true),  // str x30, [sp, #-16]!; sub sp, sp, #1024
        (vec![0xcb20_63ff], true),               // sub sp, sp, x0
        (vec![0xd110_43fd], false),              // sub x29, sp, #1040
        (vec![0xa8c1_7bfd, 0x9110_43ff], false), // ldp x29, x30, [sp], #16; add sp, sp, #1040
    ] {
        let wanted: &[&str] = if deep { &["frame"] } else { &[] };
        assert_eq!(aarch64("deep", &code).rules(), wanted, "{code:x?}");
    }
}

#[test]
fn f39_closes_of_aarch64_must_end_in_a_jump_out() {
    // bl and b, each with its relocation.
    for (word, r_type, leaves) in
        [(0x9400_0000, elf::R_AARCH64_CALL26, false), (0x1400_0000, elf::R_AARCH64_JUMP26, true)]
    {
        let mut bad = aarch64("tap_rs_kq_rdetach_exit", &[word]);
        let exit = bad.symbol("atomic_dec_uint", SymbolSection::Undefined, SymbolScope::Unknown);
        let text = bad.text;
        bad.relocate(text, 0, exit, r_type);
        let wanted: &[&str] = if leaves { &[] } else { &["close-exit"] };
        assert_eq!(bad.rules(), wanted);
    }
}
