// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The least that is a kernel, and the least that is a module.

use object::write::{Object, Relocation, Symbol, SymbolSection};
use object::{
    elf, Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags,
    SymbolKind, SymbolScope,
};

fn object(machine: Architecture) -> Object<'static> {
    Object::new(BinaryFormat::Elf, machine, Endianness::Little)
}

/// A kernel that qemu can enter, with its symbols in it, and with room for a root file system.
pub fn kernel(version: &str) -> Vec<u8> {
    const ROOM: usize = 4 << 20;
    const PHYS32_ENTRY: u32 = 18;
    let mut file = object(Architecture::X86_64);
    let note = file.add_section(vec![], b".note.Xen".to_vec(), SectionKind::Note);
    let mut words = [4, 4, PHYS32_ENTRY].map(u32::to_le_bytes).concat();
    words.extend_from_slice(b"Xen\0\0\0\x20\0");
    file.append_section_data(note, &words, 4);
    let data = file.add_section(vec![], b".data".to_vec(), SectionKind::Data);
    let banner = format!("NetBSD {version} (X) #0\0");
    for part in [banner.as_bytes(), b"\x7fELF\x02\x01\x01", b"|This is the root ramdisk!\n"] {
        file.append_section_data(data, part, 1);
    }
    file.append_section_data(data, &vec![0; ROOM], 1);
    let mut bytes = file.write().unwrap();
    // ET_EXEC.
    bytes[16] = 2;
    bytes
}

/// A module for a version.
pub fn module(version: u32) -> Vec<u8> {
    let mut file = object(Architecture::X86_64);
    let data = file.add_section(vec![], b".data".to_vec(), SectionKind::Data);
    file.append_section_data(data, &version.to_le_bytes(), 8);
    let set = file.add_section(vec![], b"link_set_modules".to_vec(), SectionKind::Data);
    file.append_section_data(set, &[0; 8], 8);
    let symbol = file.add_symbol(Symbol {
        name: b"modinfo".to_vec(),
        value: 0,
        size: 4,
        kind: SymbolKind::Data,
        scope: SymbolScope::Compilation,
        weak: false,
        section: SymbolSection::Section(data),
        flags: SymbolFlags::None,
    });
    let flags = RelocationFlags::Elf { r_type: elf::R_X86_64_64 };
    file.add_relocation(set, Relocation { offset: 0, symbol, addend: 0, flags }).unwrap();
    file.write().unwrap()
}

/// An ELF file of a machine that is not amd64.
pub fn of_another_machine() -> Vec<u8> {
    object(Architecture::Aarch64).write().unwrap()
}
