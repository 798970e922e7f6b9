// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The sections: what may not be among them, and where they go.

use object::elf;
use object::{SectionFlags, SectionKind, SymbolScope};
use tap_conformance::Errno;
use tap_host::loader::arena;
use tap_host::loader::{Info, Staged};

use crate::code::SUCCEED;
use crate::object::{header_of, lookup, patch, refusal, Builder, Module};

/// sh_addralign in a section header.
const ALIGN: usize = 48;
const PAGE: usize = 4096;

#[test]
fn no_contents_and_no_text() {
    let mut empty = Builder::new();
    empty.import("panic");
    let mut data = empty.bytes();
    let text = header_of(&data, ".text");
    patch(&mut data, text + 4, &[elf::SHT_NOTE as u8]);
    assert_eq!(refusal(&data).message, "file has no contents");
    let mut only_data = Builder::new();
    only_data.section(".data", SectionKind::Data, &[1; 8]);
    only_data.import("panic");
    assert_eq!(only_data.refusal().message, "no text");
}

#[test]
fn alignments_that_break_the_sums() {
    for align in [0_u64, 3, 8192] {
        let mut data = Module::named("aligned").build().bytes();
        let at = header_of(&data, ".data.rel.ro") + ALIGN;
        patch(&mut data, at, &align.to_le_bytes());
        let refusal = refusal(&data);
        assert_eq!(refusal.errno, Errno::ENOEXEC);
        assert_eq!(refusal.message, format!(".data.rel.ro: alignment {align}"));
    }
}

#[test]
fn thread_local_and_compressed_sections() {
    for flag in [elf::SHF_TLS, elf::SHF_COMPRESSED] {
        let mut builder = Module::named("flags").build();
        let id = builder.section(".odd", SectionKind::Data, &[0; 8]);
        let sh_flags = u64::from(elf::SHF_ALLOC | elf::SHF_WRITE | flag);
        builder.object.section_mut(id).flags = SectionFlags::Elf { sh_flags };
        let refusal = builder.refusal();
        assert_eq!(refusal.errno, Errno::ENOEXEC);
        assert!(refusal.message.starts_with(".odd: flags"), "{}", refusal.message);
    }
}

#[test]
fn the_link_set_is_one_pointer() {
    let mut without = Builder::new();
    without.function("modcmd", &[0xc3]);
    let refusal = without.refusal();
    assert_eq!(refusal.errno, Errno::ENOENT);
    assert_eq!(refusal.message, "`link_set_modules' section not present");
    for len in [4, 16] {
        let mut wrong = Builder::new();
        wrong.function("modcmd", &[0xc3]);
        wrong.section("link_set_modules", SectionKind::ReadOnlyData, &vec![0; len]);
        let refusal = wrong.refusal();
        assert_eq!(refusal.errno, Errno::ENOEXEC);
        assert_eq!(refusal.message, format!("`link_set_modules' section wrong size ({len})"));
    }
}

#[test]
fn the_link_set_is_reached_through_local_symbols() {
    let global = Module { scope: SymbolScope::Linkage, ..Module::named("global") }.build();
    let refusal = global.refusal();
    assert_eq!(refusal.errno, Errno::ENOEXEC);
    assert_eq!(refusal.message, "modinfo is not reached through a local symbol");
}

#[test]
fn sections_lie_in_reach_each_kind_on_pages_of_its_own() {
    let mut builder = Module::named("placed").build();
    builder.section(".data", SectionKind::Data, &[0x5a; 24]);
    let staged = Staged::load(&builder.bytes(), &lookup).unwrap();
    let name = Info::read(&staged).unwrap().name;
    let image = staged.affix(&name, &lookup).unwrap();
    let page = |section| image.section(section).map(|(address, _)| address / PAGE).unwrap();
    let (text, rodata, data) = (page(".text"), page(".rodata.str"), page(".data"));
    // A page without access between each.
    assert!(text + 1 < rodata && rodata + 1 < data, "{text} {rodata} {data}");
    assert!(arena::reaches((data + 1) * PAGE));
    assert_eq!(image.section(".data").unwrap().1, 24);
    assert_eq!(image.text().start, text * PAGE);
    assert_eq!(image.text().len(), SUCCEED.len());
}
