// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A kqueue's own descriptor.

use std::collections::VecDeque;
use std::sync::Arc;

use tap_conformance::errno::{Errno, Result};

use super::{active, fields, Kqueue, KQUEUE};
use crate::kassert;
use crate::kern::descrip::{File, NativeFile};
use crate::kern::kauth;
use crate::kern::select::SelInfo;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// What stands behind it: the address of the queue's lock.
struct KqueueFile(usize);

impl World {
    /// kqueue(2).
    pub(crate) fn kqueue(&mut self) -> Result<i32> {
        let (file, fd) = self.fd_allocfile()?;
        let lock = self.allocate(size_of::<kpi::kmutex_t>(), KQUEUE, true) as usize;
        self.mutex_init(lock, true);
        let pollers = SelInfo::new(self);
        let items = VecDeque::new();
        let queue = Kqueue { pollers, items, count: 0, restart: false, closing: false };
        self.events.queues.insert(lock, queue);
        self.events.files.insert(file, lock);
        self.become_native(file, Arc::new(KqueueFile(lock)), kpi::FREAD | kpi::FWRITE);
        self.fd_affix(file, fd);
        Ok(fd)
    }
}

impl NativeFile for KqueueFile {
    fn name(&self) -> &'static str {
        "kqueue"
    }

    fn kind(&self) -> u32 {
        kpi::DTYPE_KQUEUE
    }

    fn read(&self, _world: &mut World, _file: File, _request: &mut Request) -> Result<()> {
        Err(Errno::ENXIO)
    }

    fn write(&self, _world: &mut World, _file: File, _request: &mut Request) -> Result<()> {
        Err(Errno::ENXIO)
    }

    fn ioctl(&self, _world: &mut World, _file: File, _cmd: u64, _data: &mut [u8]) -> Result<()> {
        Err(Errno::ENOTTY)
    }

    fn fcntl(&self, _world: &mut World, _file: File, _cmd: u32) -> Result<()> {
        Err(Errno::ENOTTY)
    }

    fn poll(&self, world: &mut World, _file: File, events: u32) -> u32 {
        let asked = events & (kpi::POLLIN | kpi::POLLRDNORM);
        if asked != 0 && world.kqueue_state(self.0).count == 0 {
            let pollers = world.kqueue_state(self.0).pollers;
            pollers.record(world);
            return 0;
        }
        asked
    }

    fn stat(&self, world: &mut World, file: File, stat: &mut kpi::stat) -> Result<()> {
        stat.st_size = world.kqueue_state(self.0).count as _;
        stat.st_blksize = size_of::<kpi::kevent>() as _;
        stat.st_mode = kpi::S_IFIFO | 0o600;
        stat.st_blocks = 1;
        stat.st_uid = kauth::cred(file.cred()).euid;
        stat.st_gid = kauth::cred(file.cred()).egid;
        Ok(())
    }

    fn restart(&self, world: &mut World, _file: File) {
        world.kqueue_state(self.0).restart = true;
        world.wake_all(active(self.0));
    }

    fn close(&self, world: &mut World, file: File) -> Result<()> {
        let queue = self.0;
        world.events.files.remove(&file);
        world.kqueue_state(queue).closing = true;
        let lock = world.fd_table().lock;
        world.mutex_enter(lock);
        loop {
            let slots = world.fd_table().slots.values();
            let all: Vec<usize> = slots.flat_map(|slot| slot.knotes.iter().copied()).collect();
            let own = all.into_iter().find(|knote| world.events.knotes[knote] == queue);
            let Some(knote) = own else { break };
            fields(knote).kn_status |= kpi::KN_WILLDETACH;
            world.knote_detach(knote, true);
            world.mutex_enter(lock);
        }
        world.mutex_exit(lock);
        let state = world.kqueue_state(queue);
        kassert!(state.count == 0 && state.items.is_empty(), "a kqueue is closed with events");
        let pollers = state.pollers;
        pollers.destroy(world);
        world.events.queues.remove(&queue);
        world.mutex_destroy(queue);
        world.free(queue as *mut _, Some(size_of::<kpi::kmutex_t>()), KQUEUE);
        Ok(())
    }
}
