// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Relocations, as kobj_reloc() of sys/arch/amd64/amd64/kobj_machdep.c knows them.

use object::elf::{self, Rela64};
use object::LittleEndian as LE;

use super::elf::Symbol;
use super::image::Staged;
use super::place::Span;
use super::symbols::{trampoline, TRAMPOLINE};
use super::{Loaded, Refusal};

/// Applies one relocation of the section at `target`, in the pass that it belongs to: `local`, or
/// the one for symbols that others may see.
pub fn apply(image: &mut Staged, target: Span, rela: &Rela64<LE>, local: bool) -> Loaded<()> {
    let (kind, index) = (rela.r_type(LE, false), rela.r_sym(LE, false) as usize);
    let offset = rela.r_offset.get(LE);
    let refuse = |why: &str| {
        Refusal::new(format!("relocation @{offset:#x} type {kind} symbol {index}: {why}"))
    };
    let symbol = image.symbols.get(index).ok_or_else(|| refuse("no such symbol"))?;
    if local != (symbol.binding == elf::STB_LOCAL) {
        return Ok(());
    }
    let width = match kind {
        elf::R_X86_64_NONE => return Ok(()),
        elf::R_X86_64_64
        | elf::R_X86_64_GLOB_DAT
        | elf::R_X86_64_JUMP_SLOT
        | elf::R_X86_64_RELATIVE => 8,
        elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 | elf::R_X86_64_32 | elf::R_X86_64_32S => 4,
        _ => return Err(refuse("unexpected type")),
    };
    if offset.checked_add(width).is_none_or(|end| end > target.len as u64) {
        return Err(refuse("beyond its section"));
    }
    let at = target.start + offset as usize;
    let addend = rela.r_addend.get(LE);
    let value = match kind {
        elf::R_X86_64_RELATIVE => image.address_of(target.start).wrapping_add_signed(addend),
        _ => value_of(symbol, index).map_err(|why| refuse(&why))?,
    };
    let word = match kind {
        elf::R_X86_64_64 => value.wrapping_add_signed(addend),
        elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT | elf::R_X86_64_RELATIVE => value,
        _ => {
            let place = image.address_of(at);
            match narrow(kind, value, addend, place) {
                Some(word) => u64::from(word),
                None => {
                    // Too far: by way of a jump, if it is a function.
                    let near = near(image, index).ok_or_else(|| refuse("out of reach"))?;
                    let word = narrow(kind, near, addend, place);
                    u64::from(word.ok_or_else(|| refuse("out of reach"))?)
                }
            }
        }
    };
    image.bytes[at..at + width as usize].copy_from_slice(&word.to_le_bytes()[..width as usize]);
    Ok(())
}

/// kobj_sym_lookup(): what a symbol stands for.
fn value_of(symbol: &Symbol, index: usize) -> Result<u64, String> {
    if index == 0 || !symbol.is_undefined() {
        return Ok(symbol.value);
    }
    match symbol.binding {
        elf::STB_LOCAL => Err("local symbol undefined".into()),
        elf::STB_GLOBAL if symbol.name.is_empty() => Err("bad symbol name".into()),
        elf::STB_GLOBAL if symbol.value == 0 => Err(format!("{}: bad value", symbol.name)),
        elf::STB_GLOBAL => Ok(symbol.value),
        elf::STB_WEAK => Err(format!("weak symbol `{}' not supported", symbol.name)),
        binding => Err(format!("bad binding {binding}")),
    }
}

/// The 32-bit word of a relocation, where the value has room in one.
fn narrow(kind: u32, value: u64, addend: i64, place: u64) -> Option<u32> {
    let sum = value.wrapping_add_signed(addend);
    match kind {
        elf::R_X86_64_32 => u32::try_from(sum).ok(),
        elf::R_X86_64_32S => i32::try_from(sum as i64).ok().map(|word| word as u32),
        _ => i32::try_from(sum.wrapping_sub(place) as i64).ok().map(|word| word as u32),
    }
}

/// The address of a jump to an imported function, made at its first use.
fn near(image: &mut Staged, index: usize) -> Option<u64> {
    let symbol = &image.symbols[index];
    if !symbol.is_undefined() || symbol.kind != elf::STT_FUNC {
        return None;
    }
    let code = trampoline(symbol.value);
    let span = image.trampolines;
    let had = (span.start..span.start + span.len)
        .step_by(TRAMPOLINE)
        .find(|&at| image.bytes[at..at + TRAMPOLINE] == code);
    let at = had.unwrap_or_else(|| {
        let at = span.start + span.len;
        image.bytes[at..at + TRAMPOLINE].copy_from_slice(&code);
        image.trampolines.len += TRAMPOLINE;
        at
    });
    Some(image.address_of(at))
}
