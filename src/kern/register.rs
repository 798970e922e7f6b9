// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The tables of `shim/register.c`, in and out of the kernel.
//!
//! config(9)'s lists are walked by others under the kernel lock, so it is held while they change.

use core::ffi::{c_int, CStr};
use core::ptr;

use super::atomic::{AtomicBool, AtomicU32, Ordering};
use super::errno::{check, Errno, Result};
use super::kpi;
use super::log;
use super::systm::KernelLock;

/// The driver's name in autoconf(9), and its character device's where "tap" is taken.
const NAME: &CStr = c"tap_rs";

/// Whether NetBSD's own tap driver is at work.
pub fn stock_driver_active() -> bool {
    let _kernel_lock = KernelLock::take();
    // SAFETY: reads autoconf's lists, under the kernel lock.
    unsafe { kpi::tap_rs_stock_active() != 0 }
}

/// The device driver "tap_rs" of autoconf(9), and its attachment.
pub struct Autoconf(AtomicBool);

impl Autoconf {
    /// Not attached yet.
    pub const fn new() -> Self {
        Autoconf(AtomicBool::new(false))
    }

    /// At module load. On failure nothing is attached.
    pub fn attach(&self) -> Result {
        let _kernel_lock = KernelLock::take();
        let (driver, attachment) = autoconf_tables();
        // SAFETY: a table of register.c, attached once.
        check(unsafe { kpi::config_cfdriver_attach(driver) })?;
        // SAFETY: as above; the name is static.
        let attached = check(unsafe { kpi::config_cfattach_attach(NAME.as_ptr(), attachment) });
        if attached.is_err() {
            // SAFETY: attached above.
            unsafe { kpi::config_cfdriver_detach(driver) };
        }
        self.0.store(attached.is_ok(), Ordering::Release);
        attached
    }

    /// At module unload, or when a load fails: nothing to do then if it is not attached. EBUSY, and
    /// nothing has changed, while autoconf keeps a device that has been detached, because somebody
    /// looks through its list.
    pub fn detach(&self) -> Result {
        if self.0.load(Ordering::Acquire) {
            let _kernel_lock = KernelLock::take();
            let (driver, attachment) = autoconf_tables();
            // SAFETY: attached before.
            check(unsafe { kpi::config_cfattach_detach(NAME.as_ptr(), attachment) })?;
            // SAFETY: attached before. It does not fail: the driver has no device and no attachment.
            unsafe { kpi::config_cfdriver_detach(driver) };
            self.0.store(false, Ordering::Release);
        }
        Ok(())
    }
}

impl Default for Autoconf {
    fn default() -> Self {
        Self::new()
    }
}

fn autoconf_tables() -> (*mut kpi::cfdriver, *mut kpi::cfattach) {
    (&raw mut kpi::tap_rs_cd, &raw mut kpi::tap_rs_ca)
}

/// The interface cloner "tap".
pub fn attach_cloner() {
    let table = &raw mut kpi::tap_rs_cloner;
    // SAFETY: a table of register.c, attached once.
    unsafe { kpi::if_clone_attach(table) }
}

/// The reverse; waits for a create or destroy that is under way.
pub fn detach_cloner() {
    let table = &raw mut kpi::tap_rs_cloner;
    // SAFETY: attached before.
    unsafe { kpi::if_clone_detach(table) }
}

/// The character device.
pub struct CharDevice(AtomicU32);

impl CharDevice {
    /// Not attached yet.
    pub const fn new() -> Self {
        CharDevice(AtomicU32::new(0))
    }

    /// Attaches it as "tap", whose major number the kernel knows where tap(4) is not built in, or
    /// else as "tap_rs" with a major of the kernel's choice, and says so.
    pub fn attach(&self) -> Result {
        match self.attach_as(c"tap") {
            Err(Errno::EEXIST) => self.attach_as(NAME),
            other => other,
        }
    }

    fn attach_as(&self, name: &CStr) -> Result {
        let mut block: kpi::__devmajor_t = -1;
        let mut character: kpi::__devmajor_t = -1;
        // SAFETY: the name is copied; the table of register.c stays until `detach`.
        check(unsafe {
            kpi::devsw_attach(
                name.as_ptr(),
                ptr::null(),
                &mut block,
                &raw const kpi::tap_rs_cdevsw,
                &mut character,
            )
        })?;
        self.0.store(character as u32, Ordering::Release);
        log::major(name, character);
        Ok(())
    }

    /// The reverse: no open gets in any more, and those that were inside have left.
    pub fn detach(&self) {
        // SAFETY: attached before, and nothing has it open.
        unsafe { kpi::devsw_detach(ptr::null(), &raw const kpi::tap_rs_cdevsw) }
    }

    /// Its major number.
    pub fn major(&self) -> c_int {
        self.0.load(Ordering::Acquire) as c_int
    }
}

impl Default for CharDevice {
    fn default() -> Self {
        Self::new()
    }
}
