// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How many bytes the kernel's loader would wire for a module, and where its code goes.

use object::elf;
use object::{Object, ObjectSymbol, SymbolKind};

use crate::code;
use crate::Module;

/// Bytes of all sections that the loader loads.
pub fn loaded(module: &Module<'_>) -> u64 {
    let endian = module.endian();
    module
        .sections()
        .map(|section| section.elf_section_header())
        .filter(|header| {
            let kind = header.sh_type.get(endian);
            kind == elf::SHT_PROGBITS || kind == elf::SHT_NOBITS
        })
        .map(|header| header.sh_size.get(endian))
        .sum()
}

/// One line about a module.
pub fn summary(data: &[u8]) -> String {
    match Module::parse(data) {
        Ok(module) => {
            let functions = code::functions(&module).len();
            let imports = module.symbols().filter(|symbol| symbol.is_undefined()).count();
            format!("{} bytes loaded, {functions} functions, {imports} imports", loaded(&module))
        }
        Err(error) => error.to_string(),
    }
}

/// Prints the loaded size and the functions by size. Returns whether it failed.
pub fn report(file: &str, data: &[u8]) -> bool {
    let module = match Module::parse(data) {
        Ok(module) => module,
        Err(error) => {
            eprintln!("{file}: {error}");
            return true;
        }
    };
    println!("{file}: {} bytes loaded", loaded(&module));
    let mut functions: Vec<(u64, &str)> = module
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
        .map(|symbol| (symbol.size(), symbol.name().unwrap_or("?")))
        .collect();
    functions.sort_unstable_by(|left, right| right.cmp(left));
    for (size, name) in functions {
        println!("{size:8} {name}");
    }
    false
}
