// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A process's descriptors: who uses one holds a reference to it, and a close waits for all
//! others, after it has told them (fo_restart).

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use super::File;
use crate::kern::errno::errno;
use crate::kern::kmem::Kind;
use crate::kpi;
use crate::sched::{chan, Chan, Pid, Sleep};
use crate::world::World;
use crate::{host_panic, kassert};

pub(super) const KIND: Kind = Kind::Object("filedesc");
/// RLIMIT_NOFILE of a process that has not changed it: OPEN_MAX of sys/sys/syslimits.h.
const OPEN_MAX: i32 = 128;

/// One descriptor: `struct fdfile`.
#[derive(Default)]
pub(crate) struct Slot {
    /// It is in use, though perhaps no file is behind it yet.
    pub(super) allocated: bool,
    pub(super) file: Option<File>,
    pub(super) refcnt: u32,
    /// Somebody closes it, and waits for the other references.
    pub(super) closing: bool,
    pub(super) exclose: bool,
    /// The knotes that are attached to it, addresses of `struct knote`; each holds a reference.
    pub(crate) knotes: Vec<usize>,
}

/// All descriptors of a process: `struct filedesc`.
pub(crate) struct Table {
    /// fd_lock, and what stands for the table where a number is wanted.
    pub(crate) lock: usize,
    pub(crate) slots: LiteMap<i32, Slot>,
    /// RLIMIT_NOFILE.
    pub(super) limit: i32,
}

impl World {
    /// The descriptors of the calling process; it gets a table at its first use.
    pub(crate) fn fd_table(&mut self) -> &mut Table {
        let pid = self.current_pid();
        if !self.files.tables.contains_key(&pid) {
            self.fd_new_table(pid, OPEN_MAX);
        }
        self.files.tables.get_mut(&pid).unwrap_or_else(|| host_panic!("no descriptors of {pid}"))
    }

    pub(super) fn fd_new_table(&mut self, pid: Pid, limit: i32) {
        let lock = self.allocate(size_of::<kpi::kmutex_t>(), KIND, true) as usize;
        self.mutex_init(lock, false);
        self.files.tables.insert(pid, Table { lock, slots: LiteMap::new(), limit });
    }

    /// setrlimit(2) of the number of descriptors of the calling process; the limit so far.
    pub fn set_open_limit(&mut self, limit: i32) -> i32 {
        std::mem::replace(&mut self.fd_table().limit, limit)
    }

    pub(crate) fn fd_slot(&mut self, fd: i32) -> &mut Slot {
        match self.fd_table().slots.get_mut(&fd) {
            Some(slot) => slot,
            None => host_panic!("descriptor {fd} was never in use"),
        }
    }

    /// Where a closer waits for the other references to a descriptor.
    fn fd_closing(&mut self, fd: i32) -> Chan {
        chan("fdclose", self.fd_table().lock + fd as usize)
    }

    /// fd_alloc: the lowest free descriptor from `want` on. EMFILE.
    pub(super) fn fd_alloc(&mut self, want: i32) -> Result<i32> {
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        let table = self.fd_table();
        let taken = |fd: &i32| table.slots.get(fd).is_some_and(|slot| slot.allocated);
        let free = (want..table.limit).find(|fd| !taken(fd));
        if let Some(fd) = free {
            let slot = table.slots.entry(fd).or_default();
            kassert!(slot.file.is_none(), "descriptor {fd} is free and has a file");
            slot.allocated = true;
        }
        self.mutex_exit(lock);
        free.ok_or(Errno::EMFILE)
    }

    /// fd_allocfile(9): a descriptor and a file, not visible to the process yet.
    pub(crate) fn fd_allocfile(&mut self) -> Result<(File, i32)> {
        let fd = self.fd_alloc(0)?;
        match self.file_get() {
            Ok(file) => Ok((file, fd)),
            Err(error) => {
                self.fd_abort(None, fd);
                Err(error)
            }
        }
    }

    /// fd_abort(9): gives back what fd_allocfile made.
    pub(crate) fn fd_abort(&mut self, file: Option<File>, fd: i32) {
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        let slot = self.fd_slot(fd);
        slot.exclose = false;
        kassert!(slot.allocated, "fd_abort: descriptor {fd} is free");
        kassert!(slot.file.is_none(), "fd_abort: descriptor {fd} is visible");
        slot.allocated = false;
        self.mutex_exit(lock);
        if let Some(file) = file {
            self.file_put(file);
        }
    }

    /// fd_affix: makes a file visible as a descriptor.
    pub(crate) fn fd_affix(&mut self, file: File, fd: i32) {
        self.file_hold(file);
        let slot = self.fd_slot(fd);
        kassert!(slot.allocated, "fd_affix: descriptor {fd} is free");
        kassert!(slot.file.is_none(), "fd_affix: descriptor {fd} is visible");
        slot.file = Some(file);
    }

    /// fd_getfile: the file behind a descriptor, with a reference to the descriptor. EBADF.
    pub fn fd_getfile(&mut self, fd: i32) -> Result<File> {
        let found = self.fd_table().slots.get_mut(&fd).and_then(|slot| {
            let file = slot.file?;
            slot.refcnt += 1;
            Some(file)
        });
        found.ok_or(Errno::EBADF)
    }

    /// fd_putfile: gives the reference back, to a closer if one waits for it.
    pub fn fd_putfile(&mut self, fd: i32) {
        let slot = self.fd_slot(fd);
        kassert!(slot.refcnt > 0, "fd_putfile: descriptor {fd} has no references");
        if slot.closing {
            // EBADF is all it can say: another thread closes it.
            self.fd_close(fd).unwrap_or(());
        } else {
            slot.refcnt -= 1;
        }
    }

    /// fd_close: closes a descriptor that the caller holds a reference to, which it gives back.
    pub fn fd_close(&mut self, fd: i32) -> Result<()> {
        let lock = self.fd_table().lock;
        let channel = self.fd_closing(fd);
        self.mutex_enter(lock);
        let slot = self.fd_slot(fd);
        kassert!(slot.refcnt > 0, "fd_close: descriptor {fd} has no references");
        slot.refcnt -= 1;
        let Some(file) = slot.file.take() else {
            self.wake_all(channel);
            self.mutex_exit(lock);
            return Err(Errno::EBADF);
        };
        kassert!(!slot.closing, "descriptor {fd} is closed twice");
        slot.exclose = false;
        if slot.refcnt != 0 {
            slot.closing = true;
            self.mutex_exit(lock);
            self.knote_fdclose(fd);
            self.fo_restart(file);
            self.mutex_enter(lock);
            while self.fd_slot(fd).refcnt != 0 {
                self.mutex_exit(lock);
                self.sleep(channel, Sleep::default());
                self.mutex_enter(lock);
            }
            self.fd_slot(fd).closing = false;
        }
        let slot = self.fd_slot(fd);
        kassert!(slot.knotes.is_empty(), "descriptor {fd} is closed with knotes attached");
        slot.allocated = false;
        self.mutex_exit(lock);
        self.closef(file)
    }

    /// Whether another thread closes a descriptor.
    pub(crate) fn fd_is_closing(&mut self, fd: i32) -> bool {
        self.fd_slot(fd).closing
    }

    /// fd_set_exclose.
    pub(crate) fn fd_set_exclose(&mut self, fd: i32, exclose: bool) {
        self.fd_slot(fd).exclose = exclose;
    }

    /// FD_CLOEXEC of a descriptor.
    pub(crate) fn fd_exclose(&mut self, fd: i32) -> bool {
        self.fd_slot(fd).exclose
    }
}

/// EBADF unless a file was opened for that.
pub(crate) fn opened_for(file: File, mode: u32) -> Result<()> {
    if file.flags() & mode != 0 {
        Ok(())
    } else {
        Err(errno(kpi::EBADF))
    }
}
