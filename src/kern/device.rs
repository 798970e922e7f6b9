// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Devices of autoconf(9).

use core::ffi::c_int;
use core::ptr::{self, NonNull};

use super::atomic::{AtomicPtr, Ordering};
use super::errno::{Errno, Result};
use super::kmem;
use super::kpi;
use super::systm::pause_a_tick;
use crate::unit::Unit;

/// Where a softc remembers its device.
pub struct DeviceCell(AtomicPtr<kpi::device>);

impl DeviceCell {
    /// No device yet.
    pub const fn new() -> Self {
        DeviceCell(AtomicPtr::new(ptr::null_mut()))
    }
}

impl Default for DeviceCell {
    fn default() -> Self {
        Self::new()
    }
}

/// A device during a call of autoconf.
#[derive(Clone, Copy)]
pub struct Device(NonNull<kpi::device>);

impl Device {
    /// The device of a call of autoconf.
    ///
    /// # Safety
    ///
    /// `raw` is NULL or stays a device for as long as the value is used.
    pub unsafe fn from_raw(raw: *mut kpi::device) -> Option<Device> {
        NonNull::new(raw).map(Device)
    }

    /// Its unit number.
    pub fn unit(self) -> Option<Unit> {
        // SAFETY: a device, by the type's contract.
        Unit::from_int(unsafe { kpi::device_unit(self.0.as_ptr()) })
    }

    /// Registers with power management, without anything to do for it.
    pub fn register_power_handler(self) -> bool {
        // SAFETY: a device, by the type's contract; no handlers are given.
        unsafe { kpi::pmf_device_register1(self.0.as_ptr(), None, None, None) }
    }

    /// The reverse.
    pub fn deregister_power_handler(self) {
        // SAFETY: registered before.
        unsafe { kpi::pmf_device_deregister(self.0.as_ptr()) }
    }

    /// Lets those fail who wait for the outcome of the detach that is under way.
    pub fn commit_detach(self) {
        // SAFETY: called from within this device's detach.
        unsafe { kpi::config_detach_commit(self.0.as_ptr()) }
    }
}

/// Attaches the pseudo-device of a unit; autoconf calls [`crate::attach::attach`] on the way.
/// EEXIST if autoconf has that unit already. The caller holds the creation mutex.
pub fn attach_pseudo(unit: Unit, cell: &DeviceCell) -> Result {
    let cfdata = kmem::zalloc::<kpi::cfdata>()?;
    // SAFETY: allocated above, and nobody else's yet.
    let fields = unsafe { &mut *cfdata.as_ptr() };
    // SAFETY: a table of register.c, with a static name.
    fields.cf_name = unsafe { kpi::tap_rs_cd.cd_name };
    // SAFETY: as above.
    fields.cf_atname = unsafe { kpi::tap_rs_ca.ca_name };
    fields.set_cf_unit(unit.as_int() as _);
    fields.cf_fstate = kpi::FSTATE_NOTFOUND as _;
    // SAFETY: the configuration data is filled in, zero elsewhere, and lives as long as the
    // device; the creation mutex keeps other creations and destructions out.
    let device = unsafe { kpi::config_attach_pseudo(cfdata.as_ptr()) };
    if device.is_null() {
        // SAFETY: no device refers to it.
        unsafe { kmem::free(cfdata) };
        return Err(Errno::EEXIST);
    }
    cell.0.store(device, Ordering::Release);
    Ok(())
}

/// Detaches what [`attach_pseudo`] attached; autoconf calls [`crate::attach::detach`] on the way.
/// The caller holds the creation mutex, so the device goes away here and nowhere else.
pub fn detach_pseudo(cell: &DeviceCell) {
    let device = cell.0.swap(ptr::null_mut(), Ordering::AcqRel);
    if device.is_null() {
        return;
    }
    // SAFETY: attached, and not detached yet.
    let cfdata = unsafe { kpi::device_cfdata(device) };
    let flags = (kpi::DETACH_FORCE | kpi::DETACH_QUIET) as c_int;
    // Only a signal to this thread, while drvctl(8) holds the device for a moment, makes this
    // fail: the detach itself does not.
    // SAFETY: attached; the creation mutex keeps it from being freed by anybody else.
    while unsafe { kpi::config_detach(device, flags) } != 0 {
        pause_a_tick();
    }
    if let Some(cfdata) = NonNull::new(cfdata) {
        // SAFETY: made by `attach_pseudo`, and the device is gone.
        unsafe { kmem::free(cfdata) };
    }
}

/// Revokes every vnode of a character device, and waits until no call is inside the driver
/// through one of them: after this, no node leads to that unit.
pub fn revoke_nodes(major: c_int, unit: Unit) {
    let minor = unit.as_int();
    // SAFETY: thread context; the driver's d_cancel ends what sleeps.
    unsafe { kpi::vdevgone(major, minor, minor, kpi::vtype_VCHR) }
}
