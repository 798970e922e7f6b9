// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A kernel for aarch64 as a boot loader wants it: the memory that it occupies, behind the header
//! that Linux has for its own kernels (Documentation/arch/arm64/booting.rst). NetBSD's release
//! carries it as netbsd-GENERIC64.img.

use anyhow::{ensure, Context, Result};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSegment};

/// The header's length; the kernel begins with as many zeros.
const HEADER: usize = 64;
/// A branch over the header.
const BRANCH: u32 = 0x1400_0010;
const MAGIC: &[u8; 4] = b"ARM\x64";
/// How far into a block of 2 MiB, and into which, it is put.
const OFFSET: u64 = 0x20_0000;
/// Pages of 4 KiB; it may be put anywhere.
const FLAGS: u64 = 1 << 1 | 1 << 3;
/// More would be no kernel's segments, but a damaged file's.
const MOST: u64 = 256 << 20;

/// Makes one of an ELF file.
pub fn image(elf: &[u8]) -> Result<Vec<u8>> {
    let elf = ElfFile64::<Endianness>::parse(elf).context("not a 64-bit ELF file")?;
    let start = elf.segments().map(|segment| segment.address()).min().context("no segments")?;
    let mut memory = Vec::new();
    let mut end = 0;
    for segment in elf.segments() {
        let at = segment.address() - start;
        end = end.max(at.saturating_add(segment.size()));
        ensure!(end <= MOST, "its segments are {end} bytes apart");
        let (at, data) = (at as usize, segment.data()?);
        memory.resize(memory.len().max(at + data.len()), 0);
        memory[at..at + data.len()].copy_from_slice(data);
    }
    let header = memory.first_chunk_mut::<HEADER>().context("no code")?;
    ensure!(*header == [0; HEADER], "no room for a boot loader's header where the code begins");
    header[..4].copy_from_slice(&BRANCH.to_le_bytes());
    for (place, word) in header[8..32].chunks_exact_mut(8).zip([OFFSET, end, FLAGS]) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    header[56..60].copy_from_slice(MAGIC);
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::least;

    #[test]
    fn a_kernel_lies_in_memory_behind_a_header() {
        let elf = least::aarch64("11.0");
        let image = image(&elf).unwrap();
        let word = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
        assert_eq!((word(0), word(8), word(24)), (0x1400_0010, 0x20_0000, 10));
        assert_eq!(&image[56..64], b"ARM\x64\0\0\0\0");
        assert!(image[HEADER..].starts_with(least::CODE));
        // The memory that it wants, with what is zero at its end and not in the file.
        assert_eq!(
            word(16),
            (least::DATA + least::ZEROS) as u64 + least::data("11.0").len() as u64
        );
        assert!(image[least::DATA..].starts_with(&least::data("11.0")));
    }

    #[test]
    fn what_is_no_kernel_makes_none() {
        assert!(image(b"\x7fELF").is_err());
        let mut elf = least::aarch64("11.0");
        let at = elf.windows(least::CODE.len()).position(|part| part == least::CODE).unwrap();
        elf[at - 1] = 1;
        let said = image(&elf).unwrap_err().to_string();
        assert!(said.contains("no room for a boot loader's header"), "{said}");
    }
}
