// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! autoconf(9), as sys/kern/subr_autoconf.c and subr_device.c have it: drivers, their attachments
//! and units, and what holds a device.
//!
//! A `device_t` is an address whose memory says nothing but the device's name. What autoconf knows
//! of it is here, and an address that is no device, or no longer one, ends the process.

mod attach;
mod builtin;
mod detach;
mod exports;
mod lookup;

use std::ffi::CStr;

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use crate::host_panic;
use crate::kern::errno::errno;
use crate::kpi;
use crate::sched::{Chan, Tid};
use crate::world::World;

pub use exports::EXPORTS;

/// config_misc_cv: an attach or a detach goes on, or a reference is given back while one waits.
const CHANGED: Chan = Chan { kind: "cfgmisc", address: 0 };

/// A `struct cfdriver` that is attached.
struct Driver {
    name: String,
    /// Its `struct cfattach`s, the latest first.
    attachments: Vec<usize>,
    /// Its devices by unit, 0 where there is none: what `cd_devs` points at.
    units: Vec<usize>,
}

/// One device.
struct Device {
    cfdata: usize,
    cfdriver: usize,
    cfattach: usize,
    unit: i32,
    /// The driver's memory, and its length, which may be 0.
    private: usize,
    private_len: usize,
    /// Who runs its ca_attach.
    attaching: Option<Tid>,
    /// Who detaches it.
    detaching: Option<Tid>,
    /// Who waits for the detach fails from now on.
    committed: bool,
    /// The driver has let go of it.
    done: bool,
    /// Detached, and freed as soon as nobody else detaches anything.
    deleted: bool,
    /// device_acquire's references: its localcount.
    refs: u32,
    /// What must be over before it may be detached.
    pending: u32,
}

/// All drivers and devices.
#[derive(Default)]
pub struct Autoconf {
    /// By the address of the `struct cfdriver`.
    drivers: LiteMap<usize, Driver>,
    /// By `device_t`.
    devices: LiteMap<usize, Device>,
    /// alldevs_nwrite: how many detaches are under way.
    writers: u32,
    garbage: bool,
    /// The kernel's own tap(4): its cfdriver and its cfattach.
    built_in: Option<(usize, usize)>,
}

impl Autoconf {
    /// How many devices a driver has.
    pub fn units(&self, cfdriver: usize) -> usize {
        self.devices.values().filter(|device| device.cfdriver == cfdriver).count()
    }

    /// How many devices there are.
    pub fn count(&self) -> usize {
        self.devices.len()
    }

    /// What is still there, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        let own = self.built_in.map(|(cfdriver, _)| cfdriver);
        let others = self.drivers.iter().filter(|(at, _)| Some(**at) != own);
        let drivers = others.map(|(_, driver)| format!("cfdriver {}", driver.name));
        let devices = self.devices.values().map(|device| {
            let name = self.drivers.get(&device.cfdriver).map_or("?", |driver| &driver.name);
            format!("device {name}{}, {} refs", device.unit, device.refs)
        });
        drivers.chain(devices).collect()
    }

    fn driver_by_name(&self, name: &str) -> Option<usize> {
        self.drivers.iter().find(|(_, driver)| driver.name == name).map(|(at, _)| *at)
    }

    /// Shows a driver's attachments in its `cd_attach`, where C code looks.
    fn publish_attachments(&self, cfdriver: usize) {
        let Some(driver) = self.drivers.get(&cfdriver) else { return };
        let mut next: *mut kpi::cfattach = std::ptr::null_mut();
        for attachment in driver.attachments.iter().rev() {
            let attachment = *attachment as *mut kpi::cfattach;
            // SAFETY: attached, so the module that it is in is there.
            unsafe { (*attachment).ca_list.le_next = next };
            next = attachment;
        }
        // SAFETY: attached, so the module that it is in is there.
        unsafe { (*(cfdriver as *mut kpi::cfdriver)).cd_attach.lh_first = next };
    }

    /// Shows a driver's units in its `cd_devs`, where C code looks.
    fn publish_units(&mut self, cfdriver: usize) {
        let Some(driver) = self.drivers.get_mut(&cfdriver) else { return };
        // SAFETY: attached, so the module that it is in is there.
        let fields = unsafe { &mut *(cfdriver as *mut kpi::cfdriver) };
        fields.cd_ndevs = driver.units.len() as _;
        fields.cd_devs = if driver.units.is_empty() {
            std::ptr::null_mut()
        } else {
            driver.units.as_mut_ptr().cast()
        };
    }
}

/// A C string of a module's table.
fn text(at: *const std::ffi::c_char) -> String {
    // SAFETY: a string of a module's table, which outlives the call.
    unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned()
}

impl World {
    fn device_state(&mut self, dev: usize) -> &mut Device {
        match self.autoconf.devices.get_mut(&dev) {
            Some(device) => device,
            None => host_panic!("{dev:#x} is no device, or no longer one"),
        }
    }

    /// device_xname(9).
    pub(crate) fn device_name(&mut self, dev: usize) -> String {
        self.device_state(dev);
        // SAFETY: a device that exists begins with its name.
        unsafe { CStr::from_ptr(dev as *const std::ffi::c_char) }.to_string_lossy().into_owned()
    }

    /// config_cfdriver_attach: EEXIST for a name that is taken.
    pub(crate) fn config_cfdriver_attach(&mut self, cfdriver: *mut kpi::cfdriver) -> Result<()> {
        // SAFETY: the caller's table.
        let name = text(unsafe { (*cfdriver).cd_name });
        if self.autoconf.driver_by_name(&name).is_some() {
            return Err(Errno::EEXIST);
        }
        let at = cfdriver as usize;
        let driver = Driver { name, attachments: Vec::new(), units: Vec::new() };
        self.autoconf.drivers.insert(at, driver);
        self.autoconf.publish_attachments(at);
        Ok(())
    }

    /// config_cfdriver_detach: EBUSY while there is a unit or an attachment.
    pub(crate) fn config_cfdriver_detach(&mut self, cfdriver: *mut kpi::cfdriver) -> Result<()> {
        let at = cfdriver as usize;
        self.config_collect_garbage();
        match self.autoconf.drivers.get(&at) {
            None => host_panic!("config_cfdriver_detach: {at:#x} is not attached"),
            Some(driver) if driver.units.iter().any(|device| *device != 0) => Err(Errno::EBUSY),
            Some(driver) if !driver.attachments.is_empty() => Err(Errno::EBUSY),
            Some(_) => {
                self.autoconf.drivers.remove(&at);
                Ok(())
            }
        }
    }

    /// config_cfdriver_lookup.
    pub fn config_cfdriver_lookup(&self, name: &str) -> Option<usize> {
        self.autoconf.driver_by_name(name)
    }

    /// config_cfattach_attach: ESRCH without such a driver, EEXIST for a name that is taken.
    pub(crate) fn config_cfattach_attach(
        &mut self,
        driver: &str,
        attachment: *mut kpi::cfattach,
    ) -> Result<()> {
        let at = self.config_cfdriver_lookup(driver).ok_or(errno(kpi::ESRCH))?;
        // SAFETY: the caller's table.
        let name = text(unsafe { (*attachment).ca_name });
        if self.config_cfattach_lookup(at, &name).is_some() {
            return Err(Errno::EEXIST);
        }
        if let Some(driver) = self.autoconf.drivers.get_mut(&at) {
            driver.attachments.insert(0, attachment as usize);
        }
        self.autoconf.publish_attachments(at);
        Ok(())
    }

    /// config_cfattach_detach: ESRCH without such a driver, EBUSY while a device is attached by it.
    pub(crate) fn config_cfattach_detach(
        &mut self,
        driver: &str,
        attachment: *mut kpi::cfattach,
    ) -> Result<()> {
        let at = self.config_cfdriver_lookup(driver).ok_or(errno(kpi::ESRCH))?;
        self.config_collect_garbage();
        let attachment = attachment as usize;
        if self.autoconf.devices.values().any(|device| device.cfattach == attachment) {
            return Err(Errno::EBUSY);
        }
        let Some(driver) = self.autoconf.drivers.get_mut(&at) else { return Ok(()) };
        match driver.attachments.iter().position(|other| *other == attachment) {
            Some(position) => driver.attachments.remove(position),
            None => host_panic!("config_cfattach_detach: {attachment:#x} is not attached"),
        };
        self.autoconf.publish_attachments(at);
        Ok(())
    }

    /// config_cfattach_lookup, of a driver's address.
    fn config_cfattach_lookup(&self, cfdriver: usize, name: &str) -> Option<usize> {
        let driver = self.autoconf.drivers.get(&cfdriver)?;
        driver.attachments.iter().copied().find(|at| {
            // SAFETY: attached, so the module that it is in is there.
            text(unsafe { (*(*at as *const kpi::cfattach)).ca_name }) == name
        })
    }
}
