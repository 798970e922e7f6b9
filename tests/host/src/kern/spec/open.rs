// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Opening and closing a device through its vnodes. Each open counts, the driver's d_close comes
//! with the last, and before it d_cancel, so that nobody is left inside.

use tap_conformance::errno::{Errno, Result};

use super::{State, Vnode, SPECIO};
use crate::kassert;
use crate::kern::errno::{check, errno};
use crate::kpi;
use crate::sched::{Sleep, Woken};
use crate::world::World;

impl World {
    /// spec_io_enter: a call goes into the driver, without the vnode's lock; the device's number.
    /// ENXIO once the vnode is being revoked.
    pub(super) fn spec_io_enter(&mut self, vnode: Vnode) -> Result<u64> {
        let state = self.vnode_state(vnode);
        if state.state != State::Loaded {
            return Err(Errno::ENXIO);
        }
        let rdev = state.attributes.rdev;
        self.specdev(vnode).calls += 1;
        Ok(rdev)
    }

    /// spec_io_exit.
    pub(super) fn spec_io_exit(&mut self, vnode: Vnode) {
        let device = self.specdev(vnode);
        kassert!(device.calls > 0, "spec_io_exit: nobody is inside");
        device.calls -= 1;
        if device.calls == 0 {
            self.wake_all(SPECIO);
        }
    }

    /// spec_io_drain: waits until nobody is inside.
    fn spec_io_drain(&mut self, vnode: Vnode) {
        while self.specdev(vnode).calls != 0 {
            self.sleep(SPECIO, Sleep::default());
        }
    }

    /// Waits for a close of the device that is under way, unless a signal comes.
    fn spec_wait_for_close(&mut self, vnode: Vnode) -> Result<()> {
        while self.specdev(vnode).closing {
            let how = Sleep { interruptible: true, ..Sleep::default() };
            if let Woken::Signal(error) = self.sleep(SPECIO, how) {
                return check(error);
            }
        }
        Ok(())
    }

    /// spec_open, with the vnode locked. EBADF when it was revoked meanwhile.
    pub(super) fn spec_open(&mut self, vnode: Vnode, flags: u32) -> Result<()> {
        kassert!(self.vn_locked(vnode), "spec_open: vnode {vnode} is not locked");
        self.spec_wait_for_close(vnode)?;
        self.specdev(vnode).opens += 1;
        self.vnode_state(vnode).opens += 1;
        self.vn_unlock(vnode);
        let mut result = match self.spec_io_enter(vnode) {
            Ok(rdev) => {
                let result = self.cdev_open(rdev, flags);
                self.spec_io_exit(vnode);
                result
            }
            Err(error) => {
                // Revoked between the two locks: spec_node_revoke has taken this open away.
                self.vn_lock(vnode, true);
                return Err(error);
            }
        };
        self.vn_lock(vnode, true);
        if self.vnode_state(vnode).gone {
            if result.is_ok() {
                result = Err(Errno::EBADF);
            }
            return result;
        }
        let device = self.specdev(vnode);
        kassert!(device.opens > 0, "spec_open: an open that is not counted");
        if result.is_ok() {
            kassert!(!device.closing, "spec_open: opened while it is being closed");
            device.opened = true;
        } else if device.opens == 1 && device.opened {
            // The last close of an earlier open saw this one, and left the driver open.
            // What it says is of no interest: the open has failed.
            self.spec_close(vnode, kpi::FNONBLOCK).unwrap_or(());
        } else {
            device.opens -= 1;
            self.vnode_state(vnode).opens -= 1;
        }
        result
    }

    /// spec_close, with the vnode locked.
    pub(super) fn spec_close(&mut self, vnode: Vnode, flags: u32) -> Result<()> {
        kassert!(self.vn_locked(vnode), "spec_close: vnode {vnode} is not locked");
        let state = self.vnode_state(vnode);
        let dying = state.state != State::Loaded;
        let flags = if dying { flags | kpi::FNONBLOCK } else { flags };
        kassert!(state.opens > 0, "spec_close: vnode {vnode} is not open");
        state.opens -= 1;
        let rdev = state.attributes.rdev;
        let device = self.specdev(vnode);
        kassert!(device.opens > 0, "spec_close: device {rdev:#x} is not open");
        device.opens -= 1;
        if device.opens != 0 {
            return Ok(());
        }
        kassert!(!device.closing, "spec_close: device {rdev:#x} is being closed");
        device.opened = false;
        device.closing = true;
        if flags & kpi::FNONBLOCK == 0 {
            self.vn_unlock(vnode);
        }
        match self.cdev_cancel(rdev, flags) {
            Ok(()) => self.spec_io_drain(vnode),
            // The driver has gone since it refused an open that is revoked before it has come back. A
            // kernel with DIAGNOSTIC stops here, and no driver could help it; one without goes on.
            Err(Errno::ENXIO) if self.cdevsw_lookup(rdev).is_err() => {}
            Err(error) => {
                kassert!(error == errno(kpi::ENODEV), "d_cancel of {rdev:#x} failed: {error}");
            }
        }
        let result = self.cdev_close(rdev, flags);
        self.spec_io_drain(vnode);
        self.specdev(vnode).closing = false;
        self.wake_all(SPECIO);
        if flags & kpi::FNONBLOCK == 0 {
            self.vn_lock(vnode, true);
        }
        result
    }

    /// The part of spec_node_revoke that closes what the vnode holds open.
    pub(super) fn spec_node_revoke(&mut self, vnode: Vnode) {
        let state = self.vnode_state(vnode);
        kassert!(!state.gone, "vnode {vnode} is revoked twice");
        state.gone = true;
        let opens = state.opens;
        if opens != 0 {
            state.opens = 1;
            self.specdev(vnode).opens -= opens - 1;
            // Nobody is left to be told of an error.
            self.spec_close(vnode, kpi::FNONBLOCK).unwrap_or(());
        }
        while self.specdev(vnode).closing {
            self.sleep(SPECIO, Sleep::default());
        }
        let state = self.vnode_state(vnode);
        kassert!(state.opens == 0, "vnode {vnode} is revoked with {} opens", state.opens);
        state.hashed = false;
    }
}
