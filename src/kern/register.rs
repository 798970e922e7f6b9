// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Registers the tables of `shim/register.c` in the kernel, and removes them.
//!
//! Other threads walk the lists of config(9) with the kernel lock held, so it is held here while
//! they are changed.

use core::ffi::{c_int, CStr};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::errno::{check, Errno, Result};
use super::kpi;
use super::log;
use super::systm::KernelLock;

/// The driver's name in autoconf(9), and its character device's where "tap" is taken.
const NAME: &CStr = c"tap_rs";

/// Whether NetBSD's own tap driver is active.
pub fn stock_driver_active() -> bool {
    let _kernel_lock = KernelLock::take();
    // SAFETY: reads autoconf's lists, under the kernel lock.
    unsafe { kpi::tap_rs_stock_active() != 0 }
}

/// The device driver "tap_rs" of autoconf(9), its attachment, and the name "tap" of NetBSD's own.
///
/// While a driver named "tap" exists, NetBSD's own module cannot be loaded. If it could, both
/// drivers would create interfaces named tapN, and unloading NetBSD's own would panic the kernel.
/// Where that driver is built in, the name is always taken, even while the driver is disabled.
pub struct Autoconf {
    attached: AtomicBool,
    reserved: AtomicBool,
}

impl Autoconf {
    /// Not attached yet.
    pub const fn new() -> Self {
        Autoconf { attached: AtomicBool::new(false), reserved: AtomicBool::new(false) }
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
            return attached;
        }
        self.attached.store(true, Ordering::Release);
        self.reserve();
        Ok(())
    }

    /// Takes the name "tap" if it is free. The kernel lock is held.
    fn reserve(&self) {
        let reserved = &raw mut kpi::tap_rs_reserved_cd;
        // SAFETY: a table of register.c, which is not attached.
        let taken = check(unsafe { kpi::config_cfdriver_attach(reserved) });
        self.reserved.store(taken.is_ok(), Ordering::Release);
    }

    /// Releases the name. EBUSY if another driver has attached something to it. The kernel lock is
    /// held.
    fn release(&self) -> Result {
        if self.reserved.load(Ordering::Acquire) {
            let reserved = &raw mut kpi::tap_rs_reserved_cd;
            // SAFETY: attached before.
            check(unsafe { kpi::config_cfdriver_detach(reserved) })?;
            self.reserved.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// At module unload, or after a load that failed. If the driver is not attached, it does
    /// nothing. It fails with EBUSY, and changes nothing, while autoconf keeps a detached device
    /// because a thread walks the device list.
    pub fn detach(&self) -> Result {
        if self.attached.load(Ordering::Acquire) {
            let _kernel_lock = KernelLock::take();
            let (driver, attachment) = autoconf_tables();
            self.release()?;
            // SAFETY: attached before.
            let detached = check(unsafe { kpi::config_cfattach_detach(NAME.as_ptr(), attachment) });
            if detached.is_err() {
                self.reserve();
                return detached;
            }
            // SAFETY: attached before. It does not fail: the driver has no device and no attachment.
            unsafe { kpi::config_cfdriver_detach(driver) };
            self.attached.store(false, Ordering::Release);
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

/// Detaches the cloner. Waits for a create or destroy in progress.
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

    /// Attaches it as "tap", for which the kernel has a reserved major number, if tap(4) is not
    /// built in. Otherwise attaches it as "tap_rs", with a major number that the kernel chooses.
    /// Logs the result.
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

    /// Detaches it. After this, no open is in progress, and no further one can begin.
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
