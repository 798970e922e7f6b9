// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a module calls of autoconf.

use std::ffi::{c_char, c_int, c_void};

use super::text;
use crate::exports;
use crate::kern::errno::to_int;
use crate::kpi;
use crate::world::enter;

unsafe extern "C" fn config_cfdriver_attach(cd: *mut kpi::cfdriver) -> c_int {
    to_int(enter().config_cfdriver_attach(cd))
}

unsafe extern "C" fn config_cfdriver_detach(cd: *mut kpi::cfdriver) -> c_int {
    to_int(enter().config_cfdriver_detach(cd))
}

unsafe extern "C" fn config_cfdriver_lookup(name: *const c_char) -> *mut kpi::cfdriver {
    enter().config_cfdriver_lookup(&text(name)).unwrap_or(0) as *mut kpi::cfdriver
}

unsafe extern "C" fn config_cfattach_attach(
    driver: *const c_char,
    ca: *mut kpi::cfattach,
) -> c_int {
    to_int(enter().config_cfattach_attach(&text(driver), ca))
}

unsafe extern "C" fn config_cfattach_detach(
    driver: *const c_char,
    ca: *mut kpi::cfattach,
) -> c_int {
    to_int(enter().config_cfattach_detach(&text(driver), ca))
}

unsafe extern "C" fn config_attach_pseudo(cf: kpi::cfdata_t) -> kpi::device_t {
    enter().config_attach_pseudo(cf).unwrap_or(0) as kpi::device_t
}

unsafe extern "C" fn config_detach(dev: kpi::device_t, flags: c_int) -> c_int {
    to_int(enter().config_detach(dev as usize, flags as u32))
}

unsafe extern "C" fn config_detach_commit(dev: kpi::device_t) {
    enter().config_detach_commit(dev as usize);
}

unsafe extern "C" fn device_lookup(cd: kpi::cfdriver_t, unit: c_int) -> kpi::device_t {
    enter().device_lookup(cd as usize, unit).unwrap_or(0) as kpi::device_t
}

unsafe extern "C" fn device_lookup_private(cd: kpi::cfdriver_t, unit: c_int) -> *mut c_void {
    let mut world = enter();
    let found = world.device_lookup(cd as usize, unit);
    found.map_or(0, |dev| world.device_state(dev).private) as *mut c_void
}

unsafe extern "C" fn device_lookup_acquire(cd: kpi::cfdriver_t, unit: c_int) -> kpi::device_t {
    enter().device_lookup_acquire(cd as usize, unit).unwrap_or(0) as kpi::device_t
}

unsafe extern "C" fn device_acquire(dev: kpi::device_t) {
    enter().device_acquire(dev as usize);
}

unsafe extern "C" fn device_release(dev: kpi::device_t) {
    enter().device_release(dev as usize);
}

unsafe extern "C" fn device_unit(dev: kpi::device_t) -> c_int {
    enter().device_state(dev as usize).unit
}

unsafe extern "C" fn device_xname(dev: kpi::device_t) -> *const c_char {
    enter().device_state(dev as usize);
    dev.cast()
}

unsafe extern "C" fn device_cfdata(dev: kpi::device_t) -> kpi::cfdata_t {
    enter().device_state(dev as usize).cfdata as kpi::cfdata_t
}

unsafe extern "C" fn device_cfdriver(dev: kpi::device_t) -> kpi::cfdriver_t {
    enter().device_state(dev as usize).cfdriver as kpi::cfdriver_t
}

/// Pseudo-devices have no parent.
unsafe extern "C" fn device_parent(dev: kpi::device_t) -> kpi::device_t {
    enter().device_state(dev as usize);
    std::ptr::null_mut()
}

unsafe extern "C" fn device_is_active(dev: kpi::device_t) -> bool {
    !enter().device_state(dev as usize).done
}

/// NULL of no device.
unsafe extern "C" fn device_private(dev: kpi::device_t) -> *mut c_void {
    if dev.is_null() {
        return std::ptr::null_mut();
    }
    enter().device_state(dev as usize).private as *mut c_void
}

exports!(
    config_cfdriver_attach,
    config_cfdriver_detach,
    config_cfdriver_lookup,
    config_cfattach_attach,
    config_cfattach_detach,
    config_attach_pseudo,
    config_detach,
    config_detach_commit,
    device_lookup,
    device_lookup_private,
    device_lookup_acquire,
    device_release,
    device_unit,
    device_xname,
    device_cfdata,
    device_cfdriver,
    device_parent,
    device_is_active,
    device_private;
    device_acquire,
);
