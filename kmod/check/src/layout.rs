// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Rules about sections and relocations: kobj_load() and kobj_reloc() of sys/kern/subr_kobj.c, and
//! the architectures' kobj_machdep.c.

use object::elf;
use object::{
    Architecture, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget,
    SectionFlags,
};

use crate::{Finding, Module};

/// Relocation types that kobj_machdep.c of amd64 knows.
const AMD64: &[u32] = &[
    elf::R_X86_64_NONE,
    elf::R_X86_64_64,
    elf::R_X86_64_PC32,
    elf::R_X86_64_PLT32,
    elf::R_X86_64_32,
    elf::R_X86_64_32S,
];
/// Relocation types that kobj_machdep.c of aarch64 knows.
const AARCH64: &[u32] = &[
    elf::R_AARCH64_ABS64,
    elf::R_AARCH64_ABS32,
    elf::R_AARCH64_ABS16,
    elf::R_AARCH64_PREL64,
    elf::R_AARCH64_PREL32,
    elf::R_AARCH64_PREL16,
    elf::R_AARCH64_ADR_PREL_PG_HI21,
    elf::R_AARCH64_ADR_PREL_PG_HI21_NC,
    elf::R_AARCH64_ADD_ABS_LO12_NC,
    elf::R_AARCH64_LDST8_ABS_LO12_NC,
    elf::R_AARCH64_LDST16_ABS_LO12_NC,
    elf::R_AARCH64_LDST32_ABS_LO12_NC,
    elf::R_AARCH64_LDST64_ABS_LO12_NC,
    elf::R_AARCH64_CALL26,
    elf::R_AARCH64_JUMP26,
];

/// All rules of this file.
pub fn check(module: &Module<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(sections(module));
    findings.extend(symbol_tables(module));
    findings.extend(relocations(module));
    findings.extend(module_set(module));
    findings
}

fn flags(section: &impl ObjectSectionFlags) -> u64 {
    section.elf_flags()
}

/// The ELF flags of a section.
trait ObjectSectionFlags {
    fn elf_flags(&self) -> u64;
}

impl<'data, T: ObjectSection<'data>> ObjectSectionFlags for T {
    fn elf_flags(&self) -> u64 {
        match self.flags() {
            SectionFlags::Elf { sh_flags } => sh_flags,
            _ => 0,
        }
    }
}

/// The loader loads every PROGBITS and NOBITS section, allocated or not; knows no groups, TLS,
/// compression or constructors; and divides by the alignment.
fn sections(module: &Module<'_>) -> Vec<Finding> {
    let endian = module.endian();
    let mut findings = Vec::new();
    for section in module.sections() {
        let header = section.elf_section_header();
        let name = section.name().unwrap_or("?").to_string();
        let kind = header.sh_type.get(endian);
        let flags = flags(&section);
        let loaded = kind == elf::SHT_PROGBITS || kind == elf::SHT_NOBITS;
        let mut say =
            |rule, what: &str| findings.push(Finding::new(rule, format!("{name}: {what}")));
        if loaded && flags & u64::from(elf::SHF_ALLOC) == 0 {
            say("not-allocated", "would be loaded into wired memory");
        }
        if loaded && header.sh_addralign.get(endian) == 0 {
            say("alignment", "an alignment of 0 corrupts the loader's sums");
        }
        let (write, exec) = (u64::from(elf::SHF_WRITE), u64::from(elf::SHF_EXECINSTR));
        if flags & write != 0 && flags & exec != 0 {
            say("writable-code", "writable and executable");
        }
        if flags & u64::from(elf::SHF_COMPRESSED) != 0 {
            say("compressed", "would be loaded as it is");
        }
        if flags & u64::from(elf::SHF_TLS) != 0 {
            say("tls", "the kernel has no thread-local storage");
        }
        if kind == elf::SHT_GROUP {
            say("group", "section groups are ignored");
        }
        if matches!(kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY) {
            say("constructors", "constructors are never called");
        }
    }
    findings
}

/// kobj_load() wants exactly one symbol table.
fn symbol_tables(module: &Module<'_>) -> Vec<Finding> {
    let endian = module.endian();
    let tables = module
        .sections()
        .filter(|section| section.elf_section_header().sh_type.get(endian) == elf::SHT_SYMTAB)
        .count();
    if tables == 1 {
        Vec::new()
    } else {
        vec![Finding::new("symtab", format!("{tables} symbol tables instead of one"))]
    }
}

/// kobj_reloc() of the architecture panics or fails on any other type.
fn relocations(module: &Module<'_>) -> Vec<Finding> {
    let known = match module.architecture() {
        Architecture::X86_64 => AMD64,
        Architecture::Aarch64 => AARCH64,
        other => return vec![Finding::new("architecture", format!("{other:?}"))],
    };
    let mut findings = Vec::new();
    for section in module.sections() {
        for (offset, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            if !known.contains(&r_type) {
                let name = section.name().unwrap_or("?");
                let what = format!("type {r_type} at {name}+{offset:#x}");
                findings.push(Finding::new("relocation", what));
            }
        }
    }
    findings
}

/// module_fetch_info() wants link_set_modules to be one pointer. Only relocations against local
/// symbols have been applied by then, so it and what it points at must be reached through those.
fn module_set(module: &Module<'_>) -> Vec<Finding> {
    const RULE: &str = "link-set";
    let Some(set) = module.section_by_name("link_set_modules") else {
        return vec![Finding::new(RULE, "no section link_set_modules")];
    };
    if set.size() != 8 {
        return vec![Finding::new(RULE, format!("{} bytes instead of one pointer", set.size()))];
    }
    let targets: Vec<_> = set.relocations().map(|(_, relocation)| relocation.target()).collect();
    let [RelocationTarget::Symbol(index)] = targets[..] else {
        return vec![Finding::new(RULE, format!("{} relocations instead of one", targets.len()))];
    };
    match module.symbol_by_index(index) {
        Ok(symbol) if symbol.is_local() && symbol.is_definition() => Vec::new(),
        Ok(symbol) if symbol.is_local() => Vec::new(),
        _ => vec![Finding::new(RULE, "its symbol is not local")],
    }
}
