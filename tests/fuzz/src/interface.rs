// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2) on a socket, for an interface of the driver: any command, any argument, as
//! [`crate::descriptor`] asks a descriptor.

use tap_conformance::abi::{AF_INET, AF_INET6, AF_LINK, SOCK_DGRAM};
use tap_host::host_panic;

use crate::bytes::Bytes;
use crate::descriptor::ask;
use crate::machine::machine;

/// The name that an argument begins with, unless it begins as the input says.
const NAME: [u8; 16] = *b"tap0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Asks an interface, open or not, up or not.
pub fn run(input: &[u8]) {
    let machine = machine(false);
    machine.begin(1);
    let mut input = Bytes::new(input);
    let setup = input.byte();
    if setup & 1 != 0 {
        machine.node_up();
    } else {
        machine.create("tap0").unwrap_or_else(|error| host_panic!("tap0: {error}"));
    }
    let domain = [AF_INET, AF_INET6, AF_LINK, AF_INET][usize::from(setup >> 1 & 3)];
    let socket = machine.sys.socket(domain, SOCK_DGRAM, 0);
    let socket = socket.unwrap_or_else(|error| host_panic!("socket: {error}"));
    while !input.is_empty() {
        // Commands of other letters do not get to an interface.
        let command = input.word() & !0xff00 | u32::from(b'i') << 8;
        let flags = input.byte();
        let mut argument = Vec::new();
        if flags & 0x80 == 0 {
            argument.extend_from_slice(&NAME);
        }
        argument.extend_from_slice(input.take(usize::from(flags & 0x7f)));
        ask(machine, socket, command, &argument, false);
    }
    machine.end();
}
