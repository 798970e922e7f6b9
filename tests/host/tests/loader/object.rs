// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Module objects made by hand, whole or with a fault.

use object::elf;
use object::write::{
    Object, Relocation, SectionId, StandardSection, StandardSegment, Symbol, SymbolId,
    SymbolSection,
};
use object::{
    BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};
use tap_host::kpi;
use tap_host::loader::symbols::{kernel, Resolved};
use tap_host::loader::{Info, Refusal, Staged};

use crate::code::{Import, ARCHITECTURE, POINTER, SUCCEED};

/// MODULE_CLASS_DRIVER.
pub const DRIVER: u32 = kpi::modclass_MODULE_CLASS_DRIVER;

/// The version of the kernel that the host plays.
pub fn version() -> u32 {
    env!("TAP_KERNEL_VERSION").parse().unwrap()
}

/// What MODULE() would say.
#[derive(Clone)]
pub struct Module<'a> {
    pub name: &'a str,
    pub version: u32,
    pub class: u32,
    pub required: &'a str,
    /// The machine code of its modcmd.
    pub code: &'a [u8],
    /// Imports of the code.
    pub imports: &'a [Import],
    /// Whether what leads to the name is local, as it must be.
    pub scope: SymbolScope,
}

impl<'a> Module<'a> {
    pub fn named(name: &'a str) -> Module<'a> {
        Module {
            name,
            version: version(),
            class: DRIVER,
            required: "",
            code: SUCCEED,
            imports: &[],
            scope: SymbolScope::Compilation,
        }
    }

    /// The object under construction.
    pub fn build(&self) -> Builder {
        let mut builder = Builder::new();
        let modcmd = builder.function("modcmd", self.code);
        for (at, name, r_type, addend) in self.imports {
            let import = builder.import(name);
            let text = builder.text;
            builder.relocate_by(text, *at, import, *r_type, *addend);
        }
        let name = builder.string("name", self.name);
        let mut info = self.version.to_le_bytes().to_vec();
        info.extend_from_slice(&self.class.to_le_bytes());
        info.resize(size_of::<kpi::modinfo>(), 0);
        let data = builder.section(".data.rel.ro", SectionKind::Data, &info);
        builder.relocate(data, 8, modcmd, POINTER);
        builder.relocate(data, 16, name, POINTER);
        if !self.required.is_empty() {
            let required = builder.string("required", self.required);
            builder.relocate(data, 24, required, POINTER);
        }
        let section = SymbolSection::Section(data);
        let info = builder.symbol("modinfo", section, SymbolKind::Data, self.scope);
        let set = builder.section("link_set_modules", SectionKind::ReadOnlyData, &[0; 8]);
        builder.relocate(set, 0, info, POINTER);
        builder
    }
}

/// An object under construction.
pub struct Builder {
    pub object: Object<'static>,
    pub text: SectionId,
}

impl Builder {
    pub fn new() -> Builder {
        let mut object = Object::new(BinaryFormat::Elf, ARCHITECTURE, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        Builder { object, text }
    }

    pub fn section(&mut self, name: &str, kind: SectionKind, data: &[u8]) -> SectionId {
        let segment = self.object.segment_name(StandardSegment::Data).to_vec();
        let id = self.object.add_section(segment, name.into(), kind);
        self.object.append_section_data(id, data, 8);
        id
    }

    pub fn symbol(
        &mut self,
        name: &str,
        section: SymbolSection,
        kind: SymbolKind,
        scope: SymbolScope,
    ) -> SymbolId {
        self.object.add_symbol(Symbol {
            name: name.into(),
            value: 0,
            size: 0,
            kind,
            scope,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    }

    /// A local function; its section is the text.
    pub fn function(&mut self, name: &str, code: &[u8]) -> SymbolId {
        let offset = self.object.append_section_data(self.text, code, 16);
        let section = SymbolSection::Section(self.text);
        let id = self.symbol(name, section, SymbolKind::Text, SymbolScope::Compilation);
        let symbol = self.object.symbol_mut(id);
        symbol.value = offset;
        symbol.size = code.len() as u64;
        id
    }

    /// A symbol that somebody else must define.
    pub fn import(&mut self, name: &str) -> SymbolId {
        self.symbol(name, SymbolSection::Undefined, SymbolKind::Unknown, SymbolScope::Unknown)
    }

    /// A string of its own, by a local symbol.
    pub fn string(&mut self, symbol: &str, text: &str) -> SymbolId {
        let bytes = [text.as_bytes(), &[0]].concat();
        let id = self.section(".rodata.str", SectionKind::ReadOnlyData, &bytes);
        let section = SymbolSection::Section(id);
        self.symbol(symbol, section, SymbolKind::Data, SymbolScope::Compilation)
    }

    pub fn relocate(&mut self, section: SectionId, offset: u64, symbol: SymbolId, r_type: u32) {
        self.relocate_by(section, offset, symbol, r_type, 0);
    }

    pub fn relocate_by(
        &mut self,
        section: SectionId,
        offset: u64,
        symbol: SymbolId,
        r_type: u32,
        addend: i64,
    ) {
        let flags = RelocationFlags::Elf { r_type };
        self.object.add_relocation(section, Relocation { offset, symbol, addend, flags }).unwrap();
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.object.write().unwrap()
    }

    /// The refusal of the whole way up to the module's first instruction.
    pub fn refusal(&self) -> Refusal {
        refusal(&self.bytes())
    }
}

/// The kernel's own symbols.
pub fn lookup(name: &str) -> Option<Resolved> {
    kernel().get(name)
}

/// The refusal of an object, from its first byte to its last relocation.
pub fn refusal(data: &[u8]) -> Refusal {
    let result = Staged::load(data, &lookup)
        .and_then(|staged| Info::read(&staged).map(|info| (staged, info)))
        .and_then(|(staged, info)| staged.affix(&info.name, &lookup));
    match result {
        Ok(_) => panic!("it was loaded"),
        Err(refusal) => refusal,
    }
}

/// The file offset of a section's header, by the section's name.
pub fn header_of(data: &[u8], name: &str) -> usize {
    use object::read::elf::{FileHeader, SectionHeader};
    let header = elf::FileHeader64::<object::LittleEndian>::parse(data).unwrap();
    let endian = object::LittleEndian;
    let sections = header.sections(endian, data).unwrap();
    let found = sections.section_by_name(endian, name.as_bytes());
    let (index, section) = found.unwrap_or_else(|| panic!("no section {name}"));
    let _ = section.sh_type(endian);
    header.e_shoff.get(endian) as usize + index.0 * size_of_val(section)
}

/// Overwrites bytes of a file.
pub fn patch(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}
