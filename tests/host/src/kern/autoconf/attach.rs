// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How a pseudo-device comes to be. Nobody else gets a reference to it before its ca_attach has
//! returned.

use super::{text, Device, CHANGED};
use crate::kern::kmem::Kind;
use crate::kpi;
use crate::sched::me;
use crate::world::World;
use crate::{host_panic, kassert};

pub(super) const DEVICE: Kind = Kind::Object("device");
pub(super) const SOFTC: Kind = Kind::Object("softc");
/// DEVICE_XNAME_SIZE: all that a `device_t`'s memory holds.
pub(super) const NAME_LEN: usize = 16;

impl World {
    /// config_makeroom: the array of units is doubled until it has the unit.
    fn config_makeroom(&mut self, cfdriver: usize, unit: usize) {
        self.assert_sleepable("config_makeroom");
        let Some(driver) = self.autoconf.drivers.get_mut(&cfdriver) else { return };
        let mut len = driver.units.len().max(4);
        while len <= unit {
            len *= 2;
            kassert!(i32::try_from(len).is_ok(), "config_makeroom: unit {unit} overflows an int");
        }
        driver.units.resize(len, 0);
        self.autoconf.publish_units(cfdriver);
    }

    /// config_unit_alloc: the unit that the configuration data asks for, or from there on the
    /// first free one if it asks with a star.
    fn config_unit_alloc(&mut self, dev: usize, cfdriver: usize, cf: &kpi::cfdata) -> Option<i32> {
        self.config_collect_garbage();
        let mut unit = usize::try_from(cf.cf_unit()).ok()?;
        let star = u32::from(cf.cf_fstate) == kpi::FSTATE_STAR;
        loop {
            let units = &mut self.autoconf.drivers.get_mut(&cfdriver)?.units;
            match units.get_mut(unit) {
                None => self.config_makeroom(cfdriver, unit),
                Some(slot) if *slot == 0 => {
                    *slot = dev;
                    return i32::try_from(unit).ok();
                }
                Some(_) if star => unit += 1,
                Some(_) => return None,
            }
        }
    }

    /// config_devalloc: `None` when there is no such driver or attachment, or the unit is taken.
    fn device_alloc(&mut self, cfdata: *mut kpi::cfdata) -> Option<usize> {
        // SAFETY: the caller's configuration data.
        let cf = unsafe { &*cfdata };
        let name = text(cf.cf_name);
        let cfdriver = self.config_cfdriver_lookup(&name)?;
        let cfattach = self.config_cfattach_lookup(cfdriver, &text(cf.cf_atname))?;
        // SAFETY: attached, so the module that it is in is there.
        let attachment = unsafe { &*(cfattach as *const kpi::cfattach) };
        kassert!(
            attachment.ca_flags as u32 & kpi::DVF_PRIV_ALLOC != 0,
            "{name}: an attachment without DVF_PRIV_ALLOC"
        );
        self.assert_sleepable("config_devalloc");
        let private_len = attachment.ca_devsize;
        let private = match private_len {
            0 => 0,
            len => self.allocate(len, SOFTC, true) as usize,
        };
        let dev = self.allocate(NAME_LEN, DEVICE, true) as usize;
        let Some(unit) = self.config_unit_alloc(dev, cfdriver, cf) else {
            self.free_device_memory(dev, private, private_len);
            return None;
        };
        write_name(dev, &format!("{name}{unit}"));
        let device = Device {
            cfdata: cfdata as usize,
            cfdriver,
            cfattach,
            unit,
            private,
            private_len,
            attaching: Some(me()),
            detaching: None,
            committed: false,
            done: false,
            deleted: false,
            refs: 0,
            pending: 0,
        };
        self.autoconf.devices.insert(dev, device);
        Some(dev)
    }

    pub(super) fn free_device_memory(&mut self, dev: usize, private: usize, private_len: usize) {
        if private_len != 0 {
            self.free(private as *mut _, Some(private_len), SOFTC);
        }
        self.free(dev as *mut _, Some(NAME_LEN), DEVICE);
    }

    /// config_attach_pseudo(9).
    pub(crate) fn config_attach_pseudo(&mut self, cfdata: *mut kpi::cfdata) -> Option<usize> {
        self.kernel_lock(1);
        let dev = self.device_alloc(cfdata);
        if let Some(dev) = dev {
            // SAFETY: the caller's configuration data, which lives as long as the device.
            let cf = unsafe { &mut *cfdata };
            if u32::from(cf.cf_fstate) != kpi::FSTATE_STAR {
                kassert!(
                    u32::from(cf.cf_fstate) == kpi::FSTATE_NOTFOUND,
                    "config_attach_pseudo: cf_fstate is {}",
                    cf.cf_fstate
                );
                cf.cf_fstate = kpi::FSTATE_FOUND as _;
            }
            self.config_run_attach(dev);
        }
        self.kernel_unlock(1);
        dev
    }

    fn config_run_attach(&mut self, dev: usize) {
        let device = self.device_state(dev);
        device.pending += 1;
        device.refs += 1;
        let cfattach = device.cfattach as *const kpi::cfattach;
        // SAFETY: attached, so the module that it is in is there.
        let attach = match unsafe { (*cfattach).ca_attach } {
            Some(attach) => attach,
            None => host_panic!("an attachment without ca_attach"),
        };
        let argument = dev as kpi::device_t;
        // SAFETY: the driver's function, and a device that nobody else has yet.
        self.outside(|| unsafe { attach(std::ptr::null_mut(), argument, std::ptr::null_mut()) });
        let device = self.device_state(dev);
        kassert!(device.attaching == Some(me()), "a device was attached by two threads");
        device.attaching = None;
        device.pending -= 1;
        self.wake_all(CHANGED);
        self.device_release(dev);
    }
}

/// device_xname's text.
fn write_name(dev: usize, name: &str) {
    kassert!(name.len() < NAME_LEN, "config_devalloc: the name {name} is too long");
    // SAFETY: allocated with that length, and zeroed.
    let field = unsafe { std::slice::from_raw_parts_mut(dev as *mut u8, NAME_LEN) };
    field[..name.len()].copy_from_slice(name.as_bytes());
}
