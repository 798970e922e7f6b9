// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The object file as the kernel's loader reads it: headers, sections, the one symbol table.

use object::elf::{self, FileHeader64, Rela64, SectionHeader64, Sym64};
use object::{LittleEndian as LE, Pod, ReadRef};

use super::{Loaded, Refusal};
use crate::arch::machine::MACHINE;

/// ELF_MAXSHNUM of sys/exec_elf.h.
const MAX_SECTIONS: usize = 32768;

/// One section of the file.
pub struct Section<'a> {
    /// Its name, "<<PROGBITS>>" or "<<NOBITS>>" where it has none.
    pub name: &'a str,
    /// SHT_*.
    pub kind: u32,
    /// SHF_*.
    pub flags: u64,
    /// Its alignment.
    pub align: u64,
    /// Its size in memory.
    pub size: u64,
    /// sh_info: for relocations, the section that they apply to.
    pub info: u32,
    offset: u64,
}

impl Section<'_> {
    /// Whether the kernel loads it: it does not look at SHF_ALLOC.
    pub fn is_loaded(&self) -> bool {
        self.kind == elf::SHT_PROGBITS || self.kind == elf::SHT_NOBITS
    }
}

/// One symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Its value: where it is, once its section is placed or it is resolved.
    pub value: u64,
    /// Its size in bytes.
    pub size: u64,
    /// The section that defines it, or SHN_*.
    pub section: u16,
    /// STB_*.
    pub binding: u8,
    /// STT_*.
    pub kind: u8,
}

impl Symbol {
    /// Another object must define it.
    pub fn is_undefined(&self) -> bool {
        self.section == elf::SHN_UNDEF
    }

    /// Other objects see it.
    pub fn is_global(&self) -> bool {
        self.binding == elf::STB_GLOBAL
    }
}

/// An object file that passed the loader's first look.
pub struct File<'a> {
    data: &'a [u8],
    /// All sections, by their numbers.
    pub sections: Vec<Section<'a>>,
    /// All symbols, by their numbers.
    pub symbols: Vec<Symbol>,
}

fn table<'a, T: Pod>(data: &'a [u8], offset: u64, count: usize, what: &str) -> Loaded<&'a [T]> {
    data.read_slice_at(offset, count).map_err(|()| Refusal::short(what))
}

fn header(data: &[u8]) -> Loaded<&FileHeader64<LE>> {
    let header = data.read_at::<FileHeader64<LE>>(0).map_err(|()| Refusal::short("header"))?;
    let ident = &header.e_ident;
    if ident.magic != elf::ELFMAG {
        return Err(Refusal::new("not an ELF object"));
    }
    if ident.version != elf::EV_CURRENT || header.e_version.get(LE) != u32::from(elf::EV_CURRENT) {
        return Err(Refusal::new(format!("unsupported file version {}", ident.version)));
    }
    let (kind, machine) = (header.e_type.get(LE), header.e_machine.get(LE));
    if kind != elf::ET_REL {
        return Err(Refusal::new(format!("unsupported file type {kind}")));
    }
    if machine != MACHINE || ident.class != elf::ELFCLASS64 {
        return Err(Refusal::new(format!("unsupported machine {machine}")));
    }
    Ok(header)
}

fn headers<'a>(data: &'a [u8], header: &FileHeader64<LE>) -> Loaded<&'a [SectionHeader64<LE>]> {
    let (count, offset) = (usize::from(header.e_shnum.get(LE)), header.e_shoff.get(LE));
    let size = usize::from(header.e_shentsize.get(LE));
    if count == 0 || count > MAX_SECTIONS || offset == 0 || size != size_of::<SectionHeader64<LE>>()
    {
        return Err(Refusal::new("bad sizes"));
    }
    table(data, offset, count, "section headers")
}

/// A NUL-terminated string of a string table.
fn string(strings: &[u8], at: u32) -> Loaded<&str> {
    let rest = strings.get(at as usize..).unwrap_or_default();
    let len = rest.iter().position(|byte| *byte == 0);
    len.and_then(|len| std::str::from_utf8(&rest[..len]).ok())
        .ok_or_else(|| Refusal::new(format!("no string at {at} of a string table")))
}

fn contents<'a>(data: &'a [u8], section: &SectionHeader64<LE>, what: &str) -> Loaded<&'a [u8]> {
    data.read_bytes_at(section.sh_offset.get(LE), section.sh_size.get(LE))
        .map_err(|()| Refusal::short(what))
}

impl<'a> File<'a> {
    /// Reads everything but the sections' contents.
    pub fn parse(data: &'a [u8]) -> Loaded<File<'a>> {
        let header = header(data)?;
        let headers = headers(data, header)?;
        let loaded = |kind: u32| kind == elf::SHT_PROGBITS || kind == elf::SHT_NOBITS;
        if !headers.iter().any(|section| loaded(section.sh_type.get(LE))) {
            return Err(Refusal::new("file has no contents"));
        }
        let symbols = symbols(data, headers)?;
        let names = section_names(data, header, headers)?;
        let mut sections = Vec::with_capacity(headers.len());
        for section in headers {
            let (name, kind) = (section.sh_name.get(LE), section.sh_type.get(LE));
            let name = match (names, kind) {
                (Some(names), _) if name != 0 => string(names, name)?,
                (_, elf::SHT_NOBITS) => "<<NOBITS>>",
                _ => "<<PROGBITS>>",
            };
            sections.push(Section {
                name,
                kind,
                flags: section.sh_flags.get(LE),
                align: section.sh_addralign.get(LE),
                size: section.sh_size.get(LE),
                info: section.sh_info.get(LE),
                offset: section.sh_offset.get(LE),
            });
        }
        Ok(File { data, sections, symbols })
    }

    /// A section's contents in the file.
    pub fn contents(&self, section: &Section) -> Loaded<&'a [u8]> {
        self.data
            .read_bytes_at(section.offset, section.size)
            .map_err(|()| Refusal::short(section.name))
    }

    /// The relocations of a SHT_RELA section.
    pub fn relocations(&self, section: &Section) -> Loaded<&'a [Rela64<LE>]> {
        let count = section.size as usize / size_of::<Rela64<LE>>();
        table(self.data, section.offset, count, section.name)
    }
}

fn section_names<'a>(
    data: &'a [u8],
    header: &FileHeader64<LE>,
    headers: &[SectionHeader64<LE>],
) -> Loaded<Option<&'a [u8]>> {
    let index = header.e_shstrndx.get(LE);
    if index == elf::SHN_UNDEF {
        return Ok(None);
    }
    match headers.get(usize::from(index)) {
        None => Err(Refusal::new("bad shstrndx")),
        Some(section) if section.sh_type.get(LE) == elf::SHT_STRTAB => {
            contents(data, section, "section names").map(Some)
        }
        Some(_) => Ok(None),
    }
}

fn symbols(data: &[u8], headers: &[SectionHeader64<LE>]) -> Loaded<Vec<Symbol>> {
    let mut tables = headers.iter().filter(|s| s.sh_type.get(LE) == elf::SHT_SYMTAB);
    let (Some(section), None) = (tables.next(), tables.next()) else {
        return Err(Refusal::new("file has no valid symbol table"));
    };
    let strings = match headers.get(section.sh_link.get(LE) as usize) {
        Some(strings) if strings.sh_type.get(LE) == elf::SHT_STRTAB => strings,
        _ => return Err(Refusal::new("file has invalid symbol strings")),
    };
    let count = section.sh_size.get(LE) as usize / size_of::<Sym64<LE>>();
    if count == 0 {
        return Err(Refusal::new("no symbol table"));
    }
    if strings.sh_size.get(LE) == 0 {
        return Err(Refusal::new("no symbol strings"));
    }
    let raw = table::<Sym64<LE>>(data, section.sh_offset.get(LE), count, "symbol table")?;
    let strings = contents(data, strings, "symbol strings")?;
    raw.iter().map(|symbol| symbol_of(symbol, strings)).collect()
}

fn symbol_of(raw: &Sym64<LE>, strings: &[u8]) -> Loaded<Symbol> {
    let symbol = Symbol {
        name: string(strings, raw.st_name.get(LE))?.into(),
        value: raw.st_value.get(LE),
        size: raw.st_size.get(LE),
        section: raw.st_shndx.get(LE),
        binding: raw.st_info >> 4,
        kind: raw.st_info & 0xf,
    };
    if symbol.section == elf::SHN_COMMON {
        // The kernel would take its alignment for its address.
        return Err(Refusal::new(format!("common symbol `{}'", symbol.name)));
    }
    Ok(symbol)
}
