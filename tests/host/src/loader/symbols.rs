// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What imports resolve to: the host's kernel, and a way to it from low memory.
//!
//! A function of a position-independent host lies out of a module's reach; calls then go through
//! a jump beside the module's text. A variable is copied into low pages that nobody may write: the
//! host's variables are constants, and one that a module wrote to would be a lie.

use std::collections::BTreeMap;
use std::slice;
use std::sync::OnceLock;

use super::arena::{Access, Low, LOW};
use super::place::round_page;
use crate::export::Export;
use crate::{host_panic, kassert, kern};

/// Bytes of a jump to a far function, padded.
pub const TRAMPOLINE: usize = 16;

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
    _variables: Option<Low>,
}

/// movabs $address, %r11; jmp *%r11. All argument registers and %rax, the number of vector
/// registers of a variadic call, are left alone.
pub fn trampoline(address: u64) -> [u8; TRAMPOLINE] {
    let mut code = [0xcc; TRAMPOLINE];
    code[..2].copy_from_slice(&[0x49, 0xbb]);
    code[2..10].copy_from_slice(&address.to_le_bytes());
    code[10..13].copy_from_slice(&[0x41, 0xff, 0xe3]);
    code
}

/// The kernel that this program plays.
pub fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| Kernel::new(kern::exports()))
}

fn is_far(export: &Export) -> bool {
    export.address.0 as usize + export.size > LOW
}

impl Kernel {
    fn new(exports: impl Iterator<Item = &'static Export>) -> Kernel {
        let exports: Vec<_> = exports.collect();
        let far = exports.iter().filter(|export| export.size != 0 && is_far(export));
        let len: usize = far.map(|export| export.size.next_multiple_of(16)).sum();
        let mut variables = (len != 0).then(|| match Low::new(round_page(len)) {
            Some(pages) => pages,
            None => host_panic!("no low memory for the kernel's variables"),
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
        crate::bench::gates::interpose(&mut symbols);
        if let Some(pages) = &variables {
            pages.protect(0, round_page(len), Access::Read);
        }
        Kernel { symbols, _variables: variables }
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
