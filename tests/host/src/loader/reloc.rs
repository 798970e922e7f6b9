// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Relocations, as kobj_relocate() of sys/kern/subr_kobj.c goes through them.

use object::elf::{self, Rela64};
use object::LittleEndian as LE;

use super::elf::Symbol;
use super::image::Staged;
use super::machine::{Misfit, Terms};
use super::place::Span;
use super::{Loaded, Refusal};
use crate::arch::machine::{self, trampoline, TRAMPOLINE};

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
    let shape = machine::shape(kind).ok_or_else(|| refuse("unexpected type"))?;
    if shape.width == 0 {
        return Ok(());
    }
    if offset.checked_add(shape.width as u64).is_none_or(|end| end > target.len as u64) {
        return Err(refuse("beyond its section"));
    }
    let at = target.start + offset as usize;
    let mut terms = Terms {
        kind,
        symbol: if shape.symbol {
            value_of(symbol, index).map_err(|why| refuse(&why))?
        } else {
            0
        },
        addend: rela.r_addend.get(LE),
        place: image.address_of(at),
        base: image.address_of(target.start),
    };
    let mut bytes = image.bytes[at..at + shape.width].to_vec();
    let mut result = machine::apply(&terms, &mut bytes);
    if result == Err(Misfit::Far) {
        // By way of a jump, if it is a function.
        terms.symbol = near(image, index).ok_or_else(|| refuse("out of reach"))?;
        result = machine::apply(&terms, &mut bytes);
    }
    result.map_err(|misfit| match misfit {
        Misfit::Far | Misfit::Range => refuse("out of reach"),
        Misfit::Unaligned => refuse("unaligned"),
    })?;
    image.bytes[at..at + shape.width].copy_from_slice(&bytes);
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
