// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A module's image, first as bytes that are worked on, then as memory that runs.

use object::elf::{self, Rela64};
use object::LittleEndian as LE;

use super::arena::{Access, Pages};
use super::elf::{File, Symbol};
use super::place::{layout, round_page, Layout, Segment, Span, SEGMENTS};
use super::symbols::Resolved;
use super::trace::{self, Registration};
use super::{reloc, Loaded, Refusal};
use tap_conformance::Errno;

/// Symbols that may be defined by any number of objects, and prefixes of such.
const SHARED: [&str; 8] = [
    "_bss_start",
    "__bss_start",
    "_bss_end__",
    "__bss_end__",
    "_edata",
    "_end",
    "__end",
    "__end__",
];
const SHARED_PREFIXES: [&str; 2] = ["__start_link_set_", "__stop_link_set_"];

/// Where an import is looked up: by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<Resolved>;

/// The relocations of one section.
struct Relocations {
    /// The section's place in the image.
    target: Span,
    entries: Vec<Rela64<LE>>,
}

/// An image whose sections are placed and whose local relocations are applied.
pub struct Staged {
    pub(super) bytes: Vec<u8>,
    memory: Pages,
    layout: Layout,
    names: Vec<(String, Span)>,
    pub(super) symbols: Vec<Symbol>,
    relocations: Vec<Relocations>,
    pub(super) trampolines: Span,
}

/// A module in memory. Dropped, its memory loses all access.
pub struct Image {
    memory: Pages,
    layout: Layout,
    names: Vec<(String, Span)>,
    symbols: Vec<Symbol>,
    /// What backtraces know of it, until it goes.
    _registration: Registration,
}

impl Staged {
    /// Loads an object: kobj_load(). `taken` says what already defines a global symbol.
    pub fn load(data: &[u8], taken: Lookup) -> Loaded<Staged> {
        let file = File::parse(data)?;
        let layout = layout(&file)?;
        let memory = Pages::new(layout.len)
            .ok_or_else(|| Refusal { errno: Errno::ENOMEM, message: "out of memory".into() })?;
        let mut bytes = vec![0; layout.len];
        let mut names = Vec::new();
        for (section, span) in file.sections.iter().zip(&layout.sections) {
            let Some(span) = *span else { continue };
            names.push((section.name.to_string(), span));
            if section.kind == elf::SHT_PROGBITS {
                let to = &mut bytes[span.start..span.start + span.len];
                to.copy_from_slice(file.contents(section)?);
            }
        }
        let relocations = relocations(&file, &layout)?;
        let mut symbols = file.symbols;
        for symbol in &mut symbols {
            if let Some(Some(span)) = layout.sections.get(usize::from(symbol.section)) {
                symbol.value += (memory.start() + span.start) as u64;
            }
        }
        let trampolines = Span { len: 0, ..layout.trampolines };
        let mut image = Staged { bytes, memory, layout, names, symbols, relocations, trampolines };
        image.check_definitions(taken)?;
        image.relocate(true)?;
        Ok(image)
    }

    /// Refuses a global symbol that something else defines already.
    fn check_definitions(&self, taken: Lookup) -> Loaded<()> {
        let shared = |name: &str| {
            SHARED.contains(&name) || SHARED_PREFIXES.iter().any(|p| name.starts_with(p))
        };
        let defined = self.symbols.iter().filter(|s| s.is_global() && !s.is_undefined());
        let named = defined.filter(|s| !s.name.is_empty() && !shared(&s.name));
        let clashes: Vec<_> = named.filter(|s| taken(&s.name).is_some()).collect();
        if clashes.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = clashes.iter().map(|s| s.name.as_str()).collect();
        Err(Refusal::new(format!("global symbols redefined: {}", names.join(", "))))
    }

    fn relocate(&mut self, local: bool) -> Loaded<()> {
        for list in std::mem::take(&mut self.relocations) {
            for entry in &list.entries {
                reloc::apply(self, list.target, entry, local)?;
            }
            if local {
                self.relocations.push(list);
            }
        }
        Ok(())
    }

    /// Resolves the imports, applies the remaining relocations and sets the protection:
    /// kobj_affix(). Every import that is missing is named.
    pub fn affix(mut self, name: &str, lookup: Lookup) -> Loaded<Image> {
        let mut missing = Vec::new();
        for symbol in &mut self.symbols {
            if !symbol.is_global() || !symbol.is_undefined() || symbol.name.is_empty() {
                continue;
            }
            match lookup(&symbol.name) {
                Some(found) => {
                    symbol.value = found.address;
                    symbol.kind = if found.function { elf::STT_FUNC } else { elf::STT_OBJECT };
                }
                None => missing.push(symbol.name.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::new(format!("symbols not found: {}", missing.join(", "))));
        }
        self.relocate(false)?;
        let Staged { bytes, mut memory, layout, names, symbols, .. } = self;
        memory.write(0, &bytes);
        protect(&memory, &layout);
        let text = memory.start()..memory.start() + layout.len;
        let _registration = trace::register(name, text, text_span(&memory, &layout), &symbols);
        Ok(Image { memory, layout, names, symbols, _registration })
    }

    /// Where a section is, by name: kobj_find_section().
    pub fn section(&self, name: &str) -> Option<Span> {
        self.names.iter().find(|(had, _)| had == name).map(|(_, span)| *span)
    }

    /// The address that an offset of the image will have.
    pub fn address_of(&self, offset: usize) -> u64 {
        (self.memory.start() + offset) as u64
    }

    /// The bytes of the image from an address on.
    fn from(&self, address: u64) -> Option<&[u8]> {
        let offset = usize::try_from(address).ok()?.checked_sub(self.memory.start())?;
        self.bytes.get(offset..)
    }

    /// Reads bytes by their address; `None` when they are not the image's.
    pub fn read<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.from(address)?.first_chunk().copied()
    }

    /// Reads a NUL-terminated string by its address.
    pub fn string(&self, address: u64) -> Option<String> {
        let rest = self.from(address)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        String::from_utf8(rest[..len].to_vec()).ok()
    }
}

/// The relocations that the kernel applies: those of sections with contents.
fn relocations(file: &File, layout: &Layout) -> Loaded<Vec<Relocations>> {
    let mut all = Vec::new();
    for section in &file.sections {
        if section.kind == elf::SHT_REL {
            return Err(Refusal::new(format!("{}: relocations without addends", section.name)));
        }
        if section.kind != elf::SHT_RELA {
            continue;
        }
        let at = section.info as usize;
        let Some(target) = file.sections.get(at) else {
            return Err(Refusal::new(format!("{}: no section {at}", section.name)));
        };
        if let (elf::SHT_PROGBITS, Some(span)) = (target.kind, layout.sections[at]) {
            let entries = file.relocations(section)?.to_vec();
            all.push(Relocations { target: span, entries });
        }
    }
    Ok(all)
}

fn text_span(memory: &Pages, layout: &Layout) -> std::ops::Range<usize> {
    let span = layout.segments[0];
    memory.start() + span.start..memory.start() + span.start + span.len
}

fn protect(memory: &Pages, layout: &Layout) {
    memory.protect(0, layout.len, Access::None);
    for (segment, span) in SEGMENTS.into_iter().zip(layout.segments) {
        let (access, len) = match segment {
            Segment::Text => (Access::Execute, layout.trampolines.start + layout.trampolines.len),
            Segment::Rodata => (Access::Read, span.len),
            Segment::Data => (Access::Write, span.len),
        };
        memory.protect(span.start, round_page(len), access);
    }
}

impl Image {
    /// Where the text is and how long: kobj_stat().
    pub fn text(&self) -> std::ops::Range<usize> {
        text_span(&self.memory, &self.layout)
    }

    /// All memory that it has.
    pub fn span(&self) -> std::ops::Range<usize> {
        self.memory.start()..self.memory.start() + self.layout.len
    }

    /// Where a section is, by name: its address and length.
    pub fn section(&self, name: &str) -> Option<(usize, usize)> {
        let (_, span) = self.names.iter().find(|(had, _)| had == name)?;
        Some((self.memory.start() + span.start, span.len))
    }

    /// What a global symbol of the module resolves to, for modules loaded after it.
    pub fn global(&self, name: &str) -> Option<Resolved> {
        let mut defined = self.symbols.iter().filter(|s| s.is_global() && s.section != 0);
        let symbol = defined.find(|symbol| symbol.name == name)?;
        Some(Resolved { address: symbol.value, function: symbol.kind == elf::STT_FUNC })
    }
}
