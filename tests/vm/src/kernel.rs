// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel file: what it is, and how it wants to be booted.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{ensure, Context, Result};
use memchr::memmem;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectKind, ObjectSection, ObjectSymbol};
use tap_report::module::Version;

use crate::arch::Arch;
use crate::banner;
use crate::symbols::Symbols;

/// A kernel, unpacked.
pub struct Kernel {
    /// The ELF file's bytes.
    pub bytes: Vec<u8>,
    /// What it was built for.
    pub arch: Arch,
    /// The version as its banner has it: "11.0_RC6".
    pub name: String,
    /// The number of that version. What follows a release's, as "_RC6" or "_STABLE", has no part in it.
    pub version: Version,
    /// The file says where a PVH loader enters it, so qemu can boot it without a boot loader.
    pub pvh: bool,
    /// Room for a root file system inside the kernel, as options MEMORY_DISK_IS_ROOT makes it.
    pub ramdisk: Option<Room>,
    /// Where it finds its own symbols, without which it loads no module.
    pub symbols: Symbols,
    /// The disk that it has a driver for.
    pub disk: Disk,
    /// NetBSD's own tap(4) is built in.
    pub has_tap: bool,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Where it begins.
    pub at: usize,
    /// So many bytes.
    pub len: usize,
}

/// A kind of disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// wd(4), which GENERIC has.
    Ide,
    /// ld(4) at virtio(4), for kernels of virtual machines alone.
    Virtio,
    /// md(4), from a file that the boot loader has put into memory.
    Loaded,
}

impl Disk {
    /// The root device's name.
    pub fn root(self) -> &'static str {
        match self {
            Self::Ide => "wd0a",
            Self::Virtio => "ld0a",
            Self::Loaded => "md0a",
        }
    }

    /// What gives it to qemu's machine.
    pub fn options(self, file: &str) -> [String; 2] {
        let drive = |interface| format!("file={file},format=raw,if={interface}");
        match self {
            Self::Ide => ["-drive".into(), drive("ide")],
            Self::Virtio => ["-drive".into(), drive("virtio")],
            Self::Loaded => ["-initrd".into(), file.into()],
        }
    }
}

/// Marks the room for a memory disk (sys/dev/md_root.c).
const RAMDISK: &[u8] = b"|This is the root ramdisk!\n";
/// XEN_ELFNOTE_PHYS32_ENTRY: the entry point of the PVH boot protocol.
const PHYS32_ENTRY: u32 = 18;

impl Kernel {
    /// Reads and examines a kernel file, gzipped or not.
    pub fn read(path: &Path) -> Result<Self> {
        let raw = fs::read(path).with_context(|| format!("kernel {}", path.display()))?;
        let bytes = unpack(raw).with_context(|| format!("kernel {}", path.display()))?;
        Self::examine(bytes).with_context(|| format!("kernel {}", path.display()))
    }

    pub(crate) fn examine(bytes: Vec<u8>) -> Result<Self> {
        ensure!(bytes.starts_with(b"\x7fELF"), "not an ELF file: is this a NetBSD kernel?");
        let elf = ElfFile64::<Endianness>::parse(&*bytes).context("not a 64-bit ELF file")?;
        let arch = Arch::of(elf.architecture()).with_context(|| {
            let machine = elf.architecture();
            format!("built for {machine:?}; only kernels for amd64 and aarch64 can be booted here")
        })?;
        let (name, version) = banner::version(&bytes).context("no \"NetBSD <version>\" in it")?;
        ensure!(
            elf.kind() != ObjectKind::Relocatable,
            "relocatable, as GENERIC_KASLR is: only NetBSD's own boot loader starts it"
        );
        let symbols = Symbols::of(&elf, &bytes)?;
        ensure!(
            arch == Arch::Amd64 || symbols == Symbols::Within,
            "without its symbols in its data (makeoptions COPY_SYMTAB): it could not load a module"
        );
        let pvh = has_pvh_note(&elf);
        let disk = if arch == Arch::Amd64 { disk(&elf) } else { Disk::Loaded };
        let ramdisk = room(&bytes, RAMDISK);
        let has_tap = has_symbol(&elf, "tapattach");
        Ok(Self { arch, name, version, pvh, ramdisk, symbols, disk, has_tap, bytes })
    }

    /// qemu can enter it without a boot loader, and it has its symbols then.
    pub fn boots_directly(&self) -> bool {
        self.pvh && self.symbols != Symbols::File
    }

    /// Puts an image into the room for a memory disk.
    pub fn embed_root(&mut self, image: &[u8]) -> Result<()> {
        let Room { at, len } = self.ramdisk.context("the kernel has no room for a memory disk")?;
        ensure!(image.len() <= len, "the image does not fit the memory disk of {len} bytes");
        self.bytes[at..at + image.len()].copy_from_slice(image);
        Ok(())
    }
}

fn unpack(raw: Vec<u8>) -> Result<Vec<u8>> {
    if !raw.starts_with(&[0x1f, 0x8b]) {
        return Ok(raw);
    }
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(&*raw)
        .read_to_end(&mut bytes)
        .context("a damaged gzip file")?;
    Ok(bytes)
}

/// Room that a mark and zeros behind it keep in a kernel's data. The mark alone is none: the code
/// that looks for it holds it too, with the next string behind it.
pub(crate) fn room(bytes: &[u8], mark: &[u8]) -> Option<Room> {
    const LEAST: usize = 1024;
    memmem::find_iter(bytes, mark).find_map(|at| {
        let zeros = bytes[at + mark.len()..].iter().take_while(|&&b| b == 0).count();
        (zeros >= LEAST).then_some(Room { at, len: mark.len() + zeros })
    })
}

fn has_symbol(elf: &ElfFile64<'_, Endianness>, wanted: &str) -> bool {
    elf.symbols().any(|symbol| symbol.name() == Ok(wanted))
}

/// Which disk to give it: by the names of the drivers in it, and wd(4) where they are not known.
fn disk(elf: &ElfFile64<'_, Endianness>) -> Disk {
    if has_symbol(elf, "ld_virtio_ca") && !has_symbol(elf, "wd_ca") {
        Disk::Virtio
    } else {
        Disk::Ide
    }
}

fn has_pvh_note(elf: &ElfFile64<'_, Endianness>) -> bool {
    elf.sections().any(|section| {
        section.name().is_ok_and(|name| name.starts_with(".note"))
            && section.data().is_ok_and(notes_have_entry)
    })
}

/// Walks ELF notes: name length, description length, type, then both, padded to words.
fn notes_have_entry(mut notes: &[u8]) -> bool {
    let word = |bytes: &[u8], at: usize| {
        let field = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(field.try_into().ok()?))
    };
    while let (Some(name), Some(description), Some(kind)) =
        (word(notes, 0), word(notes, 4), word(notes, 8))
    {
        let padded = |n: u32| (n as usize + 3) & !3;
        if kind == PHYS32_ENTRY && notes.get(12..15) == Some(b"Xen") {
            return true;
        }
        let Some(next) = notes.get(12 + padded(name) + padded(description)..) else { break };
        notes = next;
    }
    false
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use object::Architecture;
    use std::io::Write;

    /// An ELF file of a machine, with symbols.
    pub(crate) fn elf(machine: Architecture, symbols: &[&str]) -> Vec<u8> {
        use object::write::{Object, Symbol, SymbolSection};
        let mut file = Object::new(object::BinaryFormat::Elf, machine, Endianness::Little);
        let text = file.section_id(object::write::StandardSection::Text);
        file.append_section_data(text, &[0xcc; 16], 16);
        for name in symbols {
            file.add_symbol(Symbol {
                name: name.as_bytes().to_vec(),
                value: 1,
                size: 0,
                kind: object::SymbolKind::Data,
                scope: object::SymbolScope::Linkage,
                weak: false,
                section: SymbolSection::Absolute,
                flags: object::SymbolFlags::None,
            });
        }
        let mut bytes = file.write().unwrap();
        // ET_EXEC.
        bytes[16] = 2;
        bytes
    }

    pub(crate) fn amd64(banner: &[u8]) -> Vec<u8> {
        let mut bytes = elf(Architecture::X86_64, &["main"]);
        bytes.extend_from_slice(banner);
        bytes
    }

    #[test]
    fn other_files_are_refused_by_name_of_the_fault() {
        let said = |bytes| format!("{:#}", Kernel::examine(bytes).err().unwrap());
        assert!(said(b"#!/bin/sh".to_vec()).contains("not an ELF file"));
        let riscv = said(elf(Architecture::Riscv64, &[]));
        assert!(riscv.contains("built for Riscv64; only kernels for amd64 and aarch64"), "{riscv}");
        assert!(said(amd64(b"")).contains("no \"NetBSD <version>\""));
        let mut stripped = elf(Architecture::X86_64, &[]);
        stripped.extend_from_slice(b"NetBSD 10.1 (GENERIC)");
        assert!(said(stripped).contains("stripped of its symbols"));
        let mut kaslr = amd64(b"NetBSD 10.1 (GENERIC_KASLR)");
        kaslr[16] = 1;
        assert!(said(kaslr).contains("relocatable, as GENERIC_KASLR is"));
    }

    #[test]
    fn the_disk_is_one_that_the_kernel_knows() {
        for (symbols, root) in [
            (&["main"][..], "wd0a"),
            (&["ld_virtio_ca", "wd_ca"], "wd0a"),
            (&["ld_virtio_ca"], "ld0a"),
        ] {
            let mut bytes = elf(Architecture::X86_64, symbols);
            bytes.extend_from_slice(b"NetBSD 10.1 (X)");
            assert_eq!(Kernel::examine(bytes).unwrap().disk.root(), root);
        }
    }

    #[test]
    fn gzip_is_unpacked_and_damage_reported() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"kernel").unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(unpack(packed.clone()).unwrap(), b"kernel");
        assert!(unpack(packed[..packed.len() - 6].to_vec()).is_err());
    }

    #[test]
    fn pvh_note_is_found_behind_others() {
        let mut notes = Vec::new();
        for (kind, name) in [(6_u32, b"Xen\0"), (PHYS32_ENTRY, b"Xen\0")] {
            assert!(!notes_have_entry(&notes));
            for word in [4, 4, kind] {
                notes.extend_from_slice(&word.to_le_bytes());
            }
            notes.extend_from_slice(name);
            notes.extend_from_slice(&[0; 4]);
        }
        assert!(notes_have_entry(&notes));
        assert!(!notes_have_entry(&notes[..20]));
    }

    #[test]
    fn memory_disk_takes_an_image_that_fits() {
        let mut bytes = amd64(b"NetBSD 10.1 (X)\0");
        bytes.extend_from_slice(RAMDISK);
        bytes.extend_from_slice(&[0; 2000]);
        // What lies behind it is not its own.
        bytes.extend_from_slice(b"a string");
        let mut kernel = Kernel::examine(bytes).unwrap();
        kernel.embed_root(&[7; 2000]).unwrap();
        let said = kernel.embed_root(&[7; 2100]).unwrap_err().to_string();
        assert!(said.contains("does not fit the memory disk of 2027 bytes"), "{said}");
        assert!(kernel.bytes.ends_with(b"a string"));
    }
}
