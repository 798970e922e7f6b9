// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! aarch64's.

use object::elf;

use super::Import;

/// What objects are for.
pub const ARCHITECTURE: object::Architecture = object::Architecture::Aarch64;
/// e_machine of another architecture.
pub const OTHER_MACHINE: u16 = elf::EM_X86_64;
/// The relocation that gives a pointer.
pub const POINTER: u32 = elf::R_AARCH64_ABS64;
/// Types that the kernel does not know.
pub const UNKNOWN: &[u32] = &[
    elf::R_AARCH64_ADR_GOT_PAGE,
    elf::R_AARCH64_LD64_GOT_LO12_NC,
    elf::R_AARCH64_LDST128_ABS_LO12_NC,
    elf::R_AARCH64_MOVW_UABS_G0,
];
/// Types that do not reach all addresses.
pub const NARROW: &[u32] = &[
    elf::R_AARCH64_CALL26,
    elf::R_AARCH64_JUMP26,
    elf::R_AARCH64_ADR_PREL_PG_HI21,
    elf::R_AARCH64_PREL32,
    elf::R_AARCH64_ABS32,
];

/// `mov w0, wzr; ret`: every command succeeds.
pub const SUCCEED: &[u8] = b"\xe0\x03\x1f\x2a\xc0\x03\x5f\xd6";
/// `lsl w0, w0, #4; ret`: INIT is 0, FINI 16, EBUSY.
pub const BUSY: &[u8] = b"\x00\x6c\x1c\x53\xc0\x03\x5f\xd6";
/// `mov w0, #6; ret`: ENXIO whatever comes.
pub const FAIL: &[u8] = b"\xc0\x00\x80\x52\xc0\x03\x5f\xd6";
/// `udf #0`.
pub const ABORT: &[u8] = &[0; 4];
/// `b .`.
pub const HANG: &[u8] = &[0, 0, 0, 0x14];

/// `b import`.
pub const CALLER: &[u8] = &[0, 0, 0, 0x14, 0, 0, 0, 0, 0];
/// Where in it the relocation is, of what type, and what it adds.
pub const CALL: (u64, u32, i64) = (0, elf::R_AARCH64_JUMP26, 0);

/// `stp x29, x30, [sp, #-16]!; mov x29, sp; bl getticks; adrp x8, hz; ldr w0, [x8, :lo12:hz];
/// sub w0, w0, #100; ldp x29, x30, [sp], #16; ret`.
pub const IMPORTING: &[u8] = b"\xfd\x7b\xbf\xa9\xfd\x03\x00\x91\x00\x00\x00\x94\x08\x00\x00\x90\
\x00\x01\x40\xb9\x00\x90\x01\x51\xfd\x7b\xc1\xa8\xc0\x03\x5f\xd6";
/// Its imports.
pub const IMPORTED: &[Import] = &[
    (8, "getticks", elf::R_AARCH64_CALL26, 0),
    (12, "hz", elf::R_AARCH64_ADR_PREL_PG_HI21, 0),
    (16, "hz", elf::R_AARCH64_LDST32_ABS_LO12_NC, 0),
];

/// `stp x29, x30, [sp, #-16]!; mov x29, sp; adr x0, modcmd; bl panic`, 16 bytes in all.
pub const PANICKING: &[u8] =
    b"\xfd\x7b\xbf\xa9\xfd\x03\x00\x91\xc0\xff\xff\x10\x00\x00\x00\x94\x00\x00\x00\x00";
/// Its import.
pub const PANIC: &[Import] = &[(12, "panic", elf::R_AARCH64_CALL26, 0)];

/// Modules go nowhere but to the loader's own array.
pub fn exhaust_low_memory() {}
