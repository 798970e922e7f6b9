// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel file: what it is, and how it wants to be booted.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use object::read::elf::ElfFile64;
use object::{Architecture, Endianness, Object, ObjectSection};

/// A kernel, unpacked.
pub struct Kernel {
    /// The ELF file's bytes.
    pub bytes: Vec<u8>,
    /// "10.1", "10.99.12" …
    pub version: String,
    /// The file says where a PVH loader enters it, so qemu can boot it without a boot loader.
    pub pvh: bool,
    /// Room for a root file system inside the kernel, as options MEMORY_DISK_IS_ROOT makes it.
    pub ramdisk: Option<usize>,
}

/// Marks the room for a memory disk (sys/dev/md_root.c).
const RAMDISK: &[u8] = b"|This is the root ramdisk!\n";
/// Marks the room for a symbol table (sys/kern/kern_ksyms_buf.c).
const SYMTAB: &[u8] = b"|This is the symbol table!";
/// XEN_ELFNOTE_PHYS32_ENTRY: the entry point of the PVH boot protocol.
const PHYS32_ENTRY: u32 = 18;

impl Kernel {
    /// Reads and examines a kernel file, gzipped or not.
    pub fn read(path: &Path) -> Result<Self> {
        let raw = fs::read(path).with_context(|| format!("kernel {}", path.display()))?;
        let bytes = unpack(raw).with_context(|| format!("kernel {}", path.display()))?;
        Self::examine(bytes).with_context(|| format!("kernel {}", path.display()))
    }

    fn examine(bytes: Vec<u8>) -> Result<Self> {
        ensure!(bytes.starts_with(b"\x7fELF"), "not an ELF file: is this a NetBSD kernel?");
        let elf = ElfFile64::<Endianness>::parse(&*bytes).context("not a 64-bit ELF file")?;
        ensure!(
            elf.architecture() == Architecture::X86_64,
            "built for {:?}; only NetBSD/amd64 kernels can be booted here",
            elf.architecture()
        );
        let version = version(&bytes).context("no \"NetBSD <version>\" in it")?;
        let pvh = has_pvh_note(&elf);
        let ramdisk = find(&bytes, RAMDISK);
        Ok(Self { version, pvh, ramdisk, bytes })
    }

    /// Puts an image into the room for a memory disk.
    pub fn embed_root(&mut self, image: &[u8]) -> Result<()> {
        let at = self.ramdisk.context("the kernel has no room for a memory disk")?;
        let room = self.bytes.get_mut(at..at + image.len());
        room.context("the image does not fit the memory disk")?.copy_from_slice(image);
        Ok(())
    }

    /// The kernel with its own symbols in the room for them, without which it loads no module. A
    /// boot loader would pass them; a kernel that carries them already (COPY_SYMTAB) is left alone.
    pub fn with_symbols(&self, scratch: &Path) -> Result<Vec<u8>> {
        let mut bytes = self.bytes.clone();
        let Some((at, room)) = room_for_symbols(&bytes) else { return Ok(bytes) };
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
            symbols.len() <= room,
            "the kernel's room for symbols is too small: {room} bytes for {}",
            symbols.len()
        );
        bytes[at..at + symbols.len()].copy_from_slice(&symbols);
        Ok(bytes)
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

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Where the room for a symbol table begins, and its bytes. The mark alone is no room: the code that
/// looks for it holds it too, with the next string behind it.
fn room_for_symbols(bytes: &[u8]) -> Option<(usize, usize)> {
    const LEAST: usize = 1024;
    let mut from = 0;
    while let Some(at) = find(&bytes[from..], SYMTAB).map(|at| from + at) {
        from = at + SYMTAB.len();
        let zeros = bytes[from..].iter().take_while(|&&b| b == 0).count();
        if zeros >= LEAST {
            return Some((at, SYMTAB.len() + zeros));
        }
    }
    None
}

/// The version in the kernel's banner, "NetBSD 10.99.12 (GENERIC) …".
fn version(bytes: &[u8]) -> Option<String> {
    const BANNER: &[u8] = b"NetBSD ";
    let mut rest = bytes;
    while let Some(at) = find(rest, BANNER) {
        rest = &rest[at + BANNER.len()..];
        let text: String = rest
            .iter()
            .take(24)
            .take_while(|b| b.is_ascii_digit() || **b == b'.' || **b == b'_')
            .map(|&b| char::from(b))
            .collect();
        let number = text.split('_').next().unwrap_or("");
        if number.contains('.') && number.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(number.trim_end_matches('.').to_owned());
        }
    }
    None
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

/// The module built for this version, by the convention of `make kmod`.
pub fn module_for(build: &Path, version: &str) -> Result<std::path::PathBuf> {
    let exact = build.join(format!("netbsd-{version}-amd64/if_tap_rs.kmod"));
    if exact.exists() {
        return Ok(exact);
    }
    // A release takes a module of its own minor line: 10.1_PATCH is 10.1, -current is exact.
    let parts: Vec<&str> = version.split('.').collect();
    if parts.get(1) != Some(&"99") && parts.len() > 2 {
        let release = build.join(format!("netbsd-{}.{}-amd64/if_tap_rs.kmod", parts[0], parts[1]));
        if release.exists() {
            return Ok(release);
        }
    }
    bail!(
        "no module for NetBSD {version}: {} is missing; build it with `make kmod`, or with \
         `make kmod NETBSD_SYS=<that kernel's sys>`, or name one with KMOD=",
        exact.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The smallest ELF header of a machine.
    fn elf(machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16..18].copy_from_slice(&2_u16.to_le_bytes());
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[20] = 1;
        bytes[52..54].copy_from_slice(&64_u16.to_le_bytes());
        bytes
    }

    fn amd64(banner: &[u8]) -> Vec<u8> {
        let mut bytes = elf(62);
        bytes.extend_from_slice(banner);
        bytes
    }

    #[test]
    fn version_is_read_from_the_banner() {
        for (banner, wanted) in [
            (&b"@(#)NetBSD 10.99.12 (TAPLAB) #0"[..], "10.99.12"),
            (b"NetBSD kernel\0NetBSD 10.1 (GENERIC)", "10.1"),
            (b"NetBSD 11.0_BETA (GENERIC)", "11.0"),
        ] {
            assert_eq!(Kernel::examine(amd64(banner)).unwrap().version, wanted);
        }
    }

    #[test]
    fn other_files_are_refused_by_name_of_the_fault() {
        let said = |bytes| format!("{:#}", Kernel::examine(bytes).err().unwrap());
        assert!(said(b"#!/bin/sh".to_vec()).contains("not an ELF file"));
        assert!(said(elf(183)).contains("only NetBSD/amd64"));
        assert!(said(elf(62)).contains("no \"NetBSD <version>\""));
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
        bytes.extend_from_slice(&[0; 100]);
        let mut kernel = Kernel::examine(bytes).unwrap();
        kernel.embed_root(&[7; 120]).unwrap();
        assert!(kernel.embed_root(&[7; 1000]).is_err());
    }

    #[test]
    fn room_for_symbols_is_not_the_mark_in_the_code() {
        let mut bytes = amd64(b"NetBSD 10.1 (X)\0");
        bytes.extend_from_slice(SYMTAB);
        bytes.extend_from_slice(b"\0another string");
        assert_eq!(room_for_symbols(&bytes), None);
        let at = bytes.len();
        bytes.extend_from_slice(SYMTAB);
        bytes.extend_from_slice(&[0; 4096]);
        assert_eq!(room_for_symbols(&bytes), Some((at, SYMTAB.len() + 4096)));
    }

    #[test]
    fn module_is_chosen_by_version() {
        let build = tempfile::tempdir().unwrap();
        for version in ["10.1", "10.99.12"] {
            let dir = build.path().join(format!("netbsd-{version}-amd64"));
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("if_tap_rs.kmod"), b"").unwrap();
        }
        let chosen = |version| module_for(build.path(), version);
        assert!(chosen("10.1").unwrap().to_string_lossy().contains("netbsd-10.1-amd64"));
        assert!(chosen("10.1.2").unwrap().to_string_lossy().contains("netbsd-10.1-amd64"));
        assert!(chosen("10.99.12").is_ok());
        assert!(format!("{:#}", chosen("10.99.13").unwrap_err()).contains("NETBSD_SYS"));
        assert!(chosen("11.0").is_err());
    }
}
