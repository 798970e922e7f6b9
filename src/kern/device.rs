// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Devices of autoconf(9).

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::{offset_of, MaybeUninit};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use bitflags::bitflags;
use static_assertions::const_assert_eq;

use super::errno::{check, Errno, Result};
use super::kpi;
use super::systm::pause_a_tick;
use crate::unit::Unit;

bitflags! {
    /// How a device is detached, DETACH_*.
    #[derive(Clone, Copy)]
    struct DetachFlags: u32 {
        /// Whatever the driver thinks of it.
        const FORCE = kpi::DETACH_FORCE;
        /// Without a message.
        const QUIET = kpi::DETACH_QUIET;
    }
}

/// The device of an interface. It is part of the softc, which outlives the device.
pub struct PseudoDevice {
    device: AtomicPtr<kpi::device>,
    record: UnsafeCell<MaybeUninit<Record>>,
}

/// What autoconf keeps a pointer to. The cfdata is the first field, so the record, and with it the
/// softc, can be found from a device.
#[repr(C)]
struct Record {
    cfdata: kpi::cfdata,
    softc: *const c_void,
}

const_assert_eq!(offset_of!(Record, cfdata), 0);

// SAFETY: the record is written while nobody else has the device, and then autoconf's own.
unsafe impl Sync for PseudoDevice {}
// SAFETY: as above.
unsafe impl Send for PseudoDevice {}

impl PseudoDevice {
    /// No device yet.
    pub const fn new() -> Self {
        PseudoDevice {
            device: AtomicPtr::new(ptr::null_mut()),
            record: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Attaches the device of a unit; autoconf calls ca_attach on the way. EBUSY if autoconf has
    /// that unit still. One thread at a time attaches and detaches devices of the driver.
    pub fn attach<T>(&self, unit: Unit, softc: &T) -> Result {
        let record = self.record.get().cast::<Record>();
        // SAFETY: a field of the record, which is this type's own.
        let owner = unsafe { &raw mut (*record).softc };
        // SAFETY: no device refers to the record yet.
        unsafe { owner.write(ptr::from_ref(softc).cast()) };
        // SAFETY: the data is the record's first part; `attach` fills in all of it.
        unsafe { kpi::tap_rs_cfdata_init(record.cast(), unit.as_int()) };
        // SAFETY: filled in above, and part of the softc, which outlives the device; no other
        // attach or detach is under way.
        let device = unsafe { kpi::config_attach_pseudo(record.cast()) };
        if device.is_null() {
            return Err(Errno::EBUSY);
        }
        self.device.store(device, Ordering::Release);
        Ok(())
    }

    /// Detaches what [`attach`](Self::attach) attached; autoconf calls ca_detach on the way. One
    /// thread at a time attaches and detaches, so the device goes away here and nowhere else.
    pub fn detach(&self) {
        let device = self.device.swap(ptr::null_mut(), Ordering::AcqRel);
        if device.is_null() {
            return;
        }
        let flags = DetachFlags::FORCE.union(DetachFlags::QUIET).bits() as c_int;
        loop {
            // SAFETY: attached; nobody else detaches it meanwhile.
            match check(unsafe { kpi::config_detach(device, flags) }) {
                // A signal arrived while this thread waited for drvctl(8), so try again.
                Err(Errno::EINTR | Errno::ERESTART) => pause_a_tick(),
                // The detach itself does not fail.
                _ => return,
            }
        }
    }
}

impl Default for PseudoDevice {
    fn default() -> Self {
        Self::new()
    }
}

/// A device during a call of autoconf.
#[derive(Clone, Copy)]
pub struct Device<'a>(&'a kpi::device);

impl<'a> Device<'a> {
    /// The device of a call of autoconf.
    ///
    /// # Safety
    ///
    /// [`PseudoDevice::attach`] attached it.
    pub unsafe fn new(raw: &'a kpi::device) -> Self {
        Device(raw)
    }

    fn as_ptr(self) -> *mut kpi::device {
        ptr::from_ref(self.0).cast_mut()
    }

    /// What [`PseudoDevice::attach`] was given.
    pub fn softc(self) -> *const c_void {
        // SAFETY: a device, by the type's contract.
        let cfdata = unsafe { kpi::device_cfdata(self.as_ptr()) };
        // SAFETY: the data is the first part of the record of `PseudoDevice::attach`.
        unsafe { (*cfdata.cast::<Record>()).softc }
    }

    /// Registers the device with power management. It needs no handlers.
    pub fn register_power_handler(self) -> bool {
        // SAFETY: a device, by the type's contract; no handlers are given.
        unsafe { kpi::pmf_device_register1(self.as_ptr(), None, None, None) }
    }

    /// The reverse.
    pub fn deregister_power_handler(self) {
        // SAFETY: registered before.
        unsafe { kpi::pmf_device_deregister(self.as_ptr()) }
    }
}

/// Revokes every vnode of a unit's character device, and waits until the calls through them have
/// returned. After this, the unit cannot be reached through a node.
pub fn revoke_nodes(major: c_int, unit: Unit) {
    let minor = unit.as_int();
    // SAFETY: thread context; the driver's d_cancel ends what sleeps.
    unsafe { kpi::vdevgone(major, minor, minor, kpi::vtype_VCHR) }
}
