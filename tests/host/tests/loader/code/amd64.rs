// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! amd64's.

use std::ptr;

use object::elf;

use super::Import;

/// What objects are for.
pub const ARCHITECTURE: object::Architecture = object::Architecture::X86_64;
/// e_machine of another architecture.
pub const OTHER_MACHINE: u16 = elf::EM_AARCH64;
/// The relocation that gives a pointer.
pub const POINTER: u32 = elf::R_X86_64_64;
/// Types that the kernel does not know.
pub const UNKNOWN: &[u32] = &[elf::R_X86_64_GOTPCREL, elf::R_X86_64_GOTPCRELX, elf::R_X86_64_PC64];
/// Types that do not reach all addresses.
pub const NARROW: &[u32] = &[elf::R_X86_64_PC32, elf::R_X86_64_32, elf::R_X86_64_32S];

/// `xor %eax, %eax; ret`: every command succeeds.
pub const SUCCEED: &[u8] = &[0x31, 0xc0, 0xc3];
/// `mov %edi, %eax; shl $4, %eax; ret`: INIT is 0, FINI 16, EBUSY.
pub const BUSY: &[u8] = &[0x89, 0xf8, 0xc1, 0xe0, 0x04, 0xc3];
/// `mov $6, %eax; ret`: ENXIO whatever comes.
pub const FAIL: &[u8] = &[0xb8, 6, 0, 0, 0, 0xc3];
/// `ud2`.
pub const ABORT: &[u8] = &[0x0f, 0x0b];
/// `jmp .`.
pub const HANG: &[u8] = &[0xeb, 0xfe];

/// `call import; ret`.
pub const CALLER: &[u8] = &[0xe8, 0, 0, 0, 0, 0xc3, 0, 0, 0];
/// Where in it the relocation is, of what type, and what it adds.
pub const CALL: (u64, u32, i64) = (1, elf::R_X86_64_PLT32, -4);

/// `sub $8, %rsp; call getticks; mov hz(%rip), %eax; sub $100, %eax; add $8, %rsp; ret`.
pub const IMPORTING: &[u8] =
    b"\x48\x83\xec\x08\xe8\0\0\0\0\x8b\x05\0\0\0\0\x83\xe8\x64\x48\x83\xc4\x08\xc3";
/// Its imports.
pub const IMPORTED: &[Import] =
    &[(5, "getticks", elf::R_X86_64_PLT32, -4), (11, "hz", elf::R_X86_64_PC32, -4)];

/// `push %rbp; mov %rsp, %rbp; lea modcmd(%rip), %rdi; call panic`, 16 bytes in all.
pub const PANICKING: &[u8] = b"\x55\x48\x89\xe5\x48\x8d\x3d\xf5\xff\xff\xff\xe8\0\0\0\0\x0f\x0b";
/// Its import.
pub const PANIC: &[Import] = &[(12, "panic", elf::R_X86_64_PLT32, -4)];

/// Takes the addresses that MAP_32BIT gives. Where it looks first is random, so it is asked until it
/// has said no many times.
pub fn exhaust_low_memory() {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT | libc::MAP_NORESERVE;
    for len in [1 << 26, 1 << 20, 4096] {
        let mut refused = 0;
        while refused < 1000 {
            // SAFETY: new pages that nobody may touch.
            let start = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
            refused += i32::from(start == libc::MAP_FAILED);
        }
    }
}
