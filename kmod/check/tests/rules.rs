// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Each rule of the gate fires on a bad object, and a good one passes.

use if_tap_rs_check::check;
use object::elf;
use object::write::{
    Object, Relocation, SectionId, StandardSegment, Symbol, SymbolId, SymbolSection,
};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionFlags, SectionKind,
    SymbolFlags, SymbolKind, SymbolScope,
};

/// `ret`.
const RET: &[u8] = &[0xc3];

/// An object under construction.
struct Bad {
    object: Object<'static>,
    text: SectionId,
}

impl Bad {
    fn new() -> Bad {
        Bad::on(Architecture::X86_64)
    }

    fn on(architecture: Architecture) -> Bad {
        let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
        let text = object.section_id(object::write::StandardSection::Text);
        Bad { object, text }
    }

    fn section(&mut self, name: &str, kind: SectionKind, data: &[u8]) -> SectionId {
        let segment = self.object.segment_name(StandardSegment::Data).to_vec();
        let id = self.object.add_section(segment, name.into(), kind);
        self.object.append_section_data(id, data, 8);
        id
    }

    fn symbol(&mut self, name: &str, section: SymbolSection, scope: SymbolScope) -> SymbolId {
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

    fn function(&mut self, name: &str, code: &[u8]) -> u64 {
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

    fn relocate(&mut self, section: SectionId, offset: u64, symbol: SymbolId, r_type: u32) {
        let flags = RelocationFlags::Elf { r_type };
        let relocation = Relocation { offset, symbol, addend: 0, flags };
        self.object.add_relocation(section, relocation).unwrap();
    }

    /// The one pointer that a module has.
    fn module_set(&mut self, scope: SymbolScope) -> SectionId {
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
    fn rules(&self) -> Vec<&'static str> {
        let data = self.object.write().unwrap();
        let mut rules: Vec<_> =
            check(&data).unwrap().into_iter().map(|finding| finding.rule).collect();
        rules.dedup();
        rules
    }
}

/// An object for aarch64 with one function, of these instructions.
fn aarch64(name: &str, code: &[u32]) -> Bad {
    let mut bad = Bad::on(Architecture::Aarch64);
    bad.module_set(SymbolScope::Compilation);
    let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    bad.function(name, &bytes);
    bad
}

/// An object without a fault.
fn good() -> Bad {
    let mut bad = Bad::new();
    bad.module_set(SymbolScope::Compilation);
    bad.function("tap_rs_match", RET);
    bad
}

#[test]
fn a_good_module_passes() {
    assert_eq!(good().rules(), [""; 0]);
}

#[test]
fn other_files_are_no_modules() {
    assert!(check(b"#!/bin/sh\n").is_err());
    assert!(check(b"").is_err());
}

#[test]
fn sections_that_are_not_allocated() {
    let mut bad = good();
    bad.section(".comment", SectionKind::OtherString, b"compiler\0");
    assert_eq!(bad.rules(), ["not-allocated"]);
}

#[test]
fn writable_code() {
    let mut bad = good();
    let id = bad.section(".hot", SectionKind::Text, RET);
    let flags = elf::SHF_ALLOC | elf::SHF_WRITE | elf::SHF_EXECINSTR;
    bad.object.section_mut(id).flags = SectionFlags::Elf { sh_flags: flags.into() };
    assert_eq!(bad.rules(), ["writable-code"]);
}

#[test]
fn thread_local_storage() {
    let mut bad = good();
    bad.section(".tdata", SectionKind::Tls, &[0; 8]);
    assert_eq!(bad.rules(), ["tls"]);
}

#[test]
fn constructors() {
    let mut bad = good();
    bad.section(".init_array", SectionKind::Elf(elf::SHT_INIT_ARRAY), &[0; 8]);
    assert_eq!(bad.rules(), ["constructors"]);
}

#[test]
fn unknown_relocations() {
    let mut bad = good();
    let import = bad.symbol("panic", SymbolSection::Undefined, SymbolScope::Unknown);
    let offset = bad.function("caller", &[0xff, 0x15, 0, 0, 0, 0, 0xc3]);
    let text = bad.text;
    bad.relocate(text, offset + 2, import, elf::R_X86_64_GOTPCRELX);
    assert_eq!(bad.rules(), ["relocation"]);
}

#[test]
fn module_set_missing_wrong_or_global() {
    assert_eq!(Bad::new().rules(), ["link-set"]);
    let mut two = Bad::new();
    two.section("link_set_modules", SectionKind::ReadOnlyData, &[0; 16]);
    assert_eq!(two.rules(), ["link-set"]);
    let mut global = Bad::new();
    global.module_set(SymbolScope::Linkage);
    assert!(global.rules().contains(&"link-set"));
}

#[test]
fn global_definitions() {
    let mut bad = good();
    let text = bad.text;
    bad.symbol("tap_cd", SymbolSection::Section(text), SymbolScope::Linkage);
    assert_eq!(bad.rules(), ["global"]);
}

#[test]
fn common_symbols() {
    let mut bad = good();
    bad.symbol("shared", SymbolSection::Common, SymbolScope::Linkage);
    assert_eq!(bad.rules(), ["common"]);
}

#[test]
fn weak_undefined_symbols() {
    let mut bad = good();
    let id = bad.symbol("memcpy", SymbolSection::Undefined, SymbolScope::Unknown);
    bad.object.symbol_mut(id).weak = true;
    assert_eq!(bad.rules(), ["weak"]);
}

#[test]
fn imports_that_nobody_reviewed() {
    let mut bad = good();
    bad.symbol("bcmp", SymbolSection::Undefined, SymbolScope::Unknown);
    assert_eq!(bad.rules(), ["import"]);
    let mut fine = good();
    fine.symbol("mutex_enter", SymbolSection::Undefined, SymbolScope::Unknown);
    assert_eq!(fine.rules(), [""; 0]);
}

#[test]
fn panics_and_formatting() {
    for name in [
        "_ZN4core9panicking5panic17h0123456789abcdefE",
        "_RNvNtCs7_4core9panicking9panic_fmt",
        "_ZN4core3fmt5write17h0123456789abcdefE",
    ] {
        let mut bad = good();
        bad.function(name, RET);
        assert_eq!(bad.rules(), ["panic"], "{name}");
    }
}

#[test]
fn vector_and_x87_instructions() {
    for code in [
        &[0x0f, 0x28, 0xc1, 0xc3][..],       // movaps %xmm1, %xmm0
        &[0xc5, 0xf8, 0x28, 0xc1, 0xc3][..], // vmovaps %xmm1, %xmm0
        &[0x0f, 0x6f, 0xc1, 0xc3][..],       // movq %mm1, %mm0
        &[0xd9, 0xe8, 0xc3][..],             // fld1
    ] {
        let mut bad = good();
        bad.function("vectorised", code);
        assert_eq!(bad.rules(), ["vector"], "{code:x?}");
    }
}

#[test]
fn deep_frames() {
    let mut bad = good();
    // sub $0x408, %rsp; ret
    bad.function("deep", &[0x48, 0x81, 0xec, 0x08, 0x04, 0x00, 0x00, 0xc3]);
    assert_eq!(bad.rules(), ["frame"]);
    let mut fine = good();
    // sub $0x3f8, %rsp; ret
    fine.function("shallow", &[0x48, 0x81, 0xec, 0xf8, 0x03, 0x00, 0x00, 0xc3]);
    assert_eq!(fine.rules(), [""; 0]);
}

#[test]
fn f39_closes_must_end_in_a_jump_out() {
    let mut bad = good();
    bad.function("tap_rs_fops_close_exit", RET);
    assert_eq!(bad.rules(), ["close-exit"]);
    let mut fine = good();
    let offset = fine.function("tap_rs_fops_close_exit", &[0xe9, 0, 0, 0, 0]);
    let exit = fine.symbol("atomic_dec_uint_nv", SymbolSection::Undefined, SymbolScope::Unknown);
    let text = fine.text;
    fine.relocate(text, offset + 1, exit, elf::R_X86_64_PLT32);
    assert_eq!(fine.rules(), [""; 0]);
}

/// `ret` of aarch64.
const RET_AARCH64: u32 = 0xd65f_03c0;

#[test]
fn a_good_module_for_aarch64_passes() {
    let code = [
        0xa9bf_7bfd, // stp x29, x30, [sp, #-16]!
        0x9100_03fd, // mov x29, sp
        0xf940_0000, // ldr x0, [x0]
        0x885f_7c01, // ldxr w1, [x0]
        0x8802_7c01, // stxr w2, w1, [x0]
        0x8b01_0000, // add x0, x0, x1
        0x9b01_7c00, // mul x0, x0, x1
        0xd53b_d041, // mrs x1, tpidr_el0
        0xa8c1_7bfd, // ldp x29, x30, [sp], #16
        RET_AARCH64,
    ];
    assert_eq!(aarch64("tap_rs_match", &code).rules(), [""; 0]);
}

#[test]
fn other_architectures() {
    let mut bad = Bad::on(Architecture::Riscv64);
    bad.function("tap_rs_match", RET);
    assert!(bad.rules().contains(&"architecture"));
}

#[test]
fn unknown_relocations_of_aarch64() {
    for r_type in [
        elf::R_AARCH64_ADR_GOT_PAGE,
        elf::R_AARCH64_LD64_GOT_LO12_NC,
        elf::R_AARCH64_LDST128_ABS_LO12_NC,
        elf::R_AARCH64_MOVW_UABS_G0,
        elf::R_AARCH64_CONDBR19,
    ] {
        let mut bad = aarch64("caller", &[RET_AARCH64]);
        let import = bad.symbol("panic", SymbolSection::Undefined, SymbolScope::Unknown);
        let text = bad.text;
        bad.relocate(text, 0, import, r_type);
        assert_eq!(bad.rules(), ["relocation"], "type {r_type}");
    }
}

#[test]
fn vector_and_float_instructions_of_aarch64() {
    for word in [
        0x4e20_1c00u32, // and v0.16b, v0.16b, v0.16b
        0x1e60_2800,    // fadd d0, d0, d0
        0x9e66_0000,    // fmov x0, d0
        0x3dc0_0000,    // ldr q0, [x0]
        0xfd40_0000,    // ldr d0, [x0]
        0xad40_0400,    // ldp q0, q1, [x0]
        0x1c00_0000,    // ldr s0, .
        0x4c40_7000,    // ld1 {v0.16b}, [x0]
        0x0420_0000,    // add z0.b, z0.b, z0.b
        0xc082_0000,    // mova of SME
    ] {
        let bad = aarch64("vectorised", &[word, RET_AARCH64]);
        assert_eq!(bad.rules(), ["vector"], "{word:#010x}");
    }
}

#[test]
fn deep_frames_of_aarch64() {
    for (code, deep) in [
        (vec![0xd110_03ff], false),              // sub sp, sp, #1024
        (vec![0xd110_43ff], true),               // sub sp, sp, #1040
        (vec![0xd140_07ff], true),               // sub sp, sp, #1, lsl #12
        (vec![0xa9bf_7bfd, 0xd10f_c3ff], false), // stp x29, x30, [sp, #-16]!; sub sp, sp, #1008
        (vec![0xa9bf_7bfd, 0xd110_03ff], true),  // the same; sub sp, sp, #1024
        (vec![0xf81f_0ffe, 0xd110_03ff], true),  // str x30, [sp, #-16]!; sub sp, sp, #1024
        (vec![0xcb20_63ff], true),               // sub sp, sp, x0
        (vec![0xd110_43fd], false),              // sub x29, sp, #1040
        (vec![0xa8c1_7bfd, 0x9110_43ff], false), // ldp x29, x30, [sp], #16; add sp, sp, #1040
    ] {
        let wanted: &[&str] = if deep { &["frame"] } else { &[] };
        assert_eq!(aarch64("deep", &code).rules(), wanted, "{code:x?}");
    }
}

#[test]
fn f39_closes_of_aarch64_must_end_in_a_jump_out() {
    // bl and b, each with its relocation.
    for (word, r_type, leaves) in
        [(0x9400_0000, elf::R_AARCH64_CALL26, false), (0x1400_0000, elf::R_AARCH64_JUMP26, true)]
    {
        let mut bad = aarch64("tap_rs_kq_rdetach_exit", &[word]);
        let exit = bad.symbol("atomic_dec_uint", SymbolSection::Undefined, SymbolScope::Unknown);
        let text = bad.text;
        bad.relocate(text, 0, exit, r_type);
        let wanted: &[&str] = if leaves { &[] } else { &["close-exit"] };
        assert_eq!(bad.rules(), wanted);
    }
}
