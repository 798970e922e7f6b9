// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Rules about machine code. The kernel saves no floating-point or vector registers for its own
//! code, its stacks are small, and unload relies on how the close functions end.

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpKind, Register,
};
use object::{
    Architecture, Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolKind,
};

use crate::{Finding, Module};

/// Most bytes that one function may take of the stack.
pub const FRAME_LIMIT: u64 = 1024;
/// Functions that must end in a jump to one of [`EXITS`], see `shim/register.c`.
const CLOSERS: &[&str] = &[
    "tap_rs_cdev_close_exit",
    "tap_rs_fops_close_exit",
    "tap_rs_kq_rdetach_exit",
    "tap_rs_kq_wdetach_exit",
];
const EXITS: &[&str] = &["atomic_dec_uint", "atomic_dec_uint_nv"];

/// A function of the module: its name, its place in its section, and its instructions.
pub struct Function {
    /// The symbol.
    pub name: String,
    /// The offset in the section.
    pub start: u64,
    /// Decoded instructions.
    pub code: Vec<Instruction>,
}

/// All rules of this file. They know amd64 only; for aarch64 the compiler's target has no
/// floating-point registers to begin with.
pub fn check(module: &Module<'_>) -> Vec<Finding> {
    if module.architecture() != Architecture::X86_64 {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for function in functions(module) {
        findings.extend(vector_registers(&function));
        let frame = frame_size(&function);
        if frame > FRAME_LIMIT {
            findings.push(Finding::new("frame", format!("{}: {frame} bytes", function.name)));
        }
        if CLOSERS.contains(&function.name.as_str()) {
            findings.extend(tail_exit(module, &function));
        }
    }
    findings
}

/// Every function symbol of the executable sections, decoded.
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
            let code =
                Decoder::with_ip(64, bytes, start, DecoderOptions::NONE).into_iter().collect();
            functions.push(Function { name: symbol.name().unwrap_or("?").into(), start, code });
        }
    }
    functions
}

fn is_vector_or_float(register: Register) -> bool {
    register.is_vector_register() || register.is_st() || register.is_mm()
}

fn vector_registers(function: &Function) -> Option<Finding> {
    let mut factory = InstructionInfoFactory::new();
    let bad = function.code.iter().find(|instruction| {
        let used = factory.info(instruction).used_registers();
        instruction.code() == Code::INVALID
            || instruction.is_fpu_stack_increment_info_available()
            || used.iter().any(|used| is_vector_or_float(used.register()))
    })?;
    let at = bad.ip() - function.start;
    Some(Finding::new("vector", format!("{}+{at:#x}: {:?}", function.name, bad.mnemonic())))
}

/// Extension for what iced-x86 knows of x87 instructions.
trait Fpu {
    fn is_fpu_stack_increment_info_available(&self) -> bool;
}

impl Fpu for Instruction {
    fn is_fpu_stack_increment_info_available(&self) -> bool {
        self.fpu_stack_increment_info().increment() != 0
    }
}

/// Pushes and the one subtraction of a function's prologue.
fn frame_size(function: &Function) -> u64 {
    let pushes = function
        .code
        .iter()
        .take_while(|instruction| instruction.flow_control() == FlowControl::Next)
        .filter(|instruction| instruction.mnemonic() == Mnemonic::Push)
        .count() as u64;
    let reserved = function
        .code
        .iter()
        .filter(|instruction| {
            instruction.mnemonic() == Mnemonic::Sub
                && instruction.op0_kind() == OpKind::Register
                && instruction.op0_register() == Register::RSP
        })
        .map(|instruction| instruction.immediate(1))
        .max()
        .unwrap_or(0);
    pushes * 8 + reserved
}

/// The last thing that a close does must be a jump into the kernel: after it, unload may unmap the
/// module.
fn tail_exit(module: &Module<'_>, function: &Function) -> Option<Finding> {
    let leaves = function.code.iter().any(|instruction| {
        instruction.flow_control() == FlowControl::UnconditionalBranch
            && target(module, instruction).is_some_and(|name| EXITS.contains(&name.as_str()))
    });
    if leaves {
        return None;
    }
    Some(Finding::new("close-exit", format!("{} does not end in a jump out", function.name)))
}

/// The symbol that a branch goes to by relocation.
fn target(module: &Module<'_>, instruction: &Instruction) -> Option<String> {
    let operand = instruction.next_ip() - 4;
    let (_, relocation) = module
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .flat_map(|section| section.relocations())
        .find(|(offset, _)| *offset == operand)?;
    let RelocationTarget::Symbol(index) = relocation.target() else { return None };
    let symbol = module.symbol_by_index(index).ok()?;
    symbol.name().ok().map(String::from)
}
