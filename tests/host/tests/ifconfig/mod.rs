// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ifconfig(8), as far as it makes and destroys interfaces.

use tap_conformance::abi::{IfReq, AF_INET, SOCK_DGRAM};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::Result;
use tap_conformance::user::{Out, Plain};
use tap_host::sys::HOST;

/// `ifconfig tapN create` or `destroy`.
pub fn ifconfig(command: u64, name: &str) -> Result<()> {
    let socket = HOST.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
    let mut request = IfReq::zeroed();
    put_name(&mut request.name, name);
    let result = HOST.ioctl(socket, command, Out::value(&mut request));
    HOST.close(socket).unwrap();
    result.map(drop)
}
