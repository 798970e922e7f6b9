// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2), on a descriptor and on the interface.
#![forbid(unsafe_code)]

use crate::kern::errno::{Errno, Result};
use crate::kern::ioctl::{Command, Request};
use crate::kern::signal;
use crate::softc::Softc;

/// ioctl(2) on a descriptor. ENOTTY for what it does not know, ENXIO once the interface is gone.
///
/// FIONBIO changes nothing here: the kernel has set FNONBLOCK in the file, which every read looks
/// at, so the mode belongs to the open and ends with it.
pub fn descriptor(softc: &Softc, request: Request<'_>) -> Result {
    let len = softc.channel.look().ok_or(Errno::ENXIO)?;
    if request.command() == Command::FIONREAD {
        // A frame's length is below 2^31.
        *request.int()? = len as i32;
        return Ok(());
    }
    control(softc, request)
}

/// All but FIONREAD: apart, so that what is asked before every read saves no registers.
#[inline(never)]
fn control(softc: &Softc, request: Request<'_>) -> Result {
    let command = request.command();
    match command {
        Command::FIONBIO => {}
        Command::FIOASYNC => softc.channel.set_async(*request.int()? != 0),
        Command::FIOSETOWN | Command::TIOCSPGRP => {
            let owner = signal::check_owner(command, *request.int()?)?;
            softc.channel.set_owner(owner);
        }
        Command::FIOGETOWN | Command::TIOCGPGRP => {
            *request.int()? = signal::show_owner(command, softc.channel.owner())?;
        }
        Command::TAPGIFNAME | Command::OTAPGIFNAME => {
            *request.name()? = softc.interface.name_field();
        }
        // A courtesy to libtuntap, which asks the descriptor instead of a socket.
        Command::SIOCGIFFLAGS => request.ifreq()?.set_flags(softc.interface.flags()),
        Command::SIOCGIFADDR => {
            // A courtesy to tinc, which gives it room for the six octets and no more.
            let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
            *request.octets()? = softc.interface.address().0;
        }
        _ => return Err(Errno::ENOTTY),
    }
    Ok(())
}

/// if_ioctl, under IFNET_LOCK: SIOCSIFPHYADDR sets the Ethernet address, EINVAL unless it is a
/// link-level one that an interface may have. `None` for what ether_ioctl(9) does.
pub fn interface(softc: &Softc, request: Request<'_>) -> Option<Result> {
    match request.command() {
        Command::SIOCSIFPHYADDR => {
            let address = request.link_address().filter(|address| address.is_assignable());
            Some(address.map(|address| softc.interface.set_address(address)).ok_or(Errno::EINVAL))
        }
        _ => None,
    }
}
