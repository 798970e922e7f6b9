// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The module gate: what NetBSD's kernel loader (sys/kern/subr_kobj.c) would refuse or, worse,
//! mis-load, and what this project forbids its module besides.
//!
//! Every rule is a function that returns its findings; [`check`] runs them all.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod aarch64;
pub mod amd64;
pub mod code;
pub mod layout;
pub mod machine;
pub mod size;
pub mod symbols;

use object::read::elf::ElfFile64;
use object::{Architecture, Endianness, FileKind, Object};

/// A relocatable ELF object.
pub type Module<'a> = ElfFile64<'a, Endianness>;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong, and where.
    pub what: String,
}

impl Finding {
    /// A finding of a rule.
    pub fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Finding { rule, what: what.into() }
    }
}

/// The kernel symbols that a module may use, as reviewed in `imports.txt`.
pub fn reviewed_imports() -> impl Iterator<Item = &'static str> {
    include_str!("../imports.txt")
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim())
        .filter(|name| !name.is_empty())
}

/// Runs every rule over a module. An error says why the file is no module at all.
pub fn check(data: &[u8]) -> Result<Vec<Finding>, String> {
    match FileKind::parse(data) {
        Ok(FileKind::Elf64) => {}
        _ => return Err("not a 64-bit ELF file".into()),
    }
    let module = Module::parse(data).map_err(|error| error.to_string())?;
    let mut findings = layout::check(&module);
    findings.extend(symbols::check(&module));
    let machine = match module.architecture() {
        Architecture::X86_64 => Some(amd64::MACHINE),
        Architecture::Aarch64 => Some(aarch64::MACHINE),
        // A finding of the layout.
        _ => None,
    };
    if let Some(machine) = machine {
        findings.extend(code::check(&module, &machine));
    }
    Ok(findings)
}
