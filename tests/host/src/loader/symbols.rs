// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What imports resolve to: the host's kernel, and a way to it from where modules are.
//!
//! A function out of a module's reach, such as those of a position-independent host on amd64, is
//! called through a jump beside the module's text. A variable is copied into pages within reach. A
//! module's write to such a copy would not reach the host, so the pages are read-only. The host's
//! variables are constants.

use std::collections::BTreeMap;
use std::slice;
use std::sync::OnceLock;

use super::arena::{self, Access, Pages};
use super::place::{round_page, PAGE};
use crate::arch::machine::{trampoline, TRAMPOLINE};
use crate::export::Export;
use crate::{host_panic, kassert, kern};

/// What an import resolves to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// Its address.
    pub address: u64,
    /// It may be called, so a jump to it is as good.
    pub function: bool,
}

/// The kernel's own symbols, by name.
pub struct Kernel {
    symbols: BTreeMap<&'static str, Resolved>,
    /// The pages of the variables' copies.
    _variables: Option<Pages>,
    /// That of the jumps to what modules compare.
    _jumps: Pages,
}

/// Functions that modules compare with what the kernel keeps, so each has one address for all of
/// them: that of a jump in their reach.
const COMPARED: [&str; 1] = ["ether_input"];

/// The kernel that this program plays.
pub fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| Kernel::new(kern::exports()))
}

fn is_far(export: &Export) -> bool {
    !arena::reaches(export.address.0 as usize + export.size)
}

/// Puts jumps before the functions that modules compare. They are no functions to be called any
/// more, and nobody counts their calls.
fn jumps(symbols: &mut BTreeMap<&'static str, Resolved>) -> Pages {
    let Some(mut pages) = Pages::new(PAGE) else { host_panic!("no memory for jumps") };
    for (at, name) in COMPARED.iter().enumerate() {
        let Some(resolved) = symbols.get_mut(name) else { host_panic!("no {name}") };
        pages.write(at * TRAMPOLINE, &trampoline(resolved.address));
        let address = (pages.start() + at * TRAMPOLINE) as u64;
        *resolved = Resolved { address, function: false };
    }
    pages.protect(0, PAGE, Access::Execute);
    pages
}

impl Kernel {
    fn new(exports: impl Iterator<Item = &'static Export>) -> Kernel {
        let exports: Vec<_> = exports.collect();
        let far = exports.iter().filter(|export| export.size != 0 && is_far(export));
        let len: usize = far.map(|export| export.size.next_multiple_of(16)).sum();
        let mut variables = (len != 0).then(|| match Pages::new(round_page(len)) {
            Some(pages) => pages,
            None => host_panic!("no memory for the kernel's variables"),
        });
        let mut symbols = BTreeMap::new();
        let mut next = 0;
        for export in exports {
            let mut address = export.address.0 as u64;
            if let (true, true, Some(pages)) = (export.size != 0, is_far(export), &mut variables) {
                // SAFETY: a static of the host with that many bytes, which nobody writes.
                let bytes = unsafe { slice::from_raw_parts(address as *const u8, export.size) };
                pages.write(next, bytes);
                address = (pages.start() + next) as u64;
                next += export.size.next_multiple_of(16);
            }
            let resolved = Resolved { address, function: export.size == 0 };
            let before = symbols.insert(export.name, resolved);
            kassert!(before.is_none(), "the host exports {} twice", export.name);
        }
        let jumps = jumps(&mut symbols);
        crate::bench::gates::interpose(&mut symbols);
        if let Some(pages) = &variables {
            pages.protect(0, round_page(len), Access::Read);
        }
        Kernel { symbols, _variables: variables, _jumps: jumps }
    }

    /// Looks a symbol up.
    pub fn get(&self, name: &str) -> Option<Resolved> {
        self.symbols.get(name).copied()
    }

    /// The function at an address, for backtraces.
    pub fn name_of(&self, address: u64) -> Option<&'static str> {
        self.symbols.iter().find(|(_, r)| r.address == address).map(|(name, _)| *name)
    }
}
