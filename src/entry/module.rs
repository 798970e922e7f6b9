// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The module, autoconf(9) and the interface cloner: `if_tap_rs_modcmd`, `tap_rs_ca` and
//! `tap_rs_cloner` of `shim/register.c`.

use core::ffi::{c_int, c_void};

use super::softc_of;
use crate::attach;
use crate::cloner;
use crate::kern::device::Device;
use crate::kern::errno::to_int;
use crate::kern::kpi;
use crate::softc::Softc;

declared!(
    tap_rs_init,
    tap_rs_fini,
    tap_rs_match,
    tap_rs_attach,
    tap_rs_detach,
    tap_rs_clone_create,
    tap_rs_clone_destroy,
);

/// MODULE_CMD_INIT.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_init() -> c_int {
    to_int(cloner::load())
}

/// MODULE_CMD_FINI.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fini() -> c_int {
    to_int(cloner::unload())
}

/// ca_match: a pseudo-device always exists.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_match(
    _parent: kpi::device_t,
    _cfdata: kpi::cfdata_t,
    _aux: *mut c_void,
) -> c_int {
    1
}

/// Returns the softc of a device of this driver, and the device.
///
/// # Safety
///
/// Call it only in ca_attach or ca_detach, and do not use the results after these have returned.
unsafe fn of_device<'a>(device: kpi::device_t) -> (&'a Softc, Device<'a>) {
    // SAFETY: autoconf keeps the device for the length of the call.
    let device = unsafe { &*device };
    // SAFETY: autoconf calls with what `PseudoDevice::attach` attached.
    let device = unsafe { Device::new(device) };
    // SAFETY: `attach_unit` gave the device a pointer to the softc that it is part of.
    (unsafe { &*device.softc().cast() }, device)
}

/// ca_attach.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_attach(
    _parent: kpi::device_t,
    device: kpi::device_t,
    _aux: *mut c_void,
) {
    // SAFETY: this is ca_attach.
    let (softc, device) = unsafe { of_device(device) };
    attach::attach(softc, device);
}

/// ca_detach.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_detach(device: kpi::device_t, _flags: c_int) -> c_int {
    // SAFETY: this is ca_detach; unless it is refused, the destroying thread holds a reference.
    let (softc, device) = unsafe { of_device(device) };
    to_int(attach::detach(softc, device))
}

/// ifc_create.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_clone_create(_ifc: *mut kpi::if_clone, unit: c_int) -> c_int {
    to_int(cloner::clone_create(unit))
}

/// ifc_destroy.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_clone_destroy(ifp: *mut kpi::ifnet) -> c_int {
    // SAFETY: if_clone_mtx is held, and interfaces of this driver are destroyed only with it held.
    to_int(cloner::clone_destroy(unsafe { softc_of(ifp) }))
}
