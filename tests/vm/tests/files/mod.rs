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

/// The code of a kernel for aarch64, behind the room for a boot loader's header.
pub const CODE: &[u8] = b"and then the code";
/// How far its data are behind its beginning.
pub const DATA: usize = 0x1000;
/// How much of its memory is zero, and not in the file.
pub const ZEROS: usize = 0x500;

/// The data of that kernel: its banner, and where its symbols begin.
pub fn data(version: &str) -> Vec<u8> {
    format!("NetBSD {version} (X) #0\0\x7fELF\x02\x01\x01").into_bytes()
}

/// A kernel for aarch64, of segments alone, with its symbols in it.
pub fn aarch64(version: &str) -> Vec<u8> {
    const START: u64 = 0xffff_c000_0000_0000;
    let code = [&[0; 64], CODE].concat();
    let data = data(version);
    let parts = [(0, &code, code.len()), (DATA, &data, data.len() + ZEROS)];
    let mut at = 64 + 56 * parts.len() as u64;
    // Class, order of bytes, version; type ET_EXEC, machine EM_AARCH64, version; and how long this
    // header is, and where, how long and how many the segments' are.
    let mut bytes = [&b"\x7fELF\x02\x01\x01"[..], &[0; 9], &[2, 0, 183, 0, 1, 0, 0, 0]].concat();
    for word in [START + 64, 64, 0] {
        bytes.extend(u64::to_le_bytes(word));
    }
    for half in [0, 0, 64, 56, parts.len() as u16, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    for (place, part, memory) in parts {
        // PT_LOAD, readable, writable and executable.
        bytes.extend([1, 0, 0, 0, 7, 0, 0, 0]);
        let address = START + place as u64;
        for word in [at, address, address, part.len() as u64, memory as u64, 8] {
            bytes.extend(word.to_le_bytes());
        }
        at += part.len() as u64;
    }
    [bytes, code, data].concat()
}

/// A module for a version, for amd64.
pub fn module(version: u32) -> Vec<u8> {
    module_of(Architecture::X86_64, elf::R_X86_64_64, version)
}

/// A module for a version, for aarch64.
pub fn aarch64_module(version: u32) -> Vec<u8> {
    module_of(Architecture::Aarch64, elf::R_AARCH64_ABS64, version)
}

fn module_of(machine: Architecture, r_type: u32, version: u32) -> Vec<u8> {
    let mut file = object(machine);
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
    let flags = RelocationFlags::Elf { r_type };
    file.add_relocation(set, Relocation { offset: 0, symbol, addend: 0, flags }).unwrap();
    file.write().unwrap()
}

/// An ELF file of a machine that has no emulator here.
pub fn of_another_machine() -> Vec<u8> {
    object(Architecture::Riscv64).write().unwrap()
}
