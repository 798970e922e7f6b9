// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2) on a descriptor: any command, any argument. The argument ends where nothing is mapped,
//! and what is before it stays; only commands that hand out change it. The descriptor works on.

use tap_conformance::abi::FIONREAD;
use tap_conformance::user::{Out, Plain};
use tap_host::kassert;

use crate::bytes::Bytes;
use crate::machine::{machine, Machine, PID};

/// The direction bit of commands that hand out, and the longest argument that there is.
const OUT: u32 = 0x4000_0000;
const LONGEST: usize = 0x1fff;
/// Bytes before the argument that are looked at.
const GUARD: usize = 64;
const FILL: u8 = 0xa5;

/// Asks a descriptor, in whichever state it is.
pub fn run(input: &[u8]) {
    let machine = machine(false);
    machine.begin(1);
    let mut input = Bytes::new(input);
    let setup = input.byte();
    let (fd, name) = if setup & 1 != 0 { machine.node_up() } else { machine.clone_up() };
    let gone = setup & 2 != 0;
    if gone {
        machine.destroy(&name).unwrap_or_else(|error| tap_host::host_panic!("{name}: {error}"));
    }
    if setup & 4 != 0 && !gone {
        machine.set_up(&name, false).unwrap_or_else(|error| tap_host::host_panic!("{error}"));
    }
    while !input.is_empty() {
        let command = input.word();
        let len = usize::from(input.byte());
        ask(machine, fd, command, input.take(len), setup & 8 != 0);
    }
    let mut first = i32::garbage();
    let works = machine.sys.ioctl(fd, FIONREAD, Out::value(&mut first)).is_ok();
    kassert!(works != gone, "FIONREAD works: {works}, gone: {gone}");
    kassert!(!works || first == 0, "FIONREAD: {first} bytes, but nobody has sent any");
    kassert!(gone || machine.counters(&name).is_ok(), "{name} is gone");
    machine.end();
}

/// One command, whose argument begins with some bytes.
pub fn ask(machine: &Machine, fd: i32, command: u32, bytes: &[u8], own: bool) {
    let len = ((command >> 16) as usize & LONGEST).min(4096);
    let edge = machine.sys.edge();
    let start = edge - len - GUARD;
    // SAFETY: the bytes before the edge are this thread's: targets run on one.
    let memory = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, GUARD + len) };
    memory.fill(FILL);
    let count = bytes.len().min(len);
    memory[GUARD..GUARD + count].copy_from_slice(&bytes[..count]);
    if own && len >= 4 && bytes.len() < 4 {
        // Nothing else is likely to be a process that there is.
        memory[GUARD..GUARD + 4].copy_from_slice(&PID.to_ne_bytes());
    }
    let before = memory.to_vec();
    let result = machine.sys.ioctl(fd, command.into(), Out::across(edge, len, 0));
    kassert!(memory[..GUARD] == before[..GUARD], "{command:#x} wrote before its argument");
    let kept = memory == before;
    kassert!(kept || result.is_ok(), "{command:#x} failed, and changed its argument");
    kassert!(kept || command & OUT != 0, "{command:#x} changed what it only takes");
}
