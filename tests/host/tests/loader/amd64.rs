// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The relocations of amd64, in a module that is loaded.

use object::elf;
use tap_host::loader::symbols::Resolved;
use tap_host::loader::{Info, Staged};

use crate::object::lookup;
use crate::symbols::good;

/// Every relocation that a module may have, each held against what the ABI says.
#[test]
fn relocations_give_the_words_of_the_abi() {
    let import = Resolved { address: 0x1234_5678, function: false };
    let known = |name: &str| (name == "import").then_some(import).or_else(|| lookup(name));
    let mut builder = good();
    let words = builder.section(".words", object::SectionKind::Data, &[0xee; 64]);
    let symbol = builder.import("import");
    let types = [
        (0, elf::R_X86_64_64),
        (8, elf::R_X86_64_PC32),
        (16, elf::R_X86_64_PLT32),
        (24, elf::R_X86_64_32),
        (32, elf::R_X86_64_32S),
        (40, elf::R_X86_64_GLOB_DAT),
        (48, elf::R_X86_64_RELATIVE),
        (56, elf::R_X86_64_NONE),
    ];
    for (at, r_type) in types {
        builder.relocate_by(words, at, symbol, r_type, 0x10);
    }
    let staged = Staged::load(&builder.bytes(), &known).unwrap();
    let name = Info::read(&staged).unwrap().name;
    let image = staged.affix(&name, &known).unwrap();
    let (start, len) = image.section(".words").unwrap();
    let mut bytes = vec![0; len];
    tap_host::sched::adopt(100, "words");
    tap_host::world::enter().copyin(start, &mut bytes).unwrap();
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let half = |at: usize| word(at) as u32;
    let (sum, base) = (import.address + 0x10, start as u64);
    assert_eq!(word(0), sum);
    assert_eq!(half(8), sum.wrapping_sub(base + 8) as u32);
    assert_eq!(half(16), sum.wrapping_sub(base + 16) as u32);
    assert_eq!(half(24), sum as u32);
    assert_eq!(half(32), sum as u32);
    assert_eq!(word(24) >> 32, 0xeeee_eeee, "a word of 32 bits is no wider");
    assert_eq!(word(40), import.address);
    assert_eq!(word(48), base + 0x10);
    assert_eq!(word(56), 0xeeee_eeee_eeee_eeee);
}
