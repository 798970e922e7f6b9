// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Vnode locks, and fstrans(9): who uses the file system, and who has suspended it. A revoke
//! suspends it, so lookups, locks and polls of any node wait until that is over.

use litemap::LiteMap;

use super::{State, Vnode};
use crate::kassert;
use crate::sched::{chan, me, Chan, Sleep, Tid};
use crate::world::World;

/// The suspension begins or ends, or a user has left.
const CHANGED: Chan = Chan { kind: "fstrans", address: 0 };

/// A vnode's lock, one writer or several readers.
#[derive(Default)]
pub(super) struct Lock {
    owner: Option<Tid>,
    readers: u32,
}

/// The file system's users and its suspension.
#[derive(Default)]
pub(super) struct Suspension {
    users: LiteMap<Tid, u32>,
    by: Option<Tid>,
}

impl World {
    /// fstrans_start: waits while another thread has the file system suspended, unless the caller
    /// is in it already.
    pub(super) fn fstrans_start(&mut self) {
        self.assert_sleepable("fstrans_start");
        let tid = me();
        if !self.specfs.suspension.users.contains_key(&tid) {
            while self.specfs.suspension.by.is_some_and(|by| by != tid) {
                self.sleep(CHANGED, Sleep::default());
            }
        }
        *self.specfs.suspension.users.entry(tid).or_default() += 1;
    }

    /// fstrans_done.
    pub(super) fn fstrans_done(&mut self) {
        let tid = me();
        let users = &mut self.specfs.suspension.users;
        match users.get_mut(&tid) {
            Some(1) => {
                users.remove(&tid);
                self.wake_all(CHANGED);
            }
            Some(times) => *times -= 1,
            None => crate::host_panic!("fstrans_done: the caller is not in the file system"),
        }
    }

    /// vfs_suspend: keeps others out, and waits until all have left.
    pub(super) fn vfs_suspend(&mut self) {
        let tid = me();
        kassert!(self.specfs.suspension.by != Some(tid), "vfs_suspend: suspended by its caller");
        while self.specfs.suspension.by.is_some() {
            self.sleep(CHANGED, Sleep::default());
        }
        self.specfs.suspension.by = Some(tid);
        while self.specfs.suspension.users.keys().any(|user| *user != tid) {
            self.sleep(CHANGED, Sleep::default());
        }
    }

    /// vfs_resume.
    pub(super) fn vfs_resume(&mut self) {
        kassert!(self.specfs.suspension.by == Some(me()), "vfs_resume: not suspended");
        self.specfs.suspension.by = None;
        self.wake_all(CHANGED);
    }

    /// vn_lock with LK_RETRY. A dead vnode belongs to no file system that could be suspended.
    pub(super) fn vn_lock(&mut self, vnode: Vnode, exclusive: bool) {
        let tid = me();
        if self.vnode_state(vnode).state != State::Reclaimed {
            self.fstrans_start();
            if self.vnode_state(vnode).state == State::Reclaimed {
                self.fstrans_done();
            }
        }
        loop {
            let lock = &mut self.vnode_state(vnode).lock;
            kassert!(lock.owner != Some(tid), "vn_lock: vnode {vnode} is locked by its caller");
            if lock.owner.is_none() && exclusive && lock.readers == 0 {
                lock.owner = Some(tid);
                return;
            }
            if lock.owner.is_none() && !exclusive {
                lock.readers += 1;
                return;
            }
            self.sleep(chan("vnlock", vnode as usize), Sleep::default());
        }
    }

    /// VOP_UNLOCK.
    pub(super) fn vn_unlock(&mut self, vnode: Vnode) {
        let state = self.vnode_state(vnode);
        let in_file_system = state.state != State::Reclaimed;
        self.vn_release_lock(vnode);
        if in_file_system {
            self.fstrans_done();
        }
    }

    /// Gives a vnode's lock up, and nothing else.
    pub(super) fn vn_release_lock(&mut self, vnode: Vnode) {
        let lock = &mut self.vnode_state(vnode).lock;
        if lock.owner == Some(me()) {
            lock.owner = None;
        } else {
            kassert!(lock.readers > 0, "VOP_UNLOCK: vnode {vnode} is not locked by its caller");
            lock.readers -= 1;
        }
        self.wake_all(chan("vnlock", vnode as usize));
    }

    /// Whether the caller holds a vnode's lock alone.
    pub(super) fn vn_locked(&mut self, vnode: Vnode) -> bool {
        self.vnode_state(vnode).lock.owner == Some(me())
    }
}
