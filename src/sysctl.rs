// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! net.link.tap.tapN: the interface's Ethernet address as text.
#![forbid(unsafe_code)]

use crate::ether::{Addr, ADDR_STRLEN};
use crate::kern::errno::{Errno, Result};
use crate::softc::Softc;

/// The present address, `xx:xx:xx:xx:xx:xx`.
pub fn get(softc: &Softc, text: &mut [u8; ADDR_STRLEN]) {
    softc.interface.address().print(text);
}

/// Sets the address. EINVAL, with no change, unless it is an address that an interface may have.
pub fn set(softc: &Softc, text: &[u8; ADDR_STRLEN]) -> Result {
    let address = Addr::parse(text).filter(|address| address.is_assignable());
    let address = address.ok_or(Errno::EINVAL)?;
    let _locked = softc.interface.lock();
    softc.interface.set_address(address);
    Ok(())
}
