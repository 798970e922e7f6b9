// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Objects for the gate to look at.

use if_tap_rs_check::check;
use object::elf;
use object::write::{
    Object, Relocation, SectionId, StandardSegment, Symbol, SymbolId, SymbolSection,
};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};

/// `ret`.
pub const RET: &[u8] = &[0xc3];

/// An object under construction.
pub struct Bad {
    pub object: Object<'static>,
    pub text: SectionId,
}

impl Bad {
    pub fn new() -> Bad {
        Bad::on(Architecture::X86_64)
    }

    pub fn on(architecture: Architecture) -> Bad {
        let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
        let text = object.section_id(object::write::StandardSection::Text);
        Bad { object, text }
    }

    pub fn section(&mut self, name: &str, kind: SectionKind, data: &[u8]) -> SectionId {
        let segment = self.object.segment_name(StandardSegment::Data).to_vec();
        let id = self.object.add_section(segment, name.into(), kind);
        self.object.append_section_data(id, data, 8);
        id
    }

    pub fn symbol(&mut self, name: &str, section: SymbolSection, scope: SymbolScope) -> SymbolId {
        self.object.add_symbol(Symbol {
            name: name.into(),
            value: 0,
            size: 0,
            kind: SymbolKind::Data,
            scope,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    }

    pub fn function(&mut self, name: &str, code: &[u8]) -> u64 {
        let offset = self.object.append_section_data(self.text, code, 16);
        self.object.add_symbol(Symbol {
            name: name.into(),
            value: offset,
            size: code.len() as u64,
            kind: SymbolKind::Text,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(self.text),
            flags: SymbolFlags::None,
        });
        offset
    }

    pub fn relocate(&mut self, section: SectionId, offset: u64, symbol: SymbolId, r_type: u32) {
        let flags = RelocationFlags::Elf { r_type };
        let relocation = Relocation { offset, symbol, addend: 0, flags };
        self.object.add_relocation(section, relocation).unwrap();
    }

    /// The one pointer that a module has.
    pub fn module_set(&mut self, scope: SymbolScope) -> SectionId {
        let data = self.section(".data", SectionKind::Data, &[0; 32]);
        let info = self.symbol("modinfo", SymbolSection::Section(data), scope);
        let set = self.section("link_set_modules", SectionKind::ReadOnlyData, &[0; 8]);
        let pointer = match self.object.architecture() {
            Architecture::Aarch64 => elf::R_AARCH64_ABS64,
            _ => elf::R_X86_64_64,
        };
        self.relocate(set, 0, info, pointer);
        set
    }

    /// The names of the rules that fire.
    pub fn rules(&self) -> Vec<&'static str> {
        let data = self.object.write().unwrap();
        let mut rules: Vec<_> =
            check(&data).unwrap().into_iter().map(|finding| finding.rule).collect();
        rules.dedup();
        rules
    }
}

/// An object without a fault.
pub fn good() -> Bad {
    let mut bad = Bad::new();
    bad.module_set(SymbolScope::Compilation);
    bad.function("tap_rs_match", RET);
    bad
}
