// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the rules about machine code ask of an architecture.

/// A function of the module: its name, its place in its section, and its code.
pub struct Function {
    /// The symbol.
    pub name: String,
    /// The offset in the section.
    pub start: u64,
    /// Machine code.
    pub bytes: Vec<u8>,
}

/// How the code of an architecture is read.
pub struct Machine {
    /// The place and name of the first instruction that uses a floating-point or vector register,
    /// or that is none.
    pub vector: fn(&Function) -> Option<(u64, String)>,
    /// The bytes of the stack that a function takes.
    pub frame_size: fn(&Function) -> u64,
    /// Where the relocations of a function's jumps are, calls apart.
    pub jumps: fn(&Function) -> Vec<u64>,
}
