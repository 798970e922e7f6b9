// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A descriptor of the cloning open: `tap_rs_fileops` of `shim/register.c`.

use core::ffi::{c_int, c_uint, c_ulong, c_void};

use super::exit_word;
use crate::cloner;
use crate::event;
use crate::io;
use crate::ioctl;
use crate::kern::errno::{to_int, Errno};
use crate::kern::file::{make_dev, File, Stat};
use crate::kern::ioctl::Request;
use crate::kern::knote::Knote;
use crate::kern::kpi;
use crate::kern::select::PollEvents;
use crate::kern::uio::Uio;
use crate::lockfree::arc::Arc;
use crate::softc::Softc;

declared!(
    tap_rs_fops_read,
    tap_rs_fops_write,
    tap_rs_fops_ioctl,
    tap_rs_fops_poll,
    tap_rs_fops_stat,
    tap_rs_fops_close,
    tap_rs_fops_kqfilter,
    tap_rs_fops_restart,
);

/// The softc behind a cloned descriptor.
///
/// # Safety
///
/// `file` is a file of this driver in a call of its fileops, and the result used no longer.
unsafe fn softc_of_file<'a>(file: *mut kpi::file) -> &'a Softc {
    // SAFETY: the kernel holds the file for the length of the call.
    let file = File::new(unsafe { &*file });
    // SAFETY: the fact about cloned descriptors, at the top of `entry/mod.rs`.
    unsafe { file.data::<Softc>().as_ref() }
}

/// fo_read.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_read(
    file: *mut kpi::file,
    _offset: *mut kpi::off_t,
    uio: *mut kpi::uio,
    _cred: kpi::kauth_cred_t,
    _flags: c_int,
) -> c_int {
    // SAFETY: the kernel holds the file for the length of the call.
    let flags = File::new(unsafe { &*file }).flags();
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of the driver's fileops.
    to_int(io::read(unsafe { softc_of_file(file) }, uio, flags))
}

/// fo_write.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_write(
    file: *mut kpi::file,
    _offset: *mut kpi::off_t,
    uio: *mut kpi::uio,
    _cred: kpi::kauth_cred_t,
    _flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of the driver's fileops.
    to_int(io::write(unsafe { softc_of_file(file) }, uio))
}

/// fo_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_ioctl(
    file: *mut kpi::file,
    command: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: sys_ioctl's buffer, of the length that the command states.
    let request = unsafe { Request::new(command, data) };
    // SAFETY: the kernel holds the file for the length of the call.
    let flags = File::new(unsafe { &*file }).flags();
    // SAFETY: this is a call of the driver's fileops.
    to_int(ioctl::descriptor(unsafe { softc_of_file(file) }, request, flags))
}

/// fo_poll.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_poll(file: *mut kpi::file, events: c_int) -> c_int {
    // SAFETY: this is a call of the driver's fileops.
    let softc = unsafe { softc_of_file(file) };
    event::poll(softc, PollEvents::from_raw(events)).to_raw()
}

/// fo_stat.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_stat(file: *mut kpi::file, stat: *mut kpi::stat) -> c_int {
    // SAFETY: the answer is the caller's for the length of the call.
    let mut stat = Stat::new(unsafe { &mut *stat });
    // SAFETY: this is a call of the driver's fileops.
    let softc = unsafe { softc_of_file(file) };
    if softc.channel.is_gone() {
        return Errno::ENXIO.raw();
    }
    let device = make_dev(cloner::DEVICE.major(), softc.unit);
    // SAFETY: the kernel holds the file for the length of the call.
    stat.fill(File::new(unsafe { &*file }), device, &softc.times());
    0
}

/// fo_close, all but its last instruction.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_close(file: *mut kpi::file) -> *mut c_uint {
    // SAFETY: the kernel holds the file for the length of the call.
    let data = File::new(unsafe { &*file }).data::<Softc>();
    // SAFETY: the reference that the cloning open left; fo_close is called once.
    let softc = unsafe { Arc::from_raw(data) };
    cloner::close_cloned(&softc);
    // The reference is dropped here, but the softc is not freed before the word is cleared.
    exit_word(softc.begin_close_exit())
}

/// fo_kqfilter.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_kqfilter(
    file: *mut kpi::file,
    knote: *mut kpi::knote,
) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: this is a call of the driver's fileops.
    to_int(event::attach_knote(unsafe { softc_of_file(file) }, knote))
}

/// fo_restart: another thread closes the descriptor.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_restart(file: *mut kpi::file) {
    // SAFETY: this is a call of the driver's fileops.
    unsafe { softc_of_file(file) }.channel.restart();
}
