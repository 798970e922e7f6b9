// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Memory where modules can be placed: their code reaches only so far, see [`cpu`].
//!
//! It comes from mmap(2) where the processor's part says how. Elsewhere, and where that fails, as
//! under valgrind, it comes from a static array, which on amd64 lies low enough in a program that
//! is not position-independent.
//!
//! What is given back loses all access but stays reserved for a while, so that whoever returns
//! into a module that is gone faults, and can be told so.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use super::place::PAGE;
use crate::arch::cpu;
use crate::{host_panic, kassert};

/// Bytes of the array behind mmap.
const STATIC: usize = 64 << 20;
/// How many images that are gone keep their addresses.
pub const GRAVEYARD: usize = 512;

#[repr(align(4096))]
struct Backing(UnsafeCell<[u8; STATIC]>);

// SAFETY: handed out in pieces that do not overlap, each to one owner.
unsafe impl Sync for Backing {}

static BACKING: Backing = Backing(UnsafeCell::new([0; STATIC]));

/// What the static array still has, and which pieces are dead.
struct State {
    used: usize,
    dead: VecDeque<(usize, usize)>,
}

static STATE: Mutex<State> = Mutex::new(State { used: 0, dead: VecDeque::new() });

/// What may be done with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// Read and execute.
    Execute,
}

impl Access {
    fn bits(self) -> libc::c_int {
        match self {
            Access::None => libc::PROT_NONE,
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
            Access::Execute => libc::PROT_READ | libc::PROT_EXEC,
        }
    }
}

/// Whole pages where modules can be placed.
#[derive(Debug)]
pub struct Pages {
    start: usize,
    len: usize,
}

impl Pages {
    /// Reserves `len` bytes, a multiple of the page, zeroed and writable. `None` when there is
    /// no room.
    pub fn new(len: usize) -> Option<Pages> {
        kassert!(len != 0 && len.is_multiple_of(PAGE), "arena: {len} bytes are no whole pages");
        cpu::mapped(len).or_else(|| array(len)).map(|start| Pages { start, len })
    }

    /// Where it begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Copies bytes to an offset.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        kassert!(at + bytes.len() <= self.len, "arena: {at}+{} of {}", bytes.len(), self.len);
        let to = (self.start + at) as *mut u8;
        // SAFETY: inside of these pages, which are this value's alone and writable until
        // `protect` is called.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Sets what may be done with whole pages.
    pub fn protect(&self, at: usize, len: usize, access: Access) {
        kassert!(at.is_multiple_of(PAGE) && at + len <= self.len, "arena: protects {at}+{len}");
        protect(self.start + at, len, access);
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        protect(self.start, self.len, Access::None);
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        state.dead.push_back((self.start, self.len));
        if state.dead.len() > GRAVEYARD {
            if let Some((start, len)) = state.dead.pop_front() {
                if !is_array(start) {
                    // SAFETY: mapped by `cpu::mapped` with that length, and dead since long.
                    unsafe { libc::munmap(start as *mut libc::c_void, len) };
                }
            }
        }
    }
}

fn protect(start: usize, len: usize, access: Access) {
    if len == 0 {
        return;
    }
    // SAFETY: whole pages of the arena; what was there is not Rust's.
    let result = unsafe { libc::mprotect(start as *mut libc::c_void, len, access.bits()) };
    kassert!(result == 0, "mprotect: {}", std::io::Error::last_os_error());
    if access == Access::Execute {
        cpu::synchronise(start, len);
    }
}

/// Whether code that is placed here can address what ends at `address`.
pub fn reaches(address: usize) -> bool {
    cpu::reaches(backing(), address)
}

fn backing() -> usize {
    BACKING.0.get() as usize
}

fn is_array(start: usize) -> bool {
    (backing()..backing() + STATIC).contains(&start)
}

/// A piece of the static array: fresh, or a dead one of the same length.
fn array(len: usize) -> Option<usize> {
    if !reaches(backing() + STATIC) {
        return None;
    }
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if state.used + len <= STATIC {
        let start = backing() + state.used;
        state.used += len;
        protect(start, len, Access::Write);
        return Some(start);
    }
    let at = state.dead.iter().position(|&(start, had)| had == len && is_array(start))?;
    let Some((start, _)) = state.dead.remove(at) else { host_panic!("arena: {at}") };
    protect(start, len, Access::Write);
    // SAFETY: a piece of the array that nobody has.
    unsafe { ptr::write_bytes(start as *mut u8, 0, len) };
    Some(start)
}
