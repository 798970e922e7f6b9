// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Sequences of calls, as bytes: for each call its number and the thread that makes it, then what
//! it is given.

use tap_conformance::abi::{
    FIOASYNC, FIOGETOWN, FIONBIO, FIONREAD, FIOSETOWN, F_GETFL, F_GETOWN, F_SETFL, O_ASYNC,
    O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, TAPGIFNAME, TAPGTRANSIENT, TAPSTRANSIENT,
    TIOCGPGRP, TIOCSPGRP, UNKNOWN_IOCTL,
};

use crate::bytes::Bytes;
use crate::machine::UNITS;

/// Threads at most.
pub const THREADS: usize = 4;
/// Where descriptors are put, for every thread to use.
pub const SLOTS: usize = 6;

/// What is asked of a descriptor by ioctl(2).
const COMMANDS: [u64; 11] = [
    FIONREAD,
    FIONBIO,
    FIOASYNC,
    FIOSETOWN,
    FIOGETOWN,
    TIOCSPGRP,
    TIOCGPGRP,
    TAPGIFNAME,
    UNKNOWN_IOCTL,
    TAPSTRANSIENT,
    TAPGTRANSIENT,
];
const MODES: [i32; 3] = [O_RDWR, O_RDONLY, O_WRONLY];

/// One call; a unit is below [`UNITS`], a slot below [`SLOTS`].
#[derive(Clone, Debug)]
pub enum Call {
    /// ifconfig create.
    Create(u32),
    /// ifconfig destroy.
    Destroy(u32),
    /// ifconfig up or down.
    Up(u32, bool),
    /// ifconfig mtu.
    Mtu(u32, u16),
    /// SIOCSIFPHYADDR.
    Address(u32, [u8; 6]),
    /// An IPv4 address, which has the stack send.
    Inet(u32, u8),
    /// open(2) of a node, or without a unit of the cloning one: slot and flags.
    Open(Option<u32>, usize, i32),
    /// close(2).
    Close(usize),
    /// dup2(2) to a slot of its own.
    Dup(usize, usize),
    /// read(2) or readv(2): how many bytes, and where they are cut.
    Read(usize, u16, u8),
    /// write(2) or writev(2).
    Write(usize, Vec<u8>, u8),
    /// ioctl(2).
    Ioctl(usize, u64, i32),
    /// poll(2): events, milliseconds.
    Poll(usize, i16, u8),
    /// select(2).
    Select(usize, u8),
    /// A kqueue(2) with a knote: filter, flags, milliseconds.
    Knote(usize, u32, u32, u8),
    /// fcntl(2).
    Fcntl(usize, i32, usize),
    /// fstat(2).
    Stat(usize),
    /// revoke(2) of a node.
    Revoke(u32),
    /// The address by sysctl(3), read and, with a text, written.
    Sysctl(u32, Vec<u8>),
    /// Unloading the module, which is in use.
    Unload,
    /// Nothing, for a while.
    Sleep(u8),
    /// The n-th allocation from now on fails.
    FailAllocation(u8),
    /// The n-th byte from now on that is copied faults.
    FailCopy(u16),
    /// A signal comes before the n-th sleep from now on.
    Interrupt(u8),
}

/// What each thread does.
pub fn parse(mut input: Bytes<'_>) -> [Vec<Call>; THREADS] {
    let mut threads: [Vec<Call>; THREADS] = Default::default();
    while !input.is_empty() {
        let number = input.byte();
        let call = call(number & 0x1f, &mut input);
        threads[usize::from(number >> 6) % THREADS].push(call);
    }
    threads
}

fn unit(input: &mut Bytes<'_>) -> u32 {
    u32::from(input.byte()) % UNITS
}

fn slot(input: &mut Bytes<'_>) -> usize {
    usize::from(input.byte()) % SLOTS
}

fn open(unit: Option<u32>, input: &mut Bytes<'_>) -> Call {
    let (slot, bits) = (slot(input), input.byte());
    let mut flags = MODES[usize::from(bits & 3) % MODES.len()];
    // Few wait, lest all threads sleep.
    flags |= if bits & 0x0c == 0x0c { 0 } else { O_NONBLOCK };
    flags |= if bits & 0x10 != 0 { O_CLOEXEC } else { 0 };
    Call::Open(unit, slot, flags)
}

fn fcntl(input: &mut Bytes<'_>) -> Call {
    let (slot, bits) = (slot(input), input.byte());
    match bits & 3 {
        0 => Call::Fcntl(slot, F_GETFL, 0),
        1 => Call::Fcntl(slot, F_GETOWN, 0),
        _ => {
            let wait = if bits & 4 != 0 { 0 } else { O_NONBLOCK };
            let signal = if bits & 8 != 0 { O_ASYNC } else { 0 };
            Call::Fcntl(slot, F_SETFL, (wait | signal) as usize)
        }
    }
}

fn call(number: u8, input: &mut Bytes<'_>) -> Call {
    match number {
        0 => Call::Create(unit(input)),
        1 => Call::Destroy(unit(input)),
        2 | 3 => Call::Up(unit(input), number == 2),
        4 => Call::Mtu(unit(input), input.half()),
        5 => {
            let (unit, mut address) = (unit(input), [0; 6]);
            address.fill_with(|| input.byte());
            Call::Address(unit, address)
        }
        6 => Call::Inet(unit(input), input.byte()),
        7 | 8 => {
            let unit = unit(input);
            open(Some(unit), input)
        }
        9 | 10 => open(None, input),
        11 => Call::Close(slot(input)),
        12 => Call::Dup(slot(input), slot(input)),
        13 | 14 => Call::Read(slot(input), input.half() % 9200, input.byte()),
        15 | 16 => {
            let (slot, cut, len) = (slot(input), input.byte(), input.byte());
            Call::Write(slot, input.take(usize::from(len)).to_vec(), cut)
        }
        17 | 18 => {
            let command = COMMANDS[usize::from(input.byte()) % COMMANDS.len()];
            Call::Ioctl(slot(input), command, i32::from(input.byte() as i8))
        }
        19 => Call::Poll(slot(input), i16::from(input.byte()), input.byte()),
        20 => Call::Select(slot(input), input.byte()),
        21 | 22 => {
            let (filter, flags) = (input.byte(), input.byte());
            Call::Knote(slot(input), u32::from(filter % 4), u32::from(flags & 0x3f), input.byte())
        }
        23 => fcntl(input),
        24 => Call::Stat(slot(input)),
        25 => Call::Revoke(unit(input)),
        26 => {
            let (unit, len) = (unit(input), input.byte());
            Call::Sysctl(unit, input.take(usize::from(len % 24)).to_vec())
        }
        27 => Call::Unload,
        28 => Call::Sleep(input.byte()),
        29 => Call::FailAllocation(input.byte()),
        30 => Call::FailCopy(input.half()),
        _ => Call::Interrupt(input.byte()),
    }
}
