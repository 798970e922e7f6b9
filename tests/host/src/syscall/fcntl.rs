// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! fcntl(2) and dup2(2), as sys/kern/sys_descrip.c has them.

use tap_conformance::abi::FD_CLOEXEC;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::user::Plain;

use super::call;
use crate::kern::descrip::File;
use crate::kpi;
use crate::world::World;

/// fcntl(2) with an integer argument; its value.
pub fn fcntl(world: &mut World, fd: i32, command: i32, argument: usize) -> Result<i32> {
    call(world, |world| {
        if command as u32 == kpi::F_CLOSEM {
            if fd < 0 {
                return Err(Errno::EBADF);
            }
            world.fd_close_from(fd);
            return Ok(0);
        }
        let file = world.fd_getfile(fd)?;
        let result = perform(world, fd, file, command as u32, argument);
        world.fd_putfile(fd);
        result
    })
}

fn perform(world: &mut World, fd: i32, file: File, command: u32, argument: usize) -> Result<i32> {
    match command {
        kpi::F_DUPFD => match i32::try_from(argument) {
            Ok(want) => world.fd_dup(file, want, false),
            Err(_) => Err(Errno::EINVAL),
        },
        kpi::F_GETFD => Ok(i32::from(world.fd_exclose(fd))),
        kpi::F_SETFD => {
            world.fd_set_exclose(fd, argument & FD_CLOEXEC as usize != 0);
            Ok(0)
        }
        // OFLAGS: one less is O_RDONLY, O_WRONLY or O_RDWR.
        kpi::F_GETFL => Ok(file.flags().wrapping_sub(1) as i32),
        kpi::F_SETFL => set_flags(world, file, argument as u32).map(|()| 0),
        kpi::F_GETOWN => {
            let mut owner = i32::garbage();
            world.fo_ioctl(file, u64::from(kpi::FIOGETOWN), owner.as_bytes_mut())?;
            Ok(owner)
        }
        kpi::F_SETOWN => {
            let mut owner = argument as i32;
            world.fo_ioctl(file, u64::from(kpi::FIOSETOWN), owner.as_bytes_mut()).map(|()| 0)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// Tells what stands behind the file of the two flags that concern it, and takes back what it was
/// told before when it refuses.
fn set_flags(world: &mut World, file: File, flags: u32) -> Result<()> {
    let new = flags.wrapping_add(1) & kpi::FCNTLFLAGS;
    world.fo_fcntl(file, kpi::F_SETFL, &mut (new as i32))?;
    let old = file.flags();
    let changed = new ^ old;
    if changed & kpi::FNONBLOCK != 0 {
        if let Err(error) = tell(world, file, kpi::FIONBIO, new & kpi::FNONBLOCK) {
            // The first error is the answer.
            world.fo_fcntl(file, kpi::F_SETFL, &mut (old as i32)).unwrap_or(());
            return Err(error);
        }
    }
    if changed & kpi::FASYNC != 0 {
        if let Err(error) = tell(world, file, kpi::FIOASYNC, new & kpi::FASYNC) {
            if changed & kpi::FNONBLOCK != 0 {
                tell(world, file, kpi::FIONBIO, old & kpi::FNONBLOCK).unwrap_or(());
            }
            world.fo_fcntl(file, kpi::F_SETFL, &mut (old as i32)).unwrap_or(());
            return Err(error);
        }
    }
    file.change_flags(kpi::FCNTLFLAGS, new);
    Ok(())
}

fn tell(world: &mut World, file: File, command: u32, mut value: u32) -> Result<()> {
    world.fo_ioctl(file, u64::from(command), value.as_bytes_mut())
}

/// dup2(2): the new descriptor.
pub fn dup2(world: &mut World, from: i32, to: i32) -> Result<i32> {
    call(world, |world| world.dodup(from, to))
}
