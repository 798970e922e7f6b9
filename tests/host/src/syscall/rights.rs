// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! socketpair(2), and descriptors as messages: sendmsg(2) and recvmsg(2) with SCM_RIGHTS.

use std::sync::Arc;

use tap_conformance::errno::{Errno, Result};

use super::call;
use crate::kern::descrip::NativeFile;
use crate::kern::local;
use crate::kpi;
use crate::world::World;

/// socketpair(2).
pub fn socketpair(world: &mut World) -> Result<[i32; 2]> {
    call(world, |world| {
        let [one, other] = local::pair();
        let first = world.fd_install(one, kpi::FREAD | kpi::FWRITE)?;
        match world.fd_install(other, kpi::FREAD | kpi::FWRITE) {
            Ok(second) => Ok([first, second]),
            Err(error) => {
                world.fd_getfile(first)?;
                world.fd_close(first)?;
                Err(error)
            }
        }
    })
}

/// Runs `f` with what stands behind a local socket's descriptor.
fn with_socket<R>(
    world: &mut World,
    socket: i32,
    f: impl FnOnce(&mut World, &local::Local) -> Result<R>,
) -> Result<R> {
    let file = world.fd_getfile(socket)?;
    let result = local::of(world, file).and_then(|native: Arc<dyn NativeFile>| {
        native.as_local().ok_or(Errno::EINVAL).and_then(|end| f(world, end))
    });
    world.fd_putfile(socket);
    result
}

/// sendmsg(2) of a descriptor.
pub fn send_fd(world: &mut World, socket: i32, fd: i32) -> Result<()> {
    call(world, |world| {
        with_socket(world, socket, |world, end| {
            let sent = world.fd_getfile(fd)?;
            let result = end.send(world, sent);
            world.fd_putfile(fd);
            result
        })
    })
}

/// recvmsg(2) of a descriptor: its number here. EMSGSIZE, and the file is gone, when there is no
/// room for it.
pub fn receive_fd(world: &mut World, socket: i32) -> Result<i32> {
    call(world, |world| {
        with_socket(world, socket, |world, end| {
            let file = end.receive(world)?;
            let fd = world.fd_dup(file, 0, false).map_err(|_| Errno::EMSGSIZE);
            world.closef(file).unwrap_or(());
            fd
        })
    })
}
