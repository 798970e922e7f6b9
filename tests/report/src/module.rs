// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which kernel a module was built for: `mi_version` of the `modinfo_t` that its link set
//! "modules" points to, as MODULE() of sys/module.h makes it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{bail, ensure, Context, Result};
use object::read::elf::ElfFile64;
use object::{
    Architecture, Endianness, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationTarget,
};

/// A `__NetBSD_Version__`: MMmmrrpp00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

impl Version {
    /// Reads a module's file.
    pub fn of(path: &Path) -> Result<Self> {
        Self::read(path, Self::find)
    }

    /// Reads the file of a module that a kernel for `wanted`, as NetBSD calls the architecture, is
    /// to load.
    pub fn of_arch(path: &Path, wanted: &str) -> Result<Self> {
        Self::read(path, |data| check_arch(data, wanted).and_then(|()| Self::find(data)))
    }

    fn read(path: &Path, find: impl FnOnce(&[u8]) -> Result<Self>) -> Result<Self> {
        let found = std::fs::read(path).map_err(Into::into).and_then(|data| find(&data));
        found.with_context(|| format!("module {}", path.display()))
    }

    fn find(data: &[u8]) -> Result<Self> {
        let elf = parse(data)?;
        let set = elf.section_by_name("link_set_modules").context("no link set \"modules\"")?;
        let pointer = set.relocations().find(|(offset, _)| *offset == 0);
        let (_, pointer) = pointer.context("an empty link set \"modules\"")?;
        let RelocationTarget::Symbol(symbol) = pointer.target() else {
            bail!("the link set \"modules\" points to no symbol")
        };
        let symbol = elf.symbol_by_index(symbol).context("the modinfo's symbol")?;
        let section = symbol.section_index().context("the modinfo is another file's")?;
        let section = elf.section_by_index(section)?.data()?;
        let at = symbol.address().wrapping_add_signed(pointer.addend());
        let at = usize::try_from(at).context("the modinfo's place")?;
        let bytes = section.get(at..).and_then(|rest| rest.first_chunk());
        let version = u32::from_le_bytes(*bytes.context("the modinfo lies beyond its section")?);
        ensure!(version / 100_000_000 != 0, "{version} is no version of NetBSD");
        Ok(Self(version))
    }

    /// The major and the minor number.
    fn parts(self) -> (u32, u32) {
        (self.0 / 100_000_000, self.0 / 1_000_000 % 100)
    }

    /// One of -current's, which only fits a kernel of its very version.
    pub fn is_current(self) -> bool {
        self.parts().1 == 99
    }

    /// Whether a kernel of that version loads it unasked: patches of a release leave the interface
    /// to modules as it is.
    pub fn fits(self, kernel: Self) -> bool {
        self == kernel || (self.parts() == kernel.parts() && !kernel.is_current())
    }

    /// The release whose module comes nearest to what a kernel of this version wants.
    pub fn nearest(self) -> Option<&'static str> {
        match self.parts() {
            (10, 0..=98) => Some("10.1"),
            (10 | 11, _) => Some("11.0"),
            _ => None,
        }
    }

    /// The release whose host plays the module's kernel: the layouts of -current's kernels after
    /// 10 are, where a driver sees them, those of 11.
    pub fn host(self) -> Result<&'static str> {
        match self.parts() {
            (10, 99) | (11, 0) => Ok("11.0"),
            (10, 1..=98) => Ok("10.1"),
            _ => bail!("built for NetBSD {self}; there are hosts for 10.1 and 11.0"),
        }
    }
}

/// "10.1", "10.99.12", as [`fmt::Display`] writes it.
impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        match numbers.as_deref() {
            Ok(&[major @ 1..=41, minor @ 0..=99]) => {
                Ok(Self(major * 100_000_000 + minor * 1_000_000))
            }
            Ok(&[major @ 1..=41, minor @ 0..=99, patch @ 0..=9999]) => {
                Ok(Self(major * 100_000_000 + minor * 1_000_000 + patch * 100))
            }
            _ => bail!("{text:?} is no version of NetBSD"),
        }
    }
}

fn parse(data: &[u8]) -> Result<ElfFile64<'_, Endianness>> {
    ElfFile64::<Endianness>::parse(data).context("not a 64-bit ELF file")
}

/// Fails unless it is what a linker made to be linked again, for that architecture.
fn check_arch(data: &[u8], wanted: &str) -> Result<()> {
    let elf = parse(data)?;
    ensure!(elf.kind() == ObjectKind::Relocatable, "not relocatable: this is no kernel module");
    let found = match elf.architecture() {
        Architecture::X86_64 => "amd64",
        Architecture::Aarch64 => "aarch64",
        other => bail!("built for {other:?}; only modules for {wanted} can be run here"),
    };
    ensure!(found == wanted, "built for {found}; only modules for {wanted} can be run here");
    Ok(())
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.parts();
        write!(f, "{major}.{minor}")?;
        match self.0 / 100 % 10_000 {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use object::write::{Object, Relocation, SymbolSection};
    use object::{
        elf, Architecture, BinaryFormat, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
        SymbolScope,
    };

    use super::*;

    /// A module whose modinfo lies behind others' data, and is reached by the section's symbol, as
    /// compilers do it, or by its own.
    fn module(version: u32, own_symbol: bool) -> Vec<u8> {
        let mut file =
            Object::new(BinaryFormat::Elf, Architecture::X86_64, object::Endianness::Little);
        let data = file.add_section(vec![], b".data.rel.ro".to_vec(), SectionKind::Data);
        file.append_section_data(data, &[0xff; 24], 8);
        let at = file.append_section_data(data, &version.to_le_bytes(), 8);
        let set = file.add_section(vec![], b"link_set_modules".to_vec(), SectionKind::Data);
        file.append_section_data(set, &[0; 8], 8);
        let own = file.add_symbol(object::write::Symbol {
            name: b"modinfo".to_vec(),
            value: at,
            size: 4,
            kind: SymbolKind::Data,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(data),
            flags: SymbolFlags::None,
        });
        let (symbol, addend) =
            if own_symbol { (own, 0) } else { (file.section_symbol(data), at as i64) };
        let flags = RelocationFlags::Elf { r_type: elf::R_X86_64_64 };
        file.add_relocation(set, Relocation { offset: 0, symbol, addend, flags }).unwrap();
        file.write().unwrap()
    }

    #[test]
    fn the_version_is_found_by_either_symbol() {
        for own_symbol in [false, true] {
            let found = Version::find(&module(1_001_000_000, own_symbol)).unwrap();
            assert_eq!(found, Version(1_001_000_000));
        }
    }

    #[test]
    fn versions_choose_their_host() {
        for (number, text, host, current) in [
            (1_001_000_000, "10.1", "10.1", false),
            (1_002_000_000, "10.2", "10.1", false),
            (1_099_001_200, "10.99.12", "11.0", true),
            (1_100_000_000, "11.0", "11.0", false),
        ] {
            let version = Version(number);
            assert_eq!(version.to_string(), text);
            assert_eq!(version.host().unwrap(), host, "{text}");
            assert_eq!(version.is_current(), current, "{text}");
        }
        for number in [904_000_000, 1_000_000_000, 1_199_000_100] {
            let said = Version(number).host().unwrap_err().to_string();
            assert!(said.contains("10.1 and 11.0"), "{number}: {said}");
        }
    }

    #[test]
    fn a_module_fits_its_release_or_its_very_current() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        for (module, kernel, fits) in [
            ("10.1", "10.1", true),
            ("10.1", "10.1.2", true),
            ("10.1", "10.2", false),
            ("10.1", "10.99.12", false),
            ("10.99.12", "10.99.12", true),
            ("10.99.12", "10.99.13", false),
            ("11.0", "11.99.1", false),
        ] {
            assert_eq!(version(module).fits(version(kernel)), fits, "{module} in {kernel}");
        }
        for (kernel, nearest) in [
            ("9.3", None),
            ("10.0", Some("10.1")),
            ("10.99.12", Some("11.0")),
            ("11.1", Some("11.0")),
            ("11.99.4", Some("11.0")),
            ("12.0", None),
        ] {
            assert_eq!(version(kernel).nearest(), nearest, "{kernel}");
        }
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        for text in ["10.1", "10.99.12", "11.0", "10.1.2"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for bad in ["", "10", "x.1", "10.100", "10.1.2.3", "10.-1", "99.0", "10.1 "] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_module_of_another_machine_is_told() {
        let said = |kind, wanted| {
            let file = Object::new(BinaryFormat::Elf, kind, object::Endianness::Little);
            check_arch(&file.write().unwrap(), wanted).map_err(|e| format!("{e:#}"))
        };
        assert_eq!(said(Architecture::X86_64, "amd64"), Ok(()));
        assert_eq!(said(Architecture::Aarch64, "aarch64"), Ok(()));
        for (kind, wanted, told) in [
            (Architecture::Aarch64, "amd64", "built for aarch64; only modules for amd64"),
            (Architecture::X86_64, "aarch64", "built for amd64; only modules for aarch64"),
            (Architecture::Riscv64, "amd64", "built for Riscv64; only modules for amd64"),
        ] {
            let said = said(kind, wanted).unwrap_err();
            assert!(said.contains(told), "{said}");
        }
        let mut program = module(1_001_000_000, true);
        program[16] = 2;
        let said = format!("{:#}", check_arch(&program, "amd64").unwrap_err());
        assert!(said.contains("not relocatable"), "{said}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let said = |data: &[u8]| format!("{:#}", Version::find(data).unwrap_err());
        assert!(said(b"#!/bin/sh").contains("not a 64-bit ELF file"));
        let empty = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        assert!(said(&empty.write().unwrap()).contains("no link set"));
        assert!(said(&module(7, true)).contains("7 is no version"));
        let missing = Version::of(Path::new("none.kmod")).unwrap_err();
        assert!(format!("{missing:#}").contains("module none.kmod"));
    }
}
