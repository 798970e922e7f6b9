// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Each rule of the gate fires on a bad object, and a good one passes.

mod aarch64;
mod bad;

use bad::{good, Bad, RET};
use if_tap_rs_check::check;
use object::elf;
use object::write::SymbolSection;
use object::{Architecture, SectionFlags, SectionKind, SymbolScope};

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

#[test]
fn other_architectures() {
    let mut bad = Bad::on(Architecture::Riscv64);
    bad.function("tap_rs_match", RET);
    assert!(bad.rules().contains(&"architecture"));
}
