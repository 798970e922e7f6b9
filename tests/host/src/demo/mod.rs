// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver at work, as a transcript: what an administrator types, and what a program that has
//! the device open calls. Every line shows what a system call of the host answered; a call that
//! answers otherwise than the transcript needs ends it with an error.

mod admin;
mod link;
mod program;

use std::ffi::CStr;

use tap_conformance::abi::O_RDWR;
use tap_conformance::case::{Failure, Fallible, On};
use tap_conformance::ctx::Ctx;
use tap_conformance::Module;

pub use link::link;

/// The kernel, the module and the descriptors of the demonstration.
type Machine<'a> = Ctx<'a>;

/// The third number of the network that the demonstration is on: 10.5.1.0/24.
const NET: u8 = 1;

/// Shows everything once.
pub fn run(path: &CStr) -> Result<(), String> {
    let module = Module { path, name: c"if_tap_rs" };
    admin::modload(module).and_then(|machine| show(&machine)).map_err(told)?;
    crate::cases::nothing_left(module.name)?;
    admin::prompt("modunload if_tap_rs");
    admin::comment("nothing is left: no mbuf, reference, knote, sysctl node, soft interrupt");
    Ok(())
}

fn told(failure: Failure) -> String {
    failure.0.as_str().into()
}

fn show(machine: &Machine<'_>) -> Fallible<()> {
    node(machine)?;
    cloned(machine)?;
    machine.sys.close(machine.socket).on("close of the socket")
}

/// An interface with a node: made by the administrator, used by a program.
fn node(machine: &Machine<'_>) -> Fallible<()> {
    admin::quiet(machine)?;
    admin::create(machine, "tap0")?;
    admin::inet_up(machine, "tap0", NET)?;
    admin::sysctl_mac(machine, "tap0", "f2:0b:a4:01:02:03")?;
    let tcpdump = admin::start_tcpdump(machine, "tap0")?;
    admin::comment("a program opens the interface's device, and is its network");
    let fd = program::open(machine, 0)?;
    admin::wait_for_link(machine, "tap0", true)?;
    admin::ifconfig(machine, "tap0")?;
    admin::comment("it asks for the interface's address, and pings it");
    program::arp(machine, fd, NET)?;
    program::ping(machine, fd, NET, 1, program::By::Poll)?;
    program::ping(machine, fd, NET, 2, program::By::Kqueue)?;
    program::refused(machine, fd)?;
    admin::tcpdump(machine, tcpdump, "tap0")?;
    admin::netstat(machine, "tap0")?;
    program::close(machine, fd)?;
    admin::wait_for_link(machine, "tap0", false)?;
    admin::ifconfig(machine, "tap0")?;
    admin::destroy(machine, "tap0")?;
    machine.close(tcpdump).on("close of /dev/bpf")
}

/// An interface of the cloning device: it ends with its descriptor, or before it.
fn cloned(machine: &Machine<'_>) -> Fallible<()> {
    admin::comment("another one opens the cloning device, which makes an interface");
    let (fd, name) = machine.open_clone(O_RDWR)?;
    program::say(format_args!("open(\"/dev/tap\", O_RDWR) = {fd}"));
    program::say(format_args!("ioctl({fd}, TAPGIFNAME) = \"{}\"", name.as_str()));
    program::destroyed_under_reader(machine, fd, name.as_str())
}
