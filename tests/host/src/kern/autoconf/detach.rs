// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How a device goes: one detach at a time, and not before its attach is over; its ca_detach; then
//! the references are waited for, and it is freed once nobody detaches anything.

use tap_conformance::errno::{Errno, Result};

use super::CHANGED;
use crate::kern::errno::{check, errno};
use crate::kern::{klock, prf};
use crate::kpi;
use crate::sched::{me, Sleep, Woken};
use crate::world::World;
use crate::{host_panic, kassert};

impl World {
    /// `drvctl -d`, as sys/kern/kern_drvctl.c has it: the administrator detaches a device by its
    /// name. ENXIO, or what the driver says.
    pub fn drvctl_detach(&mut self, name: &str) -> Result<()> {
        self.with_device_named(name, |world, dev| world.config_detach(dev, 0))
    }

    /// `drvctl -S` and `drvctl -Q` of a device that has no handlers of its own: EBUSY unless it
    /// has told pmf(9) that it is there.
    pub fn drvctl_power(&mut self, name: &str) -> Result<()> {
        self.with_device_named(name, |world, dev| {
            if world.power.knows(dev) {
                Ok(())
            } else {
                Err(Errno::EBUSY)
            }
        })
    }

    fn with_device_named(
        &mut self,
        name: &str,
        f: impl FnOnce(&mut World, usize) -> Result<()>,
    ) -> Result<()> {
        self.kernel_lock(1);
        // A device that is looked at is not freed.
        self.autoconf.writers += 1;
        let devices: Vec<usize> = self.autoconf.devices.keys().copied().collect();
        let found = devices.into_iter().find(|dev| self.device_name(*dev) == name);
        let result = match found {
            None => Err(Errno::ENXIO),
            Some(dev) => f(self, dev),
        };
        self.autoconf.writers -= 1;
        self.config_collect_garbage();
        self.kernel_unlock(1);
        result
    }

    /// config_detach(9), with a reference to the device that it gives back.
    pub fn config_detach(&mut self, dev: usize, flags: u32) -> Result<()> {
        self.device_acquire(dev);
        self.config_detach_release(dev, flags)
    }

    fn config_detach_release(&mut self, dev: usize, flags: u32) -> Result<()> {
        self.kernel_lock(1);
        let entered = self.config_detach_enter(dev);
        self.device_release(dev);
        // alldevs_lock is taken here. Another thread may have it, and while one waits for an adaptive
        // mutex the kernel lock is others' to take.
        let klocks = klock::release_all(self);
        self.preempt();
        klock::acquire_again(self, klocks);
        let result = match entered {
            Err(error) => Err(error),
            Ok(()) if self.device_state(dev).deleted => {
                prf::log(self, "config_detach: the device is already detached\n");
                self.config_detach_exit(dev);
                Err(Errno::ENOENT)
            }
            Ok(()) => {
                self.autoconf.writers += 1;
                let result = self.config_run_detach(dev, flags);
                if result.is_ok() {
                    self.device_drain(dev);
                    self.say_detached(dev, flags);
                }
                self.config_detach_exit(dev);
                self.detach_leave(dev, result.is_ok());
                result
            }
        };
        self.kernel_unlock(1);
        result
    }

    /// config_detach_enter: a signal may end the wait.
    fn config_detach_enter(&mut self, dev: usize) -> Result<()> {
        self.assert_sleepable("config_detach");
        loop {
            let device = self.device_state(dev);
            if device.pending == 0 && device.detaching.is_none() {
                kassert!(device.attaching.is_none(), "a device is detached while it attaches");
                device.detaching = Some(me());
                return Ok(());
            }
            kassert!(device.detaching != Some(me()), "a device is detached by its own detach");
            let how = Sleep { interruptible: true, ..Sleep::default() };
            if let Woken::Signal(error) = self.sleep(CHANGED, how) {
                return check(error);
            }
        }
    }

    fn config_detach_exit(&mut self, dev: usize) {
        let device = self.device_state(dev);
        kassert!(device.detaching == Some(me()), "a device is detached by somebody else");
        device.detaching = None;
        self.wake_all(CHANGED);
    }

    /// ca_detach, and what it says: a forced detach must not fail, and who has committed must not
    /// back out.
    fn config_run_detach(&mut self, dev: usize, flags: u32) -> Result<()> {
        let cfattach = self.device_state(dev).cfattach as *const kpi::cfattach;
        // SAFETY: attached, so the module that it is in is there.
        let result = match unsafe { (*cfattach).ca_detach } {
            None => Err(errno(kpi::EOPNOTSUPP)),
            Some(detach) => {
                let argument = dev as kpi::device_t;
                // SAFETY: the driver's function, and a device that nobody else detaches.
                check(self.outside(|| unsafe { detach(argument, flags as i32) }))
            }
        };
        let device = self.device_state(dev);
        kassert!(!device.done, "a device is detached twice");
        match result {
            Ok(()) => {
                device.done = true;
                self.config_detach_commit(dev);
            }
            Err(error) => {
                kassert!(!device.committed, "a detach was committed to, and failed: {error}");
                if flags & kpi::DETACH_FORCE != 0 {
                    host_panic!("config_detach: a forced detach failed: {error}");
                }
            }
        }
        result
    }

    /// config_detach_commit(9): who waits for this device fails from now on.
    pub(crate) fn config_detach_commit(&mut self, dev: usize) {
        let device = self.device_state(dev);
        kassert!(device.detaching == Some(me()), "config_detach_commit outside of a detach");
        device.committed = true;
        self.wake_all(CHANGED);
    }

    /// Waits for every reference.
    fn device_drain(&mut self, dev: usize) {
        while self.device_state(dev).refs != 0 {
            self.sleep(CHANGED, Sleep::default());
        }
    }

    fn say_detached(&mut self, dev: usize, flags: u32) {
        if flags & kpi::DETACH_QUIET == 0 {
            let device = self.device_state(dev);
            let (unit, cfdriver) = (device.unit, device.cfdriver);
            let name = self.autoconf.drivers[&cfdriver].name.clone();
            prf::log(self, &format!("{name}{unit}: detached\n"));
        }
    }

    /// The end of a detach: the device is freed, now or by whoever is the last to detach.
    fn detach_leave(&mut self, dev: usize, detached: bool) {
        self.config_collect_garbage();
        self.autoconf.writers -= 1;
        if detached {
            self.device_state(dev).deleted = true;
            self.autoconf.garbage = true;
            self.config_collect_garbage();
        }
    }

    /// config_config_collect_garbage and config_dump_garbage.
    pub(super) fn config_collect_garbage(&mut self) {
        if self.autoconf.writers != 0 || !self.autoconf.garbage {
            return;
        }
        self.autoconf.garbage = false;
        let dead: Vec<usize> = self
            .autoconf
            .devices
            .iter()
            .filter(|(_, device)| device.deleted)
            .map(|(dev, _)| *dev)
            .collect();
        for dev in dead {
            self.device_delete(dev);
        }
    }

    /// config_devunlink and config_devdelete.
    fn device_delete(&mut self, dev: usize) {
        let Some(device) = self.autoconf.devices.remove(&dev) else { return };
        kassert!(device.pending == 0, "a device is freed with work pending");
        kassert!(device.refs == 0, "a device is freed with {} references", device.refs);
        if let Some(driver) = self.autoconf.drivers.get_mut(&device.cfdriver) {
            if let Some(slot) = driver.units.get_mut(device.unit as usize) {
                *slot = 0;
            }
            if driver.units.iter().all(|other| *other == 0) {
                driver.units.clear();
                self.autoconf.publish_units(device.cfdriver);
            }
        }
        self.free_device_memory(dev, device.private, device.private_len);
    }
}
