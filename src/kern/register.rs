// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The tables of `shim/register.c`, in and out of the kernel.
//!
//! config(9)'s lists are walked by others under the kernel lock, so it is held while they change.

use core::ffi::{c_int, CStr};
use core::ptr;

use super::errno::{check, Errno, Result};
use super::kpi;
use super::log;
use super::systm::KernelLock;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The driver's name in autoconf(9), and its character device's where "tap" is taken.
const NAME: &CStr = c"tap_rs";

/// Whether NetBSD's own tap driver is at work.
pub fn stock_driver_active() -> bool {
    let _kernel_lock = KernelLock::take();
    // SAFETY: reads autoconf's lists, under the kernel lock.
    unsafe { kpi::tap_rs_stock_active() != 0 }
}

/// The device driver "tap_rs" of autoconf(9), its attachment, and the name "tap" of NetBSD's own.
///
/// As long as a driver of that name is there, NetBSD's own cannot be loaded as a module beside this
/// one: both would make interfaces called tapN, and its unload would panic the kernel. Where it is
/// built in, the name is always taken, even while that driver is disabled.
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

    /// Gives the name back. EBUSY if somebody else has attached something to it. The kernel lock is
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

    /// At module unload, or when a load fails: nothing to do then if it is not attached. EBUSY, and
    /// nothing has changed, while autoconf keeps a device that has been detached, because somebody
    /// looks through its list.
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
