// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2), on a descriptor and on the interface.
#![forbid(unsafe_code)]

use core::ffi::c_ulong;

use crate::kern::errno::{Errno, Result};
use crate::kern::ioctl::Request;
use crate::kern::kpi;
use crate::kern::signal;
use crate::softc::Softc;

const FIONREAD: c_ulong = kpi::FIONREAD as c_ulong;
const FIONBIO: c_ulong = kpi::FIONBIO as c_ulong;
const FIOASYNC: c_ulong = kpi::FIOASYNC as c_ulong;
const FIOSETOWN: c_ulong = kpi::FIOSETOWN as c_ulong;
const FIOGETOWN: c_ulong = kpi::FIOGETOWN as c_ulong;
const TIOCSPGRP: c_ulong = kpi::TIOCSPGRP as c_ulong;
const TIOCGPGRP: c_ulong = kpi::TIOCGPGRP as c_ulong;
const TAPGIFNAME: c_ulong = kpi::TAPGIFNAME as c_ulong;
const SIOCGIFFLAGS: c_ulong = kpi::SIOCGIFFLAGS as c_ulong;
const SIOCGIFADDR: c_ulong = kpi::SIOCGIFADDR as c_ulong;
const SIOCSIFPHYADDR: c_ulong = kpi::SIOCSIFPHYADDR as c_ulong;

/// ioctl(2) on a descriptor. ENOTTY for what it does not know, ENXIO once the interface is gone.
///
/// FIONBIO changes nothing here: the kernel has set FNONBLOCK in the file, which every read looks
/// at, so the mode belongs to the open and ends with it.
pub fn descriptor(softc: &Softc, request: &mut Request<'_>) -> Result {
    if softc.channel.is_gone() {
        return Err(Errno::ENXIO);
    }
    let command = request.command();
    match command {
        FIONREAD => {
            let len = softc.channel.first_len();
            *request.int().ok_or(Errno::ENOTTY)? = i32::try_from(len).unwrap_or(i32::MAX);
        }
        FIONBIO => {}
        FIOASYNC => {
            let on = *request.int().ok_or(Errno::ENOTTY)? != 0;
            softc.channel.set_async(on);
        }
        FIOSETOWN | TIOCSPGRP => {
            let value = *request.int().ok_or(Errno::ENOTTY)?;
            softc.channel.set_owner(signal::check_owner(command, value)?);
        }
        FIOGETOWN | TIOCGPGRP => {
            let shown = signal::show_owner(command, softc.channel.owner())?;
            *request.int().ok_or(Errno::ENOTTY)? = shown;
        }
        TAPGIFNAME => {
            request.ifreq().ok_or(Errno::ENOTTY)?.set_name(&softc.unit.name());
        }
        SIOCGIFFLAGS => {
            // A courtesy to libtuntap, which asks the descriptor instead of a socket.
            let flags = softc.interface.flags();
            request.ifreq().ok_or(Errno::ENOTTY)?.set_flags(flags);
        }
        SIOCGIFADDR => {
            // A courtesy to tinc, likewise.
            let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
            let address = softc.interface.with_address(|address| address);
            request.ifreq().ok_or(Errno::ENOTTY)?.set_link_address(address);
        }
        _ => return Err(Errno::ENOTTY),
    }
    Ok(())
}

/// if_ioctl, under IFNET_LOCK: SIOCSIFPHYADDR sets the Ethernet address, EINVAL unless it is a
/// link-level one that an interface may have. `None` for what is not the driver's own.
pub fn interface(softc: &Softc, request: &mut Request<'_>) -> Option<Result> {
    match request.command() {
        SIOCSIFPHYADDR => {
            let address = request.link_address().filter(|address| address.is_assignable());
            Some(address.map(|address| softc.interface.set_address(address)).ok_or(Errno::EINVAL))
        }
        _ => None,
    }
}
