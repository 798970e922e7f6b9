// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Calls through the device switch: `cdev_open` and its like. A driver without D_MPSAFE runs with
//! the kernel lock. Only an open holds a reference to the driver and, if it says how, to the
//! device; the spec layer keeps the others from outliving their open.

use std::sync::Arc;

use tap_conformance::abi::{major, minor};
use tap_conformance::errno::{Errno, Result};

use super::{drained, Driver, NativeDevice};
use crate::kern::errno::{check, errno, EMOVEFD};
use crate::kern::uio::Request;
use crate::kpi;
use crate::sched::curlwp;
use crate::world::World;

/// S_IFCHR, as an open and a close are told.
const CHARACTER: i32 = kpi::S_IFCHR as i32;

/// A driver's entry that every driver must have.
fn needed<F>(member: Option<F>, name: &str) -> F {
    member.unwrap_or_else(|| crate::host_panic!("a driver without {name}"))
}

impl World {
    /// cdevsw_lookup: the driver of a device, a module's.
    pub(crate) fn cdevsw_lookup(&mut self, dev: u64) -> Result<kpi::cdevsw> {
        match self.devsw.attached(major(dev) as i32).map(|entry| &entry.driver) {
            // SAFETY: attached, so the module is there.
            Some(Driver::Module(at)) => Ok(unsafe { *(*at as *const kpi::cdevsw) }),
            _ => Err(Errno::ENXIO),
        }
    }

    /// Calls into a driver, as DEV_LOCK and DEV_UNLOCK bracket it.
    fn cdev_call<R>(&mut self, cdev: &kpi::cdevsw, call: impl FnOnce() -> R) -> R {
        let locked = cdev.d_flag as u32 & kpi::D_MPSAFE == 0;
        if locked {
            self.kernel_lock(1);
        }
        let result = self.outside(call);
        if locked {
            self.kernel_unlock(1);
        }
        result
    }

    /// cdev_open. EMOVEFD when the result is in a descriptor of its own, `l_dupfd`.
    pub(crate) fn cdev_open(&mut self, dev: u64, flags: u32) -> Result<()> {
        let number = major(dev) as i32;
        let driver = self.devsw.attached(number).map(|entry| entry.driver.clone());
        let result = match driver {
            None | Some(Driver::BuiltIn) => return Err(Errno::ENXIO),
            Some(Driver::Native(device)) => return self.cdev_open_native(&device, dev, flags),
            Some(Driver::Module(at)) => {
                self.devsw_entry(number).refs += 1;
                // SAFETY: attached, and the reference keeps it so.
                let cdev = unsafe { *(at as *const kpi::cdevsw) };
                self.cdev_open_module(&cdev, dev, flags)
            }
        };
        let entry = self.devsw_entry(number);
        entry.refs -= 1;
        if entry.draining && entry.refs == 0 {
            self.wake_all(drained(number));
        }
        result
    }

    fn cdev_open_native(
        &mut self,
        device: &Arc<dyn NativeDevice>,
        dev: u64,
        flags: u32,
    ) -> Result<()> {
        // The descriptor first: an open that has succeeded is not to be undone.
        let (file, fd) = self.fd_allocfile()?;
        match device.open(self, minor(dev), flags) {
            Ok(native) => self.become_native(file, native, flags),
            Err(error) => {
                self.fd_abort(Some(file), fd);
                return Err(error);
            }
        }
        self.fd_set_exclose(fd, flags & kpi::O_CLOEXEC != 0);
        self.fd_affix(file, fd);
        // SAFETY: the calling thread's own lwp.
        unsafe { (*curlwp()).l_dupfd = fd as _ };
        Err(EMOVEFD)
    }

    fn cdev_open_module(&mut self, cdev: &kpi::cdevsw, dev: u64, flags: u32) -> Result<()> {
        let device = match cdev.d_devtounit {
            None => None,
            Some(devtounit) => {
                // SAFETY: the driver's function, which only looks at the number.
                let unit = self.outside(|| unsafe { devtounit(dev) });
                let found = if unit == -1 {
                    None
                } else {
                    self.device_lookup_acquire(cdev.d_cfdriver as usize, unit)
                };
                Some(found.ok_or(Errno::ENXIO)?)
            }
        };
        let open = needed(cdev.d_open, "d_open");
        let lwp = curlwp();
        // SAFETY: the driver's function, and the calling thread's own lwp.
        let call = || unsafe { open(dev, flags as i32, CHARACTER, lwp) };
        let result = check(self.cdev_call(cdev, call));
        if let Some(device) = device {
            self.device_release(device);
        }
        result
    }

    /// cdev_cancel. ENODEV when the driver has no way to end its sleeps.
    pub(crate) fn cdev_cancel(&mut self, dev: u64, flags: u32) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let Some(cancel) = cdev.d_cancel else { return Err(Errno::ENODEV) };
        let lwp = curlwp();
        // SAFETY: the driver's function, and the calling thread's own lwp.
        let call = || unsafe { cancel(dev, flags as i32, CHARACTER, lwp) };
        check(self.cdev_call(&cdev, call))
    }

    /// cdev_close.
    pub(crate) fn cdev_close(&mut self, dev: u64, flags: u32) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let close = needed(cdev.d_close, "d_close");
        let lwp = curlwp();
        // SAFETY: the driver's function, and the calling thread's own lwp.
        let call = || unsafe { close(dev, flags as i32, CHARACTER, lwp) };
        check(self.cdev_call(&cdev, call))
    }

    /// cdev_read; `flags` are IO_*.
    pub(crate) fn cdev_read(&mut self, dev: u64, request: &mut Request, flags: u32) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let read = needed(cdev.d_read, "d_read");
        let uio: *mut kpi::uio = request.uio();
        // SAFETY: the driver's function, and a request of ours.
        check(self.cdev_call(&cdev, || unsafe { read(dev, uio, flags as i32) }))
    }

    /// cdev_write; `flags` are IO_*.
    pub(crate) fn cdev_write(&mut self, dev: u64, request: &mut Request, flags: u32) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let write = needed(cdev.d_write, "d_write");
        let uio: *mut kpi::uio = request.uio();
        // SAFETY: the driver's function, and a request of ours.
        check(self.cdev_call(&cdev, || unsafe { write(dev, uio, flags as i32) }))
    }

    /// cdev_ioctl; `flags` are the file's.
    pub(crate) fn cdev_ioctl(
        &mut self,
        dev: u64,
        command: u64,
        data: &mut [u8],
        flags: u32,
    ) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let ioctl = needed(cdev.d_ioctl, "d_ioctl");
        let data = data.as_mut_ptr().cast();
        let lwp = curlwp();
        // SAFETY: the driver's function, and a buffer of the length that the command states.
        let call = || unsafe { ioctl(dev, command, data, flags as i32, lwp) };
        check(self.cdev_call(&cdev, call))
    }

    /// cdev_poll: POLLERR where there is no driver.
    pub(crate) fn cdev_poll(&mut self, dev: u64, events: u32) -> u32 {
        let Ok(cdev) = self.cdevsw_lookup(dev) else { return kpi::POLLERR };
        let poll = needed(cdev.d_poll, "d_poll");
        let lwp = curlwp();
        // SAFETY: the driver's function, and the calling thread's own lwp.
        self.cdev_call(&cdev, || unsafe { poll(dev, events as i32, lwp) }) as u32
    }

    /// cdev_kqfilter.
    pub(crate) fn cdev_kqfilter(&mut self, dev: u64, knote: *mut kpi::knote) -> Result<()> {
        let cdev = self.cdevsw_lookup(dev)?;
        let Some(kqfilter) = cdev.d_kqfilter else { return Err(errno(kpi::EOPNOTSUPP)) };
        // SAFETY: the driver's function, and a knote that is being registered.
        check(self.cdev_call(&cdev, || unsafe { kqfilter(dev, knote) }))
    }

    /// cdev_detached: who waits for a device that is being detached fails from now on.
    pub(crate) fn cdev_detached(&mut self, dev: u64) {
        let Ok(cdev) = self.cdevsw_lookup(dev) else { return };
        let Some(devtounit) = cdev.d_devtounit else { return };
        // SAFETY: the driver's function, which only looks at the number.
        let unit = self.outside(|| unsafe { devtounit(dev) });
        if let Some(device) = self.device_lookup(cdev.d_cfdriver as usize, unit) {
            self.config_detach_commit(device);
        }
    }
}
