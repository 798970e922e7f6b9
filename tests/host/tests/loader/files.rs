// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The file's header, its section headers and its symbol table.

use object::elf;
use tap_conformance::Errno;

use crate::code::OTHER_MACHINE;
use crate::object::{header_of, patch, refusal, Module};

/// Offsets in the ELF header.
const VERSION_IDENT: usize = 6;
const TYPE: usize = 16;
const MACHINE: usize = 18;
const VERSION: usize = 20;
const SHOFF: usize = 40;
const SHENTSIZE: usize = 58;
const SHNUM: usize = 60;
const SHSTRNDX: usize = 62;
/// Offsets in a section header.
const SH_TYPE: usize = 4;
const SH_OFFSET: usize = 24;
const SH_SIZE: usize = 32;
const SH_LINK: usize = 40;
const SH_INFO: usize = 44;

fn good() -> Vec<u8> {
    Module::named("files").build().bytes()
}

/// Asserts that a file is refused with an errno and a message that says why.
fn refused(data: &[u8], errno: Errno, why: &str) {
    let refusal = refusal(data);
    assert_eq!(refusal.errno, errno, "{}", refusal.message);
    assert!(refusal.message.contains(why), "{:?} does not say {why:?}", refusal.message);
}

/// The same for a good file with some bytes of its header changed.
fn header(at: usize, bytes: &[u8], errno: Errno, why: &str) {
    let mut data = good();
    patch(&mut data, at, bytes);
    refused(&data, errno, why);
}

/// The same for bytes of a section's header.
fn section(name: &str, at: usize, bytes: &[u8], errno: Errno, why: &str) {
    let mut data = good();
    let at = header_of(&data, name) + at;
    patch(&mut data, at, bytes);
    refused(&data, errno, why);
}

#[test]
fn no_elf_file() {
    refused(&[b'#'; 100], Errno::ENOEXEC, "not an ELF object");
    refused(b"#!/bin/sh\n", Errno::EINVAL, "header");
    refused(b"", Errno::EINVAL, "header");
}

#[test]
fn other_versions_types_and_machines() {
    header(VERSION_IDENT, &[2], Errno::ENOEXEC, "version");
    header(VERSION, &[2], Errno::ENOEXEC, "version");
    header(TYPE, &[elf::ET_DYN as u8], Errno::ENOEXEC, "file type 3");
    header(TYPE, &[elf::ET_EXEC as u8], Errno::ENOEXEC, "file type 2");
    header(MACHINE, &OTHER_MACHINE.to_le_bytes(), Errno::ENOEXEC, "machine");
    header(MACHINE, &elf::EM_386.to_le_bytes(), Errno::ENOEXEC, "machine");
}

#[test]
fn section_headers_that_cannot_be() {
    header(SHNUM, &[0, 0], Errno::ENOEXEC, "bad sizes");
    header(SHNUM, &[0xff, 0xff], Errno::ENOEXEC, "bad sizes");
    header(SHENTSIZE, &[40], Errno::ENOEXEC, "bad sizes");
    header(SHOFF, &[0; 8], Errno::ENOEXEC, "bad sizes");
    header(SHOFF, &[0, 0, 1], Errno::EINVAL, "section headers");
    header(SHSTRNDX, &[0x40, 0x1f], Errno::ENOEXEC, "bad shstrndx");
}

#[test]
fn a_file_that_was_cut() {
    let data = good();
    for len in [16, 64, data.len() - 1] {
        let refusal = refusal(&data[..len]);
        assert_eq!(refusal.errno, Errno::EINVAL, "{len}: {}", refusal.message);
    }
}

#[test]
fn no_symbol_table_or_two() {
    section(".symtab", SH_TYPE, &[0], Errno::ENOEXEC, "no valid symbol table");
    let two = &[elf::SHT_SYMTAB as u8];
    section(".rodata.str", SH_TYPE, two, Errno::ENOEXEC, "no valid symbol table");
    section(".symtab", SH_SIZE, &[0; 8], Errno::ENOEXEC, "no symbol table");
    section(".symtab", SH_OFFSET, &[0, 0, 1], Errno::EINVAL, "symbol table");
}

#[test]
fn no_symbol_strings() {
    section(".symtab", SH_LINK, &[0], Errno::ENOEXEC, "invalid symbol strings");
    section(".symtab", SH_LINK, &[200], Errno::ENOEXEC, "invalid symbol strings");
    section(".symtab", SH_LINK, &[1], Errno::ENOEXEC, "invalid symbol strings");
    section(".strtab", SH_SIZE, &[0; 8], Errno::ENOEXEC, "no symbol strings");
    section(".strtab", SH_SIZE, &[1, 0], Errno::ENOEXEC, "no string");
}

#[test]
fn relocations_for_no_section() {
    section(".rela.data.rel.ro", SH_INFO, &[200], Errno::ENOEXEC, "no section 200");
    let rel = &[elf::SHT_REL as u8];
    section(".rela.data.rel.ro", SH_TYPE, rel, Errno::ENOEXEC, "without addends");
}

#[test]
fn contents_beyond_the_end() {
    section(".text", SH_OFFSET, &[0, 0, 1], Errno::EINVAL, ".text");
    section(".rela.data.rel.ro", SH_OFFSET, &[0, 0, 1], Errno::EINVAL, ".rela.data.rel.ro");
}
