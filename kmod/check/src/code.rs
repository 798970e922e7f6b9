// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Rules about machine code. The kernel saves no floating-point or vector registers for its own
//! code, its stacks are small, and unload relies on how the close functions end.

use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolKind};

use crate::machine::{Function, Machine};
use crate::{Finding, Module};

/// Most bytes that one function may take of the stack.
pub const FRAME_LIMIT: u64 = 1024;
/// Functions that must end in a jump to one of [`EXITS`], see `shim/register.c`.
const CLOSERS: &[&str] =
    &["tap_rs_fops_close_exit", "tap_rs_kq_rdetach_exit", "tap_rs_kq_wdetach_exit"];
const EXITS: &[&str] = &["atomic_dec_uint", "atomic_dec_uint_nv"];

/// All rules of this file, on a module for that machine.
pub fn check(module: &Module<'_>, machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in functions(module) {
        if let Some((at, what)) = (machine.vector)(&function) {
            findings.push(Finding::new("vector", format!("{}+{at:#x}: {what}", function.name)));
        }
        let frame = (machine.frame_size)(&function);
        if frame > FRAME_LIMIT {
            findings.push(Finding::new("frame", format!("{}: {frame} bytes", function.name)));
        }
        if CLOSERS.contains(&function.name.as_str()) {
            findings.extend(tail_exit(module, &function, &(machine.jumps)(&function)));
        }
    }
    findings
}

/// Every function symbol of the executable sections.
pub fn functions(module: &Module<'_>) -> Vec<Function> {
    let mut functions = Vec::new();
    for section in module.sections().filter(|section| section.kind() == SectionKind::Text) {
        let Ok(data) = section.data() else { continue };
        for symbol in module.symbols() {
            let here = symbol.section_index() == Some(section.index());
            if !here || symbol.kind() != SymbolKind::Text || symbol.size() == 0 {
                continue;
            }
            let (start, end) = (symbol.address(), symbol.address() + symbol.size());
            let Some(bytes) = data.get(start as usize..end as usize) else { continue };
            let name = symbol.name().unwrap_or("?").into();
            functions.push(Function { name, start, bytes: bytes.into() });
        }
    }
    functions
}

/// The last thing that a close does must be a jump into the kernel: after it, unload may unmap the
/// module.
fn tail_exit(module: &Module<'_>, function: &Function, jumps: &[u64]) -> Option<Finding> {
    let leaves = jumps
        .iter()
        .any(|at| target(module, *at).is_some_and(|name| EXITS.contains(&name.as_str())));
    if leaves {
        return None;
    }
    Some(Finding::new("close-exit", format!("{} does not end in a jump out", function.name)))
}

/// The symbol of the relocation at a place in the code.
fn target(module: &Module<'_>, at: u64) -> Option<String> {
    let (_, relocation) = module
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .flat_map(|section| section.relocations())
        .find(|(offset, _)| *offset == at)?;
    let RelocationTarget::Symbol(index) = relocation.target() else { return None };
    let symbol = module.symbol_by_index(index).ok()?;
    symbol.name().ok().map(String::from)
}
