// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Names for addresses in modules, those that are gone among them, and backtraces through them.
//!
//! A module has no unwind tables, but it keeps its frame pointers: one synthetic entry for all of
//! its text says so to the unwinder, so that a backtrace goes on to who called the module.

use std::ffi::c_void;
use std::fmt::{self, Display, Formatter, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use backtrace::SymbolName;
use object::elf;

use super::arena::GRAVEYARD;
use super::elf::Symbol;
use super::symbols::kernel;
use crate::arch::machine::{FRAME_POINTER, RETURN_ADDRESS};

/// One module that is or was loaded.
struct Entry {
    id: u64,
    name: String,
    span: Range<usize>,
    live: bool,
    /// Address, length and name of each function.
    functions: Vec<(u64, u64, String)>,
    /// What the unwinder knows of its text.
    frames: Option<Frames>,
}

/// Through how many modules that are gone backtraces go on.
const UNWOUND: usize = 4;

struct State {
    next: u64,
    entries: Vec<Entry>,
}

static STATE: Mutex<State> = Mutex::new(State { next: 0, entries: Vec::new() });

/// A module's stay in memory. Dropped, its name stays as long as its addresses are not used again.
pub struct Registration(u64);

/// Makes a module known to backtraces.
pub(super) fn register(
    name: &str,
    span: Range<usize>,
    text: Range<usize>,
    symbols: &[Symbol],
) -> Registration {
    let functions = symbols.iter().filter(|symbol| symbol.kind == elf::STT_FUNC);
    let mut functions: Vec<_> = functions
        .filter(|symbol| text.contains(&(symbol.value as usize)))
        .map(|symbol| (symbol.value, symbol.size, symbol.name.clone()))
        .collect();
    functions.sort_unstable();
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.next += 1;
    let id = state.next;
    let frames = Some(Frames::new(&text));
    state.entries.push(Entry { id, name: name.into(), span, live: true, functions, frames });
    Registration(id)
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = state.entries.iter_mut().find(|entry| entry.id == self.0) {
            entry.live = false;
        }
        let gone = state.entries.iter().filter(|entry| !entry.live).count();
        // The unwinder looks for each caller in the text of one module after the other.
        let dead = state.entries.iter_mut().rev().filter(|entry| !entry.live);
        dead.skip(UNWOUND).for_each(|entry| entry.frames = None);
        if gone > GRAVEYARD {
            if let Some(oldest) = state.entries.iter().position(|entry| !entry.live) {
                state.entries.remove(oldest);
            }
        }
    }
}

/// The functions of the module that has the address: each one's own, its length and its name.
pub fn functions(of: u64) -> Vec<(u64, u64, String)> {
    let state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = state.entries.iter().find(|entry| entry.span.contains(&(of as usize)));
    entry.map(|entry| entry.functions.clone()).unwrap_or_default()
}

/// What an address in a module is, as "if_tap_rs: tap_rs_init+0x12".
pub fn symbolise(address: usize) -> Option<String> {
    // Never waits: who asks may have been interrupted anywhere.
    let state = STATE.try_lock().ok()?;
    let entry = state.entries.iter().rev().find(|entry| entry.span.contains(&address))?;
    let mut text = entry.name.clone();
    if !entry.live {
        text += " (unloaded)";
    }
    let before = entry.functions.partition_point(|(start, ..)| *start <= address as u64);
    let function = before.checked_sub(1).map(|at| &entry.functions[at]);
    let _ = match function {
        Some((start, len, name)) if address as u64 <= start + len => {
            let name = SymbolName::new(name.as_bytes());
            write!(text, ": {name:#}+{:#x}", address as u64 - start)
        }
        _ => write!(text, "+{:#x}", address - entry.span.start),
    };
    Some(text)
}

/// How many callers a backtrace has.
const DEPTH: usize = 96;

/// Where a thread was: its return addresses, the innermost first. They are put into words only when
/// somebody wants to read them.
pub struct Callers(Vec<usize>);

impl Callers {
    /// The calling thread's, no more than so many: it takes time to find each.
    pub fn innermost(most: usize) -> Callers {
        let mut addresses = Vec::with_capacity(most);
        backtrace::trace(|frame| {
            addresses.push(frame.ip() as usize);
            addresses.len() < most
        });
        Callers(addresses)
    }
}

/// A line for each, or more where functions were inlined.
impl Display for Callers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, address) in self.0.iter().enumerate() {
            match symbolise(*address) {
                Some(name) => writeln!(f, "{number:4}: {address:#x} {name}")?,
                None => f.write_str(&describe(*address, number))?,
            }
        }
        Ok(())
    }
}

/// The calling thread's backtrace, with the modules' functions in it.
pub fn backtrace() -> String {
    Callers::innermost(DEPTH).to_string()
}

/// What an address outside of modules is.
fn describe(address: usize, number: usize) -> String {
    let mut text = String::new();
    backtrace::resolve(address as *mut c_void, |symbol| {
        let name = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
        let _ = write!(text, "{number:4}: {name}");
        if let (Some(file), Some(line)) = (symbol.filename(), symbol.lineno()) {
            let _ = write!(text, " at {}:{line}", file.display());
        }
        text.push('\n');
    });
    if text.is_empty() {
        let name = kernel().name_of(address as u64).unwrap_or("?");
        text = format!("{number:4}: {address:#x} {name}\n");
    }
    text
}

unsafe extern "C" {
    fn __register_frame(begin: *const u8);
    fn __deregister_frame(begin: *const u8);
}

/// The unwind entry of a module's text.
struct Frames {
    /// A CIE, an FDE and the end marker; boxed, because the unwinder keeps the address.
    section: Box<[u8]>,
}

impl Frames {
    fn new(text: &Range<usize>) -> Frames {
        let mut section = Vec::new();
        // Version 1, augmentation "", code alignment 1, data alignment -8, and which register the
        // return address is. The frame's address is 16 above where the frame pointer points; the
        // return address lies 8 below it, the caller's frame pointer 16 below. On aarch64 the
        // frame's true address may be higher: callers have to be found by their frame pointers.
        let cie: [&[u8]; 3] = [
            &[0, 0, 0, 0, 1, 0, 1, 0x78, RETURN_ADDRESS],
            &[elf_cfa::DEF_CFA, FRAME_POINTER, 16],
            &[elf_cfa::OFFSET | RETURN_ADDRESS, 1, elf_cfa::OFFSET | FRAME_POINTER, 2],
        ];
        entry(&mut section, &cie.concat());
        // The distance back to the CIE, from the field that says it.
        let back = section.len() as u32 + 4;
        let mut fde = back.to_le_bytes().to_vec();
        fde.extend_from_slice(&(text.start as u64).to_le_bytes());
        fde.extend_from_slice(&(text.len() as u64).to_le_bytes());
        entry(&mut section, &fde);
        section.extend_from_slice(&[0; 4]);
        let section = section.into_boxed_slice();
        // SAFETY: a well-formed section that stays where it is until it is deregistered.
        unsafe { __register_frame(section.as_ptr()) };
        Frames { section }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // SAFETY: registered by `new`.
        unsafe { __deregister_frame(self.section.as_ptr()) };
    }
}

/// DWARF's call frame instructions, as far as used.
mod elf_cfa {
    pub const DEF_CFA: u8 = 0x0c;
    pub const OFFSET: u8 = 0x80;
}

/// Appends one entry of .eh_frame: its length, then its bytes, padded with DW_CFA_nop.
fn entry(section: &mut Vec<u8>, bytes: &[u8]) {
    let len = bytes.len().next_multiple_of(8) + 4;
    section.extend_from_slice(&(len as u32).to_le_bytes());
    section.extend_from_slice(bytes);
    section.resize(section.len() + len - bytes.len(), 0);
}
