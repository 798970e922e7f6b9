// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How drivers find their devices by unit, with and without a reference.

use super::CHANGED;
use crate::kassert;
use crate::sched::{me, Sleep};
use crate::world::World;

impl World {
    fn device_of_unit(&self, cfdriver: usize, unit: i32) -> Option<usize> {
        let driver = self.autoconf.drivers.get(&cfdriver)?;
        let dev = *driver.units.get(usize::try_from(unit).ok()?)?;
        (dev != 0).then_some(dev)
    }

    /// device_lookup: no reference, so only for who keeps the device from going otherwise.
    pub(crate) fn device_lookup(&mut self, cfdriver: usize, unit: i32) -> Option<usize> {
        let dev = self.device_of_unit(cfdriver, unit)?;
        // Between its place in the array and its own birth there is nothing to look at.
        let device = self.autoconf.devices.get(&dev)?;
        (!device.deleted).then_some(dev)
    }

    /// device_lookup_acquire(9): waits for an attach or a detach to be over. `None` once a detach
    /// is committed to.
    pub fn device_lookup_acquire(&mut self, cfdriver: usize, unit: i32) -> Option<usize> {
        self.assert_sleepable("device_lookup_acquire");
        loop {
            let dev = self.device_lookup(cfdriver, unit)?;
            let device = self.device_state(dev);
            if device.committed {
                return None;
            }
            let attaches = device.attaching.is_some_and(|tid| tid != me());
            if !attaches && device.detaching.is_none() {
                self.device_acquire(dev);
                return Some(dev);
            }
            self.sleep(CHANGED, Sleep::default());
        }
    }

    /// device_acquire(9).
    pub fn device_acquire(&mut self, dev: usize) {
        let device = self.device_state(dev);
        kassert!(!device.done, "device_acquire: a device that is detached");
        device.refs += 1;
    }

    /// device_release(9).
    pub fn device_release(&mut self, dev: usize) {
        let device = self.device_state(dev);
        kassert!(device.refs > 0, "device_release: a device without references");
        device.refs -= 1;
        if device.refs == 0 && device.done {
            self.wake_all(CHANGED);
        }
    }
}
