// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Pairs of AF_LOCAL sockets, as sys/kern/uipc_usrreq.c has them, as far as they pass descriptors.
//! A file on its way is referred to by its message alone when its sender has closed it. One that
//! nobody received is let go of by a thread of the kernel's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tap_conformance::errno::{Errno, Result};

use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::{check, errno};
use crate::kpi;
use crate::sched::{chan, spawn, Chan, Sleep, Woken, KERNEL};
use crate::world::{enter, World};

/// Where the thread waits that lets go of files.
const WORK: Chan = Chan { kind: "unpgc", address: 0 };

/// What waits for one end of a pair.
#[derive(Default)]
struct Inbox {
    files: VecDeque<File>,
    closed: bool,
}

/// One end.
pub struct Local {
    inbox: Arc<Mutex<Inbox>>,
    outbox: Arc<Mutex<Inbox>>,
}

/// Files that were on their way when the last who could have received them closed.
#[derive(Default)]
pub struct Discarded {
    files: VecDeque<File>,
    has_thread: bool,
}

fn open(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

/// socketpair(2): what stands behind the two descriptors.
pub fn pair() -> [Arc<dyn NativeFile>; 2] {
    let boxes = [Arc::new(Mutex::default()), Arc::new(Mutex::default())];
    let end = |own: usize| -> Arc<dyn NativeFile> {
        Arc::new(Local { inbox: boxes[own].clone(), outbox: boxes[1 - own].clone() })
    };
    [end(0), end(1)]
}

impl Local {
    fn arrival(inbox: &Arc<Mutex<Inbox>>) -> Chan {
        chan("local", Arc::as_ptr(inbox) as usize)
    }

    /// unp_internalize: sends a file, which the message refers to from now on. EPIPE.
    pub(crate) fn send(&self, world: &mut World, file: File) -> Result<()> {
        if open(&self.outbox).closed {
            return Err(errno(kpi::EPIPE));
        }
        world.file_hold(file);
        open(&self.outbox).files.push_back(file);
        world.wake_all(Local::arrival(&self.outbox));
        Ok(())
    }

    /// unp_externalize: the next file, with the message's reference to it.
    pub(crate) fn receive(&self, world: &mut World) -> Result<File> {
        loop {
            if let Some(file) = open(&self.inbox).files.pop_front() {
                return Ok(file);
            }
            let how = Sleep { interruptible: true, ..Sleep::default() };
            if let Woken::Signal(error) = world.sleep(Local::arrival(&self.inbox), how) {
                check(error)?;
            }
        }
    }
}

impl NativeFile for Local {
    fn name(&self) -> &'static str {
        "local socket"
    }

    fn kind(&self) -> u32 {
        kpi::DTYPE_SOCKET
    }

    fn as_local(&self) -> Option<&Local> {
        Some(self)
    }

    fn close(&self, world: &mut World, _file: File) -> Result<()> {
        let mut inbox = open(&self.inbox);
        inbox.closed = true;
        let unread = std::mem::take(&mut inbox.files);
        drop(inbox);
        world.discard(unread);
        Ok(())
    }
}

impl World {
    /// unp_dispose: files that nobody has received.
    fn discard(&mut self, files: VecDeque<File>) {
        if files.is_empty() {
            return;
        }
        self.files.discarded.files.extend(files);
        if !self.files.discarded.has_thread {
            self.files.discarded.has_thread = true;
            spawn(self, KERNEL, "unpgc", serve);
        }
        self.wake_one(WORK);
    }
}

/// unp_thread.
fn serve() {
    let mut world = enter();
    loop {
        match world.files.discarded.files.pop_front() {
            // Nobody is left to be told of an error.
            Some(file) => world.closef(file).unwrap_or(()),
            None => {
                world.sleep(WORK, Sleep::default());
            }
        }
    }
}

/// EBADF of a number that is no descriptor, ENOTSOCK of one that is no local socket's.
pub fn of(world: &mut World, file: File) -> Result<Arc<dyn NativeFile>> {
    match world.native_of(file) {
        Some(native) if native.as_local().is_some() => Ok(native),
        _ => Err(Errno(kpi::ENOTSOCK as i32)),
    }
}
