// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What amd64 machine code does to registers, stack and control flow.

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpKind, Register,
};

use crate::machine::{Function, Machine};

/// How its code is read.
pub const MACHINE: Machine = Machine { vector, frame_size, jumps };

/// Decodes a function.
fn decode(function: &Function) -> Vec<Instruction> {
    Decoder::with_ip(64, &function.bytes, function.start, DecoderOptions::NONE)
        .into_iter()
        .collect()
}

fn is_vector_or_float(register: Register) -> bool {
    register.is_vector_register() || register.is_st() || register.is_mm()
}

/// The place and name of the first instruction that uses a floating-point or vector register, or
/// that is none.
fn vector(function: &Function) -> Option<(u64, String)> {
    let mut factory = InstructionInfoFactory::new();
    let code = decode(function);
    let bad = code.iter().find(|instruction| {
        let used = factory.info(instruction).used_registers();
        instruction.code() == Code::INVALID
            || instruction.fpu_stack_increment_info().increment() != 0
            || used.iter().any(|used| is_vector_or_float(used.register()))
    })?;
    Some((bad.ip() - function.start, format!("{:?}", bad.mnemonic())))
}

/// The bytes of the stack that a function takes: pushes and the one subtraction of its prologue.
fn frame_size(function: &Function) -> u64 {
    let code = decode(function);
    let pushes = code
        .iter()
        .take_while(|instruction| instruction.flow_control() == FlowControl::Next)
        .filter(|instruction| instruction.mnemonic() == Mnemonic::Push)
        .count() as u64;
    let reserved = code
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

/// Where the relocations of a function's jumps are, calls apart.
fn jumps(function: &Function) -> Vec<u64> {
    decode(function)
        .iter()
        .filter(|instruction| instruction.flow_control() == FlowControl::UnconditionalBranch)
        .map(|instruction| instruction.next_ip() - 4)
        .collect()
}
