// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) and write(2) and their vector forms, as sys/kern/sys_generic.c has them.

use tap_conformance::errno::{Errno, Result};

use super::call;
use crate::kern::descrip::{opened_for, File};
use crate::kern::errno::ERESTART;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// IOV_MAX.
const MOST_SPANS: usize = 1024;

/// read(2) into one span of address and length, readv(2) into several. Bytes read; 0 at the end of
/// the file.
pub fn read(world: &mut World, fd: i32, spans: &[(usize, usize)]) -> Result<usize> {
    call(world, |world| transfer(world, fd, spans, true))
}

/// write(2) from one span of address and length, writev(2) from several. Bytes written.
pub fn write(world: &mut World, fd: i32, spans: &[(usize, usize)]) -> Result<usize> {
    call(world, |world| transfer(world, fd, spans, false))
}

fn transfer(world: &mut World, fd: i32, spans: &[(usize, usize)], reads: bool) -> Result<usize> {
    if spans.is_empty() || spans.len() > MOST_SPANS {
        return Err(Errno::EINVAL);
    }
    let file = world.fd_getfile(fd)?;
    let result = opened_for(file, if reads { kpi::FREAD } else { kpi::FWRITE })
        .and_then(|()| Request::new(spans, reads))
        .and_then(|mut request| move_bytes(world, file, &mut request, reads));
    world.fd_putfile(fd);
    result
}

/// What was interrupted after a part is that part.
fn move_bytes(world: &mut World, file: File, request: &mut Request, reads: bool) -> Result<usize> {
    let result = if reads { world.fo_read(file, request) } else { world.fo_write(file, request) };
    let moved = request.moved();
    match result {
        Ok(()) => Ok(moved),
        Err(ERESTART | Errno::EINTR | Errno::EAGAIN) if moved != 0 => Ok(moved),
        Err(error) => Err(error),
    }
}
