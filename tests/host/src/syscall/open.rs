// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Names and descriptors, as sys/kern/vfs_syscalls.c and sys_descrip.c have them.

use std::ffi::CStr;

use tap_conformance::errno::{Errno, Result};

use super::call;
use crate::kern::descrip::NativeFile;
use crate::kern::errno::{errno, ERESTART};
use crate::kern::spec::Opened;
use crate::kpi;
use crate::world::World;

/// open(2) of a device node; `flags` are NetBSD's.
pub fn open(world: &mut World, path: &CStr, flags: i32) -> Result<i32> {
    call(world, |world| do_open(world, path, flags))
}

fn do_open(world: &mut World, path: &CStr, flags: i32) -> Result<i32> {
    // FFLAGS: one more is FREAD, FWRITE or both.
    let flags = (flags as u32).wrapping_add(1);
    if flags & (kpi::FREAD | kpi::FWRITE) == 0 {
        return Err(Errno::EINVAL);
    }
    let (file, fd) = world.fd_allocfile()?;
    match world.vn_open(path, flags) {
        Err(error) => {
            world.fd_abort(Some(file), fd);
            Err(error)
        }
        Ok(Opened::Moved(old)) => {
            world.fd_abort(Some(file), fd);
            world.fd_move(old)
        }
        Ok(Opened::Node(native)) => {
            world.become_native(file, native, flags);
            world.fd_set_exclose(fd, flags & kpi::O_CLOEXEC != 0);
            world.fd_affix(file, fd);
            Ok(fd)
        }
    }
}

/// close(2).
pub fn close(world: &mut World, fd: i32) -> Result<()> {
    call(world, |world| {
        world.fd_getfile(fd)?;
        // The descriptor is gone, so there is nothing to be made again.
        world.fd_close(fd).map_err(|error| if error == ERESTART { Errno::EINTR } else { error })
    })
}

/// mknod(2) of a character device.
pub fn mknod(world: &mut World, path: &CStr, mode: u32, dev: u64) -> Result<()> {
    call(world, |world| world.make_node(path, mode, dev))
}

/// chown(2), to a user and his group of the same number.
pub fn chown(world: &mut World, path: &CStr, id: u32) -> Result<()> {
    call(world, |world| world.give_node(path, id))
}

/// unlink(2).
pub fn unlink(world: &mut World, path: &CStr) -> Result<()> {
    call(world, |world| world.remove_node(path))
}

/// revoke(2).
pub fn revoke(world: &mut World, path: &CStr) -> Result<()> {
    call(world, |world| world.revoke(path))
}

/// The longest address that a socket takes: SOCK_MAXADDRLEN.
const MOST_ADDRESS: usize = 255;

/// Runs `f` with what stands behind a descriptor and an address in user memory.
fn with_address(
    world: &mut World,
    fd: i32,
    sockaddr: (usize, usize),
    f: fn(&dyn NativeFile, &mut World, &[u8]) -> Result<()>,
) -> Result<()> {
    call(world, |world| {
        let (address, len) = sockaddr;
        if len > MOST_ADDRESS {
            return Err(errno(kpi::ENAMETOOLONG));
        }
        let mut bytes = vec![0; len];
        world.copyin(address, &mut bytes)?;
        let file = world.fd_getfile(fd)?;
        let result = match world.native_of(file) {
            Some(native) => f(&*native, world, &bytes),
            None => Err(errno(kpi::ENOTSOCK)),
        };
        world.fd_putfile(fd);
        result
    })
}

/// bind(2), to an address in user memory and its length.
pub fn bind(world: &mut World, fd: i32, sockaddr: (usize, usize)) -> Result<()> {
    with_address(world, fd, sockaddr, |native, world, address| native.bind(world, address))
}

/// connect(2), to an address in user memory and its length.
pub fn connect(world: &mut World, fd: i32, sockaddr: (usize, usize)) -> Result<()> {
    with_address(world, fd, sockaddr, |native, world, address| native.connect(world, address))
}

/// socket(2).
pub fn socket(world: &mut World, domain: i32, kind: i32, _protocol: i32) -> Result<i32> {
    call(world, |world| {
        let native = crate::kern::net::socket::socket(domain, kind)?;
        world.fd_install(native, kpi::FREAD | kpi::FWRITE)
    })
}
