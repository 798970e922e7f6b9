// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! amd64: objects of the kernel's memory model, whose code reaches the last 2 GiB of the address
//! space, or here the first.

use object::elf;

use super::{put, Misfit, Shape, Terms};

/// e_machine.
pub const MACHINE: u16 = elf::EM_X86_64;
/// Bytes of a jump to a far function, padded.
pub const TRAMPOLINE: usize = 16;
/// %rbp, as DWARF numbers it.
pub const FRAME_POINTER: u8 = 6;
/// The return address.
pub const RETURN_ADDRESS: u8 = 16;

/// What a type of relocation changes; `None`: the kernel does not know it.
pub fn shape(kind: u32) -> Option<Shape> {
    Some(match kind {
        elf::R_X86_64_NONE => Shape::NONE,
        elf::R_X86_64_RELATIVE => Shape { width: 8, symbol: false },
        elf::R_X86_64_64 | elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT => Shape::of(8),
        elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 | elf::R_X86_64_32 | elf::R_X86_64_32S => {
            Shape::of(4)
        }
        _ => return None,
    })
}

/// Applies a relocation to its bytes, as many as its shape says.
pub fn apply(terms: &Terms, bytes: &mut [u8]) -> Result<(), Misfit> {
    let word = match terms.kind {
        elf::R_X86_64_64 => terms.sum(),
        elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT => terms.symbol,
        elf::R_X86_64_RELATIVE => terms.base.wrapping_add_signed(terms.addend),
        _ => u64::from(narrow(terms).ok_or(Misfit::Far)?),
    };
    put(bytes, word);
    Ok(())
}

/// The 32-bit word of a relocation, where the value has room in one.
fn narrow(terms: &Terms) -> Option<u32> {
    match terms.kind {
        elf::R_X86_64_32 => u32::try_from(terms.sum()).ok(),
        elf::R_X86_64_32S => i32::try_from(terms.sum() as i64).ok().map(|word| word as u32),
        _ => i32::try_from(terms.distance()).ok().map(|word| word as u32),
    }
}

/// movabs $address, %r11; jmp *%r11. All argument registers and %rax, the number of vector
/// registers of a variadic call, are left alone.
pub fn trampoline(address: u64) -> [u8; TRAMPOLINE] {
    let mut code = [0xcc; TRAMPOLINE];
    code[..2].copy_from_slice(&[0x49, 0xbb]);
    code[2..10].copy_from_slice(&address.to_le_bytes());
    code[10..13].copy_from_slice(&[0x41, 0xff, 0xe3]);
    code
}
