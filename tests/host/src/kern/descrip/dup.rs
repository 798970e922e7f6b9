// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! More descriptors for a file that is open: dup2(2), the moving of what a cloning open made, and
//! the table of a new process; and the end of a table.

use tap_conformance::errno::{Errno, Result};

use super::table::{Slot, KIND};
use super::File;
use crate::kpi;
use crate::sched::{chan, Pid, Sleep};
use crate::world::World;

impl World {
    /// fd_dup: another descriptor for a file, from `want` on.
    pub(crate) fn fd_dup(&mut self, file: File, want: i32, exclose: bool) -> Result<i32> {
        let fd = self.fd_alloc(want)?;
        self.fd_set_exclose(fd, exclose);
        self.fd_affix(file, fd);
        Ok(fd)
    }

    /// fd_dup2: makes a file a certain descriptor, which is closed first if it is one.
    pub(crate) fn fd_dup2(&mut self, file: File, fd: i32) {
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        while self.fd_table().slots.entry(fd).or_default().allocated {
            self.mutex_exit(lock);
            if self.fd_getfile(fd).is_ok() {
                // What a close says here is nobody's business.
                self.fd_close(fd).unwrap_or(());
            } else {
                // Another thread is about to open it.
                self.sleep(chan("dup2", lock), Sleep { ticks: Some(1), ..Sleep::default() });
            }
            self.mutex_enter(lock);
        }
        self.fd_slot(fd).allocated = true;
        self.mutex_exit(lock);
        self.fd_set_exclose(fd, false);
        self.fd_affix(file, fd);
    }

    /// dup2(2).
    pub(crate) fn dodup(&mut self, from: i32, to: i32) -> Result<i32> {
        let file = self.fd_getfile(from)?;
        self.file_hold(file);
        self.fd_putfile(from);
        let limit = self.fd_table().limit;
        let result = if to < 0 || to >= limit { Err(Errno::EBADF) } else { Ok(to) };
        if result.is_ok() && from != to {
            self.fd_dup2(file, to);
        }
        self.closef(file).unwrap_or(());
        result
    }

    /// fd_dupopen with `moveit`: an open found its result in the descriptor `old`, and gets the
    /// lowest free one for it.
    pub(crate) fn fd_move(&mut self, old: i32) -> Result<i32> {
        let file = self.fd_getfile(old)?;
        let exclose = self.fd_exclose(old);
        let moved = self.fd_dup(file, 0, exclose);
        match moved {
            Ok(_) => self.fd_close(old).unwrap_or(()),
            Err(_) => self.fd_putfile(old),
        }
        moved
    }

    /// fd_copy: a new process gets the descriptors of the calling one, but for its kqueues.
    pub(crate) fn fd_copy(&mut self, to: Pid) {
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        let table = self.fd_table();
        let limit = table.limit;
        let open: Vec<(i32, File, bool)> = table
            .slots
            .iter()
            .filter_map(|(fd, slot)| Some((*fd, slot.file?, slot.exclose)))
            .collect();
        self.fd_new_table(to, limit);
        for (fd, file, exclose) in open {
            let native = self.native_of(file);
            if native.is_some_and(|native| native.kind() == kpi::DTYPE_KQUEUE) {
                continue;
            }
            self.file_hold(file);
            let slot = Slot { allocated: true, file: Some(file), exclose, ..Slot::default() };
            if let Some(table) = self.files.tables.get_mut(&to) {
                table.slots.insert(fd, slot);
            }
        }
        self.mutex_exit(lock);
    }

    /// F_CLOSEM: closes every descriptor from `first` on, and waits for those that other threads
    /// are about to open or to close.
    pub(crate) fn fd_close_from(&mut self, first: i32) {
        loop {
            let table = self.fd_table();
            let mut used = table.slots.iter().filter(|(_, slot)| slot.allocated);
            let Some(last) = used.next_back().map(|(fd, _)| *fd).filter(|fd| *fd >= first) else {
                return;
            };
            if self.fd_getfile(last).is_ok() {
                // What a close says here is nobody's business.
                self.fd_close(last).unwrap_or(());
            } else {
                let on = chan("closem", self.fd_table().lock);
                self.sleep(on, Sleep { ticks: Some(1), ..Sleep::default() });
            }
        }
    }

    /// fd_free: the calling process ends, and with it its descriptors.
    pub(crate) fn fd_free(&mut self) {
        let pid = self.current_pid();
        let fds: Vec<i32> = self.fd_table().slots.keys().copied().collect();
        for fd in fds {
            if self.fd_getfile(fd).is_ok() {
                // Nobody is left to be told of an error.
                self.fd_close(fd).unwrap_or(());
            }
        }
        if let Some(table) = self.files.tables.remove(&pid) {
            self.mutex_destroy(table.lock);
            self.free(table.lock as *mut _, Some(size_of::<kpi::kmutex_t>()), KIND);
        }
    }
}
