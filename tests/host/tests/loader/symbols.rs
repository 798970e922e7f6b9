// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Symbols and the relocations against them.

use object::elf;
use object::write::SymbolSection;
use object::{SymbolFlags, SymbolKind, SymbolScope};
use tap_conformance::Errno;
use tap_host::loader::symbols::Resolved;
use tap_host::loader::Staged;

use crate::code::{CALL, CALLER, NARROW, POINTER, UNKNOWN};
use crate::object::{lookup, Builder, Module};

pub fn good() -> Builder {
    Module::named("symbols").build()
}

/// Asserts that an object is refused with ENOEXEC and a message that says why.
fn refused(builder: &Builder, why: &str) {
    let refusal = builder.refusal();
    assert_eq!(refusal.errno, Errno::ENOEXEC, "{}", refusal.message);
    assert!(refusal.message.contains(why), "{:?} does not say {why:?}", refusal.message);
}

/// A good object with a call of an import in it; the import's symbol may be changed.
fn calling(name: &str, r_type: u32, change: impl FnOnce(&mut object::write::Symbol)) -> Builder {
    let mut builder = good();
    builder.function("caller", CALLER);
    let (at, _, addend) = CALL;
    let import = builder.import(name);
    change(builder.object.symbol_mut(import));
    let text = builder.text;
    builder.relocate_by(text, 16 + at, import, r_type, addend);
    builder
}

#[test]
fn all_missing_imports_are_named_at_once() {
    let mut builder = calling("no_such_function", CALL.1, |_| ());
    builder.import("nor_this");
    builder.import("panic");
    let refusal = builder.refusal();
    assert_eq!(refusal.errno, Errno::ENOEXEC);
    let listed = refusal.message.strip_prefix("symbols not found: ").unwrap();
    let mut names: Vec<_> = listed.split(", ").collect();
    names.sort_unstable();
    assert_eq!(names, ["no_such_function", "nor_this"]);
}

#[test]
fn weak_undefined_symbols() {
    refused(&calling("panic", CALL.1, |symbol| symbol.weak = true), "weak symbol");
}

#[test]
fn local_undefined_symbols() {
    let local = |symbol: &mut object::write::Symbol| {
        let st_info = elf::STB_LOCAL << 4;
        symbol.flags = SymbolFlags::Elf { st_info, st_other: 0 };
    };
    refused(&calling("panic", CALL.1, local), "local symbol undefined");
}

#[test]
fn common_symbols() {
    let mut builder = good();
    let common = SymbolSection::Common;
    let id = builder.symbol("shared", common, SymbolKind::Data, SymbolScope::Linkage);
    builder.object.symbol_mut(id).size = 8;
    refused(&builder, "common symbol `shared'");
}

#[test]
fn symbols_that_the_kernel_defines() {
    let mut builder = good();
    for name in ["panic", "hz", "mine"] {
        let text = SymbolSection::Section(builder.text);
        builder.symbol(name, text, SymbolKind::Text, SymbolScope::Linkage);
    }
    let refusal = builder.refusal();
    assert_eq!(refusal.errno, Errno::ENOEXEC);
    assert_eq!(refusal.message, "global symbols redefined: panic, hz");
}

#[test]
fn relocation_types_that_the_kernel_does_not_know() {
    for r_type in UNKNOWN {
        refused(&calling("panic", *r_type, |_| ()), "unexpected type");
    }
}

#[test]
fn relocations_beyond_their_section() {
    let mut builder = good();
    let import = builder.import("panic");
    let text = builder.text;
    builder.relocate(text, 4096, import, POINTER);
    refused(&builder, "beyond its section");
}

#[test]
fn data_out_of_reach() {
    let far = |name: &str| match name {
        "far" => Some(Resolved { address: 0x7f00_0000_0000, function: false }),
        _ => lookup(name),
    };
    for r_type in NARROW {
        let bytes = calling("far", *r_type, |_| ()).bytes();
        let staged = Staged::load(&bytes, &far).unwrap();
        let refusal = staged.affix("far", &far).err().unwrap();
        assert_eq!(refusal.errno, Errno::ENOEXEC);
        assert!(refusal.message.contains("out of reach"), "{}", refusal.message);
    }
}
