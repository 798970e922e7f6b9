// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2), on a descriptor and on the interface.
#![forbid(unsafe_code)]

use crate::batch;
use crate::ether::is_mtu;
use crate::kern::errno::{Errno, Result};
use crate::kern::file::FileFlags;
use crate::kern::ioctl::{Command, Request};
use crate::kern::signal;
use crate::softc::Softc;

/// ioctl(2) on a descriptor. ENOTTY for an unknown command, ENXIO if the interface is gone.
///
/// FIONBIO changes nothing here. The kernel has already set FNONBLOCK in the file, and every read
/// checks that. The mode therefore belongs to the open, and ends with it.
pub fn descriptor(softc: &Softc, request: Request<'_>, flags: FileFlags) -> Result {
    let len = softc.channel.look().ok_or(Errno::ENXIO)?;
    if request.command() == Command::FIONREAD {
        // Below 2^31.
        *request.int()? = len as i32;
        return Ok(());
    }
    transfer(softc, request, flags)
}

/// All commands except FIONREAD. They have a function of their own, so that FIONREAD, which
/// programs call before every read, saves no registers.
#[inline(never)]
fn transfer(softc: &Softc, request: Request<'_>, flags: FileFlags) -> Result {
    match request.command() {
        Command::TAPSEND => {
            require(flags, FileFlags::WRITE)?;
            batch::send(softc, request.batch()?)
        }
        Command::TAPRECV => {
            require(flags, FileFlags::READ)?;
            batch::receive(softc, request.batch()?, flags)
        }
        _ => control(softc, request),
    }
}

/// All commands that transfer no frames.
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
        Command::TAPSVNETHDR => {
            let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
            softc.vnet.set_header(&softc.interface, *request.int()?, |header| {
                softc.channel.set_before(header);
            })?;
            softc.discard_refused();
        }
        Command::TAPGVNETHDR => *request.int()? = softc.vnet.get().header() as i32,
        Command::TAPSOFFLOAD => {
            let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
            softc.vnet.set_takes(&softc.interface, *request.int()? as u32)?;
            softc.discard_refused();
        }
        Command::TAPGOFFLOAD => *request.int()? = softc.vnet.get().takes() as i32,
        Command::TAPSTRANSIENT => softc.channel.set_transient(*request.int()? != 0),
        Command::TAPGTRANSIENT => *request.int()? = softc.channel.is_transient().into(),
        // This is for libtuntap, which uses the descriptor instead of a socket.
        Command::SIOCGIFFLAGS => request.ifreq()?.set_flags(softc.interface.flags()),
        Command::SIOCGIFADDR => {
            // This is for tinc, whose buffer has room for the six bytes only.
            let _call = softc.channel.enter().ok_or(Errno::ENXIO)?;
            *request.octets()? = softc.interface.address().0;
        }
        _ => return Err(Errno::ENOTTY),
    }
    Ok(())
}

/// EBADF unless the file is open for what a command does.
fn require(flags: FileFlags, mode: FileFlags) -> Result {
    if flags.contains(mode) {
        Ok(())
    } else {
        Err(Errno::EBADF)
    }
}

/// if_ioctl. The stack holds IFNET_LOCK. SIOCSIFPHYADDR sets the Ethernet address. It fails with
/// EINVAL unless the address is a link-level address that an interface may have. SIOCSIFMTU sets
/// the MTU. It fails with EINVAL unless a frame of that MTU can be written. `None` for the commands
/// that ether_ioctl handles.
pub fn interface(softc: &Softc, request: Request<'_>) -> Option<Result> {
    match request.command() {
        Command::SIOCSIFPHYADDR => {
            let address = request.link_address().filter(|address| address.is_assignable());
            Some(address.map(|address| softc.interface.set_address(address)).ok_or(Errno::EINVAL))
        }
        Command::SIOCSIFMTU => Some(request.ifreq().and_then(|ifreq| {
            if !is_mtu(ifreq.mtu()) {
                return Err(Errno::EINVAL);
            }
            softc.interface.set_mtu(ifreq)
        })),
        _ => None,
    }
}
