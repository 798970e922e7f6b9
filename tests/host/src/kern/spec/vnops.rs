// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What stands behind a node's descriptor: the fileops of sys/kern/vfs_vnops.c over the spec
//! layer, or over sys/miscfs/deadfs once the vnode is dead.

use std::ffi::CStr;
use std::sync::Arc;

use tap_conformance::errno::{Errno, Result};

use super::{user, State, Vnode, FSID};
use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::EMOVEFD;
use crate::kern::uio::Request;
use crate::kpi;
use crate::sched::curlwp;
use crate::world::World;

/// An open node.
struct VnodeFile(Vnode);

/// IO_NDELAY of a file's flags.
fn io_flags(file: File) -> u32 {
    if file.is_nonblocking() {
        kpi::IO_NDELAY
    } else {
        0
    }
}

impl VnodeFile {
    /// VOP_READ and VOP_WRITE of a character device: the vnode's lock is taken, and given up while
    /// the driver is at work. EIO of a dead one. A read of nothing does not get to the driver.
    fn transfer(
        &self,
        world: &mut World,
        reads: bool,
        resid: usize,
        call: impl FnOnce(&mut World, u64) -> Result<()>,
    ) -> Result<()> {
        let vnode = self.0;
        world.vn_lock(vnode, true);
        let dead = world.vnode_state(vnode).state == State::Reclaimed;
        world.vn_unlock(vnode);
        if dead {
            return Err(Errno::EIO);
        }
        if reads && resid == 0 {
            return Ok(());
        }
        let result = world.spec_io_enter(vnode).and_then(|rdev| {
            let result = call(world, rdev);
            world.spec_io_exit(vnode);
            result
        });
        world.vn_lock(vnode, !reads);
        world.vn_unlock(vnode);
        result
    }

    /// Runs a call of poll or kqfilter, which a suspended file system holds up; `dead` is what a
    /// dead vnode says.
    fn inside<R>(
        &self,
        world: &mut World,
        dead: R,
        call: impl FnOnce(&mut World, Result<u64>) -> R,
    ) -> R {
        let vnode = self.0;
        if world.vnode_state(vnode).state != State::Reclaimed {
            world.fstrans_start();
            if world.vnode_state(vnode).state != State::Reclaimed {
                let entered = world.spec_io_enter(vnode);
                let inside = entered.is_ok();
                let result = call(world, entered);
                if inside {
                    world.spec_io_exit(vnode);
                }
                world.fstrans_done();
                return result;
            }
            world.fstrans_done();
        }
        dead
    }
}

impl NativeFile for VnodeFile {
    fn name(&self) -> &'static str {
        "vn"
    }

    fn kind(&self) -> u32 {
        kpi::DTYPE_VNODE
    }

    fn read(&self, world: &mut World, file: File, request: &mut Request) -> Result<()> {
        let (flags, resid) = (io_flags(file), request.resid());
        self.transfer(world, true, resid, |world, rdev| world.cdev_read(rdev, request, flags))
    }

    fn write(&self, world: &mut World, file: File, request: &mut Request) -> Result<()> {
        let (flags, resid) = (io_flags(file) | kpi::IO_UNIT, request.resid());
        self.transfer(world, false, resid, |world, rdev| world.cdev_write(rdev, request, flags))
    }

    fn ioctl(&self, world: &mut World, file: File, cmd: u64, data: &mut [u8]) -> Result<()> {
        if world.vnode_state(self.0).state == State::Reclaimed {
            return Err(Errno::EBADF);
        }
        let rdev = world.spec_io_enter(self.0)?;
        let result = world.cdev_ioctl(rdev, cmd, data, file.flags());
        world.spec_io_exit(self.0);
        result
    }

    fn fcntl(&self, world: &mut World, _file: File, cmd: u32) -> Result<()> {
        if cmd == kpi::F_SETFL || world.vnode_state(self.0).state == State::Reclaimed {
            Ok(())
        } else {
            Err(Errno::EOPNOTSUPP)
        }
    }

    fn poll(&self, world: &mut World, _file: File, events: u32) -> u32 {
        // A dead vnode has whatever is asked for, so that the poller finds out.
        self.inside(world, events, |world, entered| match entered {
            Ok(rdev) => world.cdev_poll(rdev, events),
            Err(_) => kpi::POLLERR,
        })
    }

    fn stat(&self, world: &mut World, _file: File, stat: &mut kpi::stat) -> Result<()> {
        world.vn_lock(self.0, true);
        let state = world.vnode_state(self.0);
        let (dead, node) = (state.state == State::Reclaimed, state.attributes);
        world.vn_unlock(self.0);
        if dead {
            return Err(Errno::EBADF);
        }
        stat.st_dev = FSID;
        stat.st_ino = node.number;
        stat.st_mode = node.mode | kpi::S_IFCHR;
        stat.st_nlink = 1;
        stat.st_uid = node.uid;
        stat.st_gid = node.gid;
        stat.st_rdev = node.rdev;
        stat.st_atim = node.made;
        stat.st_mtim = node.made;
        stat.st_ctim = node.made;
        stat.st_birthtim = node.made;
        Ok(())
    }

    fn kqfilter(&self, world: &mut World, _file: File, knote: *mut kpi::knote) -> Result<()> {
        self.inside(world, Err(Errno::EBADF), |world, entered| {
            entered.and_then(|rdev| world.cdev_kqfilter(rdev, knote))
        })
    }

    fn close(&self, world: &mut World, file: File) -> Result<()> {
        let vnode = self.0;
        world.vn_lock(vnode, true);
        let result = match world.vnode_state(vnode).state {
            State::Reclaimed => Ok(()),
            _ => world.spec_close(vnode, file.flags()),
        };
        world.vn_unlock(vnode);
        world.vrele(vnode);
        result
    }
}

/// What an open of a path came to.
pub(crate) enum Opened {
    /// A node.
    Node(Arc<dyn NativeFile>),
    /// A descriptor that the driver has made, to be moved.
    Moved(i32),
}

impl World {
    /// VOP_ACCESS. EACCES; EBADF of a vnode that died before it was locked.
    fn vn_access(&mut self, vnode: Vnode, flags: u32) -> Result<()> {
        let state = self.vnode_state(vnode);
        if state.state == State::Reclaimed {
            return Err(Errno::EBADF);
        }
        let node = state.attributes;
        let granted = match user() {
            cred if cred.euid == 0 => 0o6,
            cred if cred.euid == node.uid => node.mode >> 6,
            cred if cred.egid == node.gid => node.mode >> 3,
            _ => node.mode,
        };
        let asked = (flags & kpi::FREAD) << 2 | (flags & kpi::FWRITE);
        if asked & !granted == 0 {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }

    /// vn_open of a node that exists; `flags` are FREAD, FWRITE and what else open(2) was given.
    pub(crate) fn vn_open(&mut self, path: &CStr, flags: u32) -> Result<Opened> {
        let vnode = self.namei(path)?;
        self.vn_lock(vnode, true);
        let result = self.vn_access(vnode, flags).and_then(|()| self.spec_open(vnode, flags));
        self.vn_unlock(vnode);
        match result {
            Ok(()) => Ok(Opened::Node(Arc::new(VnodeFile(vnode)))),
            Err(error) => {
                self.vrele(vnode);
                if error != EMOVEFD {
                    return Err(error);
                }
                // SAFETY: the calling thread's own lwp.
                Ok(Opened::Moved(unsafe { (*curlwp()).l_dupfd }))
            }
        }
    }
}
