// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! System calls about files, processes and signals, one function each, made by the calling thread
//! for its process. Addresses are those of user memory, which need not be mapped. An error is what
//! the user program finds in errno.

mod fcntl;
mod ioctl;
mod kevent;
mod open;
mod poll;
mod process;
mod rights;
mod transfer;

pub use fcntl::{dup2, fcntl};
pub use ioctl::{fstat, ioctl};
pub use kevent::{kevent, kqueue};
pub use open::{bind, chown, close, connect, mknod, open, revoke, socket, unlink};
pub use poll::{poll, select_read};
pub use process::{fork, kill, limit_open_files, reap, seteuid, sigio_take, sigio_watch, sleep_ms};
pub use rights::{receive_fd, send_fd, socketpair};
pub use transfer::{read, write};

use tap_conformance::errno::Result;

use crate::kern::errno::ERESTART;
use crate::world::World;

/// Runs a system call's work, and on the way back to the user delivers signals; the work is done
/// again when it says ERESTART.
fn call<R>(world: &mut World, mut work: impl FnMut(&mut World) -> Result<R>) -> Result<R> {
    loop {
        let result = work(world);
        world.userret();
        match result {
            Err(error) if error == ERESTART => {}
            result => return result,
        }
    }
}
