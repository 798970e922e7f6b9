// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2), as sys/kern/sys_generic.c has it, and fstat(2). The command says how much is copied,
//! and which way; what a command only hands out begins as zeros, what it takes is the user's.

use tap_conformance::errno::{Errno, Result};

use super::call;
use crate::kassert;
use crate::kern::descrip::{opened_for, File};
use crate::kern::errno::EPASSTHROUGH;
use crate::kpi;
use crate::world::World;

/// What uninitialised kernel memory is full of.
const RUBBISH: u64 = 0xa5a5_a5a5_a5a5_a5a5;
/// Words before and behind the argument that nobody may write. AddressSanitizer guards it itself,
/// against reads too.
const GUARD: usize = if cfg!(asan) { 0 } else { 4 };

const FIOCLEX: u64 = kpi::FIOCLEX as u64;
const FIONCLEX: u64 = kpi::FIONCLEX as u64;
const FIONBIO: u64 = kpi::FIONBIO as u64;
const FIOASYNC: u64 = kpi::FIOASYNC as u64;

/// The kernel's copy of an argument, aligned as any structure wants it.
struct Argument {
    words: Vec<u64>,
    len: usize,
}

impl Argument {
    fn new(len: usize) -> Argument {
        Argument { words: vec![RUBBISH; len.div_ceil(8) + 2 * GUARD], len }
    }

    fn bytes(&mut self) -> &mut [u8] {
        let start = self.words[GUARD..].as_mut_ptr().cast();
        // SAFETY: the words are longer than that, and any bytes are words.
        unsafe { std::slice::from_raw_parts_mut(start, self.len) }
    }

    /// Everything but the argument, the bytes that its last word has beyond it among that, is as
    /// it was.
    fn check(&self, command: u64) {
        let (before, rest) = self.words.split_at(GUARD);
        let (argument, behind) = rest.split_at(self.len.div_ceil(8));
        let beyond = match (argument.last(), self.len % 8) {
            (Some(last), used @ 1..) => (u64::from_le(*last) ^ RUBBISH) >> (8 * used),
            _ => 0,
        };
        let same = beyond == 0 && before.iter().chain(behind).all(|word| *word == RUBBISH);
        kassert!(same, "the ioctl {command:#x} wrote beyond its argument");
    }
}

/// ioctl(2): `address` is the argument's.
pub fn ioctl(world: &mut World, fd: i32, command: u64, address: usize) -> Result<i32> {
    call(world, |world| {
        let file = world.fd_getfile(fd)?;
        let result = opened_for(file, kpi::FREAD | kpi::FWRITE).and_then(|()| match command {
            FIOCLEX | FIONCLEX => {
                world.fd_set_exclose(fd, command == FIOCLEX);
                Ok(())
            }
            _ => with_argument(world, file, command, address),
        });
        world.fd_putfile(fd);
        match result {
            Ok(()) => Ok(0),
            Err(EPASSTHROUGH) => Err(Errno::ENOTTY),
            Err(error) => Err(error),
        }
    })
}

fn with_argument(world: &mut World, file: File, command: u64, address: usize) -> Result<()> {
    let has = |direction: u32| command & u64::from(direction) != 0;
    let size = (command >> kpi::IOCPARM_SHIFT) as usize & kpi::IOCPARM_MASK as usize;
    if size > kpi::IOCPARM_MAX as usize {
        return Err(Errno::ENOTTY);
    }
    // Without a direction or a size the argument is the address itself.
    let bare = address.to_ne_bytes();
    let mut argument = Argument::new(if size == 0 { bare.len() } else { size });
    if has(kpi::IOC_IN) && size != 0 {
        world.copyin(address, argument.bytes())?;
    } else if has(kpi::IOC_OUT) && size != 0 {
        argument.bytes().fill(0);
    } else {
        let room = argument.bytes();
        let len = room.len().min(bare.len());
        room[..len].copy_from_slice(&bare[..len]);
    }
    let result = perform(world, file, command, &mut argument);
    argument.check(command);
    let given_back = has(kpi::IOC_OUT) && size != 0 && command != FIONBIO && command != FIOASYNC;
    if result.is_ok() && given_back {
        world.copyout(argument.bytes(), address)?;
    }
    result
}

/// FIONBIO and FIOASYNC are the file's flags, of which what stands behind it is told.
fn perform(world: &mut World, file: File, command: u64, argument: &mut Argument) -> Result<()> {
    let flag = match command {
        FIONBIO => kpi::FNONBLOCK,
        FIOASYNC => kpi::FASYNC,
        _ => return world.fo_ioctl(file, command, argument.bytes()),
    };
    let on = argument.bytes().iter().any(|byte| *byte != 0);
    file.change_flags(flag, if on { flag } else { 0 });
    world.fo_ioctl(file, command, argument.bytes())
}

/// fstat(2) into the 152 bytes at an address.
pub fn fstat(world: &mut World, fd: i32, address: usize) -> Result<()> {
    call(world, |world| {
        let file = world.fd_getfile(fd)?;
        // SAFETY: integers, for which all zeros is a value.
        let mut stat: kpi::stat = unsafe { std::mem::zeroed() };
        let result = world.fo_stat(file, &mut stat);
        world.fd_putfile(fd);
        result?;
        let start = std::ptr::from_ref(&stat).cast();
        // SAFETY: the span is that of the value, and every byte of it was written.
        let bytes = unsafe { std::slice::from_raw_parts(start, size_of::<kpi::stat>()) };
        world.copyout(bytes, address)
    })
}
