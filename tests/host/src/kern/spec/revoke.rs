// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! revoke(2), and vdevgone for a device that goes: every vnode of the device dies, and no call is
//! inside the driver through any of them afterwards.

use std::ffi::{c_int, CStr};

use tap_conformance::abi::makedev;
use tap_conformance::errno::{Errno, Result};

use super::{user, State, Vnode};
use crate::kpi;
use crate::sched::chan;
use crate::world::{enter, World};
use crate::{exports, kassert};

impl World {
    /// spec_node_lookup_by_dev: a vnode of the device that lives, with a reference. With `wait`
    /// those that are dying are waited for, otherwise they do not count.
    fn vnode_of_device(&mut self, rdev: u64, wait: bool) -> Option<Vnode> {
        loop {
            let mut dying = None;
            for (vnode, state) in &mut self.specfs.vnodes {
                if !state.hashed || state.attributes.rdev != rdev {
                    continue;
                }
                match state.state {
                    State::Loaded => {
                        state.uses += 1;
                        return Some(*vnode);
                    }
                    State::Reclaiming => dying = Some(*vnode),
                    State::Reclaimed => {}
                }
            }
            let dying = dying.filter(|_| wait)?;
            self.vnode_wait_stable(dying);
        }
    }

    /// vrevoke: with the file system suspended, every vnode of this one's device goes.
    fn vrevoke(&mut self, vnode: Vnode) {
        let in_file_system = self.vnode_state(vnode).state != State::Reclaimed;
        if in_file_system {
            self.vfs_suspend();
        }
        self.vnode_wait_stable(vnode);
        let state = self.vnode_state(vnode);
        if state.state == State::Loaded {
            let rdev = state.attributes.rdev;
            while let Some(other) = self.vnode_of_device(rdev, false) {
                self.vgone(other);
            }
        }
        if in_file_system {
            self.vfs_resume();
        }
    }

    /// vgone, with a reference that it gives back.
    fn vgone(&mut self, vnode: Vnode) {
        self.vn_lock(vnode, true);
        self.vnode_wait_stable(vnode);
        if self.vnode_state(vnode).state == State::Loaded {
            self.vnode_state(vnode).state = State::Reclaiming;
            self.spec_node_revoke(vnode);
            // The vnode leaves the file system while it is locked: the lock goes without it.
            self.vnode_state(vnode).state = State::Reclaimed;
            self.wake_all(chan("vnode state", vnode as usize));
            self.vn_release_lock(vnode);
            self.fstrans_done();
        } else {
            self.vn_unlock(vnode);
        }
        self.vrele(vnode);
    }

    /// vdevgone.
    fn vdevgone(&mut self, major: u32, minors: std::ops::RangeInclusive<u32>) {
        self.assert_sleepable("vdevgone");
        for minor in minors {
            let rdev = makedev(major, minor);
            self.cdev_detached(rdev);
            while let Some(vnode) = self.vnode_of_device(rdev, true) {
                self.vrevoke(vnode);
                self.vrele(vnode);
            }
        }
    }

    /// revoke(2): the owner or the superuser, EPERM for others.
    pub(crate) fn revoke(&mut self, path: &CStr) -> Result<()> {
        let vnode = self.namei(path)?;
        self.vn_lock(vnode, true);
        let state = self.vnode_state(vnode);
        let allowed = match state.state {
            State::Loaded if user().euid == 0 || user().euid == state.attributes.uid => Ok(()),
            State::Loaded => Err(Errno::EPERM),
            _ => Err(Errno::EBADF),
        };
        self.vn_unlock(vnode);
        if allowed.is_ok() {
            self.vrevoke(vnode);
        }
        self.vrele(vnode);
        allowed
    }
}

unsafe extern "C" fn vdevgone(maj: c_int, minl: c_int, minh: c_int, kind: kpi::vtype) {
    kassert!(kind == kpi::vtype_VCHR, "vdevgone: vnodes of type {kind}");
    enter().vdevgone(maj as u32, minl as u32..=minh as u32);
}

exports!(vdevgone);
