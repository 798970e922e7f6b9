// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The character device: `tap_rs_cdevsw` of `shim/register.c`.

use core::ffi::{c_int, c_ulong, c_void};

use crate::cloner::{self, TABLE};
use crate::event;
use crate::io;
use crate::ioctl;
use crate::kern::errno::{to_int, Errno};
use crate::kern::file::{minor, FileFlags};
use crate::kern::ioctl::Request;
use crate::kern::knote::Knote;
use crate::kern::kpi;
use crate::kern::select::PollEvents;
use crate::kern::uio::{IoFlags, Uio};
use crate::softc::Softc;
use crate::unit::CLONER_MINOR;

declared!(
    tap_rs_cdev_open,
    tap_rs_cdev_cancel,
    tap_rs_cdev_close,
    tap_rs_cdev_read,
    tap_rs_cdev_write,
    tap_rs_cdev_ioctl,
    tap_rs_cdev_poll,
    tap_rs_cdev_kqfilter,
);

/// The softc behind a device node.
///
/// # Safety
///
/// Called from within a call of cdevsw, and used no longer.
unsafe fn softc_of_node<'a>(dev: kpi::dev_t) -> Result<&'a Softc, Errno> {
    // SAFETY: the fact about nodes, at the top of `entry/mod.rs`.
    unsafe { TABLE.get(minor(dev)) }.ok_or(Errno::ENXIO)
}

/// d_open.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_open(
    dev: kpi::dev_t,
    flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    if minor(dev) == CLONER_MINOR {
        return cloner::cloning_open(FileFlags::from_raw(flags)).raw();
    }
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(Softc::open_node))
}

/// d_cancel: the node is revoked, or the last one is closed.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_cancel(
    dev: kpi::dev_t,
    _flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: this is a call of cdevsw.
    if let Ok(softc) = unsafe { softc_of_node(dev) } {
        softc.channel.cancel();
    }
    0
}

/// d_close. The spec layer lets one in at a time. Without a softc there is nothing to do: detach has
/// done the work, and waits for this call to return.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_close(
    dev: kpi::dev_t,
    _flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: this is a call of cdevsw.
    if let Ok(softc) = unsafe { softc_of_node(dev) } {
        cloner::close_node(softc);
    }
    0
}

/// d_read.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_read(
    dev: kpi::dev_t,
    uio: *mut kpi::uio,
    flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    let flags = IoFlags::from_raw(flags).to_file();
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(|softc| io::read(softc, uio, flags)))
}

/// d_write.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_write(
    dev: kpi::dev_t,
    uio: *mut kpi::uio,
    _flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(|softc| io::write(softc, uio)))
}

/// d_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_ioctl(
    dev: kpi::dev_t,
    command: c_ulong,
    data: *mut c_void,
    flags: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: sys_ioctl's buffer, of the length that the command states.
    let request = unsafe { Request::new(command, data) };
    // SAFETY: this is a call of cdevsw.
    let softc = unsafe { softc_of_node(dev) };
    to_int(softc.and_then(|softc| ioctl::descriptor(softc, request, FileFlags::from_raw(flags))))
}

/// d_poll.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_poll(
    dev: kpi::dev_t,
    events: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: this is a call of cdevsw.
    let softc = unsafe { softc_of_node(dev) };
    let ready = match softc {
        Ok(softc) => event::poll(softc, PollEvents::from_raw(events)),
        Err(_) => PollEvents::HUP,
    };
    ready.to_raw()
}

/// d_kqfilter.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_kqfilter(dev: kpi::dev_t, knote: *mut kpi::knote) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: this is a call of cdevsw.
    let softc = unsafe { softc_of_node(dev) };
    to_int(softc.and_then(|softc| event::attach_knote(softc, knote)))
}
