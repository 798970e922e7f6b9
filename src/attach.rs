// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Attaches an interface to the kernel, and detaches it. autoconf(9) calls these functions on
//! behalf of [`cloner`]. `docs/lifetimes.md` explains the order.
#![forbid(unsafe_code)]

use crate::channel::Opener;
use crate::cloner;
use crate::ether::Addr;
use crate::ifnet::MEDIA;
use crate::kern::device::Device;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Link;
use crate::kern::log;
use crate::kern::systm::random_bytes;
use crate::softc::Softc;

/// ca_attach: attaches a softc to the stack. Everything that a callback uses is ready before that.
/// The softc cannot be reached through a node until the creation has finished.
pub fn attach(softc: &Softc, device: Device<'_>) {
    let name = softc.interface.name();
    if !device.register_power_handler() {
        log::message(name, c"couldn't establish power handler");
    }
    let address = Addr::initial(random_bytes());
    log::address(name, address);
    // If a cloning open creates the interface, it is already open. The link is then up from the
    // start, and no link change has to be reported to the stack.
    let open = softc.channel.is_open_by(Opener::Cloner);
    let link = if open { Link::Up } else { Link::Down };
    softc.interface.attach(softc.cookie(), address, link, &MEDIA);
    if let Err(error) = cloner::SYSCTL.create_leaf(softc.unit, name, softc.cookie()) {
        log::error(name, c"unable to create sysctl node", error);
    }
}

/// ca_detach: undoes [`attach`], after every call has left. It fails with EBUSY unless the thread
/// that destroys the interface calls it. A detach by autoconf alone (drvctl(8)) would leave half of
/// the interface behind.
pub fn detach(softc: &Softc, device: Device<'_>) -> Result {
    if !cloner::DETACHER.is_current() {
        return Err(Errno::EBUSY);
    }
    if let Err(error) = cloner::SYSCTL.destroy_leaf(softc.unit) {
        log::error(softc.interface.name(), c"unable to destroy sysctl node", error);
    }
    softc.interface.detach();
    device.deregister_power_handler();
    Ok(())
}
