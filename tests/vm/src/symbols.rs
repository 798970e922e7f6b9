// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A kernel's own symbols, without which it loads no module: a boot loader passes them, or they
//! are in its data.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use memchr::memmem;
use object::read::elf::ElfFile64;
use object::{Endianness, Object};

use crate::kernel::{room, Room};

/// Marks the room for a symbol table (sys/kern/kern_ksyms_buf.c).
const SYMTAB: &[u8] = b"|This is the symbol table!";
/// How an ELF file begins, a symbol table in a kernel's data too.
const ELF64: &[u8] = b"\x7fELF\x02\x01\x01";

/// Where a running kernel finds its own symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// They are in its data already (makeoptions COPY_SYMTAB).
    Within,
    /// Its data have room for them.
    Room(Room),
    /// Only a boot loader can pass them.
    File,
}

impl Symbols {
    /// Looks for them in a kernel file.
    pub fn of(elf: &ElfFile64<'_, Endianness>, bytes: &[u8]) -> Result<Self> {
        let within = memmem::find(&bytes[ELF64.len()..], ELF64).is_some();
        ensure!(
            within || elf.symbols().next().is_some(),
            "stripped of its symbols: it could not load a module"
        );
        Ok(match room(bytes, SYMTAB) {
            Some(room) => Self::Room(room),
            None if within => Self::Within,
            None => Self::File,
        })
    }

    /// A kernel with its symbols where it looks for them when nobody passes them.
    pub fn put_into(self, kernel: &[u8], scratch: &Path) -> Result<Vec<u8>> {
        let mut bytes = kernel.to_vec();
        let Self::Room(Room { at, len }) = self else { return Ok(bytes) };
        let (whole, bare) = (scratch.join("netbsd.elf"), scratch.join("netbsd.sym"));
        fs::write(&whole, &bytes)?;
        for (option, from, to) in
            [("--only-keep-debug", &whole, &bare), ("--strip-debug", &bare, &bare)]
        {
            let status = Command::new("objcopy").arg(option).arg(from).arg(to).status();
            ensure!(status.context("objcopy (package binutils)")?.success(), "objcopy {option}");
        }
        let symbols = fs::read(&bare)?;
        ensure!(
            symbols.len() <= len,
            "the kernel's room for symbols is too small: {len} bytes for {}",
            symbols.len()
        );
        bytes[at..at + symbols.len()].copy_from_slice(&symbols);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::{amd64, elf};
    use crate::kernel::Kernel;
    use object::Architecture;

    const BANNER: &[u8] = b"NetBSD 10.1 (X)\0";

    #[test]
    fn a_kernel_without_room_for_symbols_wants_a_boot_loader() {
        let generic = Kernel { pvh: true, ..Kernel::examine(amd64(BANNER)).unwrap() };
        assert_eq!(generic.symbols, Symbols::File);
        assert!(!generic.boots_directly());
        let mut bytes = amd64(BANNER);
        bytes.extend_from_slice(&elf(Architecture::X86_64, &["main"]));
        let copied = Kernel { pvh: true, ..Kernel::examine(bytes).unwrap() };
        assert_eq!(copied.symbols, Symbols::Within);
        assert!(copied.boots_directly());
        assert!(!Kernel { pvh: false, ..copied }.boots_directly());
    }

    #[test]
    fn room_for_symbols_is_not_the_mark_in_the_code() {
        let mut bytes = amd64(BANNER);
        bytes.extend_from_slice(SYMTAB);
        bytes.extend_from_slice(b"\0another string");
        assert_eq!(room(&bytes, SYMTAB), None);
        let at = bytes.len();
        bytes.extend_from_slice(SYMTAB);
        bytes.extend_from_slice(&[0; 4096]);
        assert_eq!(room(&bytes, SYMTAB), Some(Room { at, len: SYMTAB.len() + 4096 }));
    }

    #[test]
    fn symbols_are_put_where_there_is_room() {
        let scratch = tempfile::tempdir().unwrap();
        let mut bytes = amd64(BANNER);
        let at = bytes.len();
        bytes.extend_from_slice(SYMTAB);
        bytes.extend_from_slice(&[0; 4096]);
        let kernel = Kernel::examine(bytes).unwrap();
        let filled = kernel.symbols.put_into(&kernel.bytes, scratch.path()).unwrap();
        assert_eq!(filled.len(), kernel.bytes.len());
        assert!(filled[at..].starts_with(ELF64));
        assert_eq!(filled[..at], kernel.bytes[..at]);
        let small = Symbols::Room(Room { at, len: 8 });
        let said = small.put_into(&kernel.bytes, scratch.path()).unwrap_err().to_string();
        assert!(said.contains("too small: 8 bytes for"), "{said}");
    }

    #[test]
    fn a_kernel_for_aarch64_has_its_symbols_or_is_none() {
        let mut bytes = elf(Architecture::Aarch64, &["main"]);
        bytes.extend_from_slice(BANNER);
        let said = |bytes| format!("{:#}", Kernel::examine(bytes).err().unwrap());
        assert!(said(bytes.clone()).contains("makeoptions COPY_SYMTAB"));
        let mut room = [&bytes[..], SYMTAB].concat();
        room.extend_from_slice(&[0; 4096]);
        assert!(said(room).contains("makeoptions COPY_SYMTAB"));
        bytes.extend_from_slice(ELF64);
        assert_eq!(Kernel::examine(bytes).unwrap().symbols, Symbols::Within);
    }
}
