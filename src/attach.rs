// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! An interface's beginning and end in the kernel: autoconf(9) calls these, on behalf of
//! [`cloner`], which holds the creation mutex meanwhile. `docs/lifetimes.md` has the whole story.
#![forbid(unsafe_code)]

use crate::channel::Opener;
use crate::cloner;
use crate::ether::Addr;
use crate::event;
use crate::ifnet::MEDIA;
use crate::kern::device::{self, Device};
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Link;
use crate::kern::log;
use crate::kern::systm::random_bytes;
use crate::softc::Softc;

/// ca_attach: hands a softc to the stack. Everything that a callback may use is ready before; no
/// node leads to it until the creation is done.
pub fn attach(softc: &Softc, device: Device<'_>) {
    let name = softc.interface.name();
    if !device.register_power_handler() {
        log::message(name, c"couldn't establish power handler");
    }
    let address = Addr::initial(random_bytes());
    log::address(name, address);
    // A cloning open has it open already: then the link is up from the start, and the stack need
    // not be told of a change.
    let open = softc.channel.is_open_by(Opener::Cloner);
    let link = if open { Link::Up } else { Link::Down };
    softc.interface.attach(softc.cookie(), address, link, &MEDIA);
    if let Err(error) = cloner::SYSCTL.create_leaf(softc.unit, name, softc.cookie()) {
        log::error(name, c"unable to create sysctl node", error);
    }
}

/// ca_detach: the reverse of [`attach`], once nobody is inside. EBUSY unless it is the driver's
/// own wish, in the thread that has it: autoconf alone (drvctl(8)) would leave half of it behind.
///
/// Never waits for a descriptor to be closed. In this order, and why:
///
/// 1. dying: no call gets in, no reader sleeps, pollers and knotes are told;
/// 2. commit, so that who waits for the device in autoconf fails instead of waiting for this;
/// 3. out of the table, so that no new call through a node finds the softc;
/// 4. the nodes' vnodes are revoked, which drains calls that found it before;
/// 5. the calls in flight through cloned descriptors and from the stack drain;
/// 6. now nobody uses the interface: sysctl leaf, interface, power handler.
pub fn detach(softc: &Softc, device: Device<'_>) -> Result {
    if !cloner::DETACHER.is_current() {
        return Err(Errno::EBUSY);
    }
    let unit = softc.unit;
    let (frames, sigio) = softc.channel.die();
    event::signal_gone(sigio);
    softc.discard(frames);
    device.commit_detach();
    // The table's reference lasts until nobody is inside any more.
    let in_table = cloner::TABLE.remove(unit);
    device::revoke_nodes(cloner::DEVICE.major(), unit);
    softc.channel.drain();
    if let Err(error) = cloner::SYSCTL.destroy_leaf(unit) {
        log::error(softc.interface.name(), c"unable to destroy sysctl node", error);
    }
    softc.interface.detach();
    device.deregister_power_handler();
    drop(in_table);
    Ok(())
}
