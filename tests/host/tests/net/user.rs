// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a program asks of the stack, and how a test waits.

use tap_conformance::abi::{
    IfAliasReq, IfDataReq, IfReq, SIOCAIFADDR, SIOCGIFDATA, SIOCGIFFLAGS, SIOCSIFFLAGS,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::frames;
use tap_conformance::net::sockaddr_in;
use tap_conformance::run;
use tap_conformance::user::{In, Out, Plain};
use tap_host::kern::net::ifioctl::Domain;
use tap_host::sched::{self, chan, Sleep};
use tap_host::sys::HOST;
use tap_host::world::enter;

/// The calling thread becomes one of a process of the superuser's. Interfaces send nothing of
/// their own accord when they come up.
pub fn adopt() {
    sched::adopt(1, "test");
    assert_eq!(run::set_linklocal(HOST, false), Ok(()));
}

/// An ioctl(2) of an interface on a socket of a domain.
pub fn ioctl_on<T: Plain>(domain: Domain, command: u64, argument: &mut T) -> Result<()> {
    let data = argument.as_bytes_mut().as_mut_ptr().cast();
    match enter().socket_ioctl(domain, command, data) {
        0 => Ok(()),
        error => Err(Errno(error)),
    }
}

/// The same on an AF_INET socket.
pub fn ioctl<T: Plain>(command: u64, argument: &mut T) -> Result<()> {
    ioctl_on(Domain::Inet, command, argument)
}

/// A `struct ifreq`.
pub fn ifreq(name: &str) -> IfReq {
    let mut request = IfReq::zeroed();
    put_name(&mut request.name, name);
    request
}

/// A command that takes no more than a name.
pub fn by_name(command: u64, name: &str) -> Result<()> {
    ioctl(command, &mut ifreq(name))
}

/// if_flags.
pub fn flags(name: &str) -> Result<i16> {
    let mut request = ifreq(name);
    ioctl(SIOCGIFFLAGS, &mut request)?;
    Ok(i16::from_ne_bytes([request.data[0], request.data[1]]))
}

/// ifconfig up or down.
pub fn set_flags(name: &str, flags: i16) -> Result<()> {
    let mut request = ifreq(name);
    request.data[..2].copy_from_slice(&flags.to_ne_bytes());
    ioctl(SIOCSIFFLAGS, &mut request)
}

/// ifconfig inet.
pub fn set_inet(name: &str, net: u8) -> Result<()> {
    let mut request = IfAliasReq::zeroed();
    put_name(&mut request.name, name);
    sockaddr_in(&mut request.addr, frames::our_ip(net));
    sockaddr_in(&mut request.mask, [255, 255, 255, 0]);
    ioctl(SIOCAIFADDR, &mut request)
}

/// The counters.
pub fn data(name: &str) -> IfDataReq {
    let mut request = IfDataReq::zeroed();
    put_name(&mut request.name, name);
    assert_eq!(ioctl(SIOCGIFDATA, &mut request), Ok(()));
    request
}

/// An integer of the kernel's, by its name.
pub fn sysctl(name: &str) -> u64 {
    let mut mib = [0; 12];
    let n = HOST.sysctl_mib(name, &mut mib).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut value = 0_u64.to_ne_bytes();
    let len = HOST.sysctl(&mib[..n], Out::bytes(&mut value), In::none()).unwrap();
    assert!(len == 4 || len == 8, "{name} has {len} bytes");
    u64::from_ne_bytes(value)
}

/// An array of integers of the kernel's, by its name.
pub fn sysctl_words(name: &str) -> Vec<u64> {
    let mut mib = [0; 12];
    let n = HOST.sysctl_mib(name, &mut mib).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut bytes = [0; 128];
    let len = HOST.sysctl(&mib[..n], Out::bytes(&mut bytes), In::none()).unwrap();
    let words = bytes[..len].chunks(8);
    words.map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect()
}

/// Waits for a condition; the test fails when it never holds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        let one = Sleep { ticks: Some(1), ..Sleep::default() };
        enter().sleep(chan("a test", 0), one);
    }
    panic!("{what}: never");
}
