// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Where a module's sections go: text, read-only data and data, each on pages of its own, with
//! a page between them that nobody may touch.

use object::elf;

use super::elf::{File, Section};
use super::{Loaded, Refusal};
use crate::arch::machine::TRAMPOLINE;

/// Bytes of a page.
pub const PAGE: usize = 4096;

/// The three kinds of memory that a module has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Segment {
    /// Read and execute, once the module is affixed.
    Text,
    /// Read.
    Rodata,
    /// Read and write.
    Data,
}

/// All of them, in the order in which they lie.
pub const SEGMENTS: [Segment; 3] = [Segment::Text, Segment::Rodata, Segment::Data];

/// A span of the image, by its offset.
#[derive(Clone, Copy, Default, Debug)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// How many bytes it has.
    pub len: usize,
}

/// The layout of an image.
#[derive(Default, Debug)]
pub struct Layout {
    /// The segments, in the order of [`SEGMENTS`].
    pub segments: [Span; 3],
    /// Where the jumps to imports that are out of reach go, behind the text.
    pub trampolines: Span,
    /// Where each section went; `None` for those that are not loaded.
    pub sections: Vec<Option<Span>>,
    /// How many bytes, in whole pages.
    pub len: usize,
}

/// Rounds up to whole pages.
pub fn round_page(len: usize) -> usize {
    len.next_multiple_of(PAGE)
}

/// Which segment a section belongs to.
pub fn segment_of(section: &Section) -> Segment {
    if section.flags & u64::from(elf::SHF_EXECINSTR) != 0 {
        Segment::Text
    } else if section.flags & u64::from(elf::SHF_WRITE) == 0 {
        Segment::Rodata
    } else {
        Segment::Data
    }
}

fn check(section: &Section) -> Loaded<()> {
    let align = section.align;
    if !align.is_power_of_two() || align > PAGE as u64 {
        // The kernel adds the alignment less one and masks: nothing fits any more.
        return Err(Refusal::new(format!("{}: alignment {align}", section.name)));
    }
    if section.flags & u64::from(elf::SHF_TLS | elf::SHF_COMPRESSED) != 0 {
        return Err(Refusal::new(format!("{}: flags {:#x}", section.name, section.flags)));
    }
    if section.size > 1 << 30 {
        return Err(Refusal::new(format!("{}: {} bytes", section.name, section.size)));
    }
    Ok(())
}

/// Lays a file's sections out.
pub fn layout(file: &File) -> Loaded<Layout> {
    let mut layout = Layout { sections: vec![None; file.sections.len()], ..Layout::default() };
    for (at, segment) in SEGMENTS.into_iter().enumerate() {
        let start = layout.len;
        let mut end = start;
        let members = file.sections.iter().zip(&mut layout.sections);
        for (section, span) in members.filter(|(s, _)| s.is_loaded() && segment_of(s) == segment) {
            check(section)?;
            let start = end.next_multiple_of(section.align as usize);
            end = start + section.size as usize;
            *span = Some(Span { start, len: section.size as usize });
        }
        layout.segments[at] = Span { start, len: end - start };
        if segment == Segment::Text {
            if end == start {
                return Err(Refusal::new("no text"));
            }
            let imports = file.symbols.iter().filter(|s| s.is_undefined() && s.is_global());
            let start = end.next_multiple_of(TRAMPOLINE);
            layout.trampolines = Span { start, len: imports.count() * TRAMPOLINE };
            end = start + layout.trampolines.len;
        }
        // One page behind each that stays without access.
        layout.len = round_page(end) + PAGE;
    }
    Ok(layout)
}
