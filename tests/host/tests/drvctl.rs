// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! drvctl(8) asks to detach the device of an interface that is being destroyed. Only the thread that
//! destroys it detaches the device, whoever asks autoconf first.
//!
//! A drvctl that asks second waits in config_detach(9) until it is killed. The one here is therefore
//! a process with a pending SIGKILL, which does not sleep.

mod built;
mod ifconfig;

use built::{path, NAME};
use ifconfig::ifconfig;
use tap_conformance::abi::{
    makedev, AF_INET, O_RDWR, SIOCGIFFLAGS, SIOCIFCREATE, SIOCIFDESTROY, SOCK_DGRAM, S_IFCHR,
    TAPSTRANSIENT,
};
use tap_conformance::ctx::Ctx;
use tap_conformance::errno::Errno;
use tap_conformance::user::Out;
use tap_host::sched;
use tap_host::sys::HOST;
use tap_host::world::enter;

const IFCONFIG: i32 = 100;
const DRVCTL: i32 = 101;
const SEEDS: u64 = 300;

/// Makes tap0, has it destroyed by another process, and meanwhile asks for a detach of its device.
/// How often that was refused.
fn refused(seed: u64, destroy: fn()) -> usize {
    let mut refused = 0;
    enter().reseed(seed);
    ifconfig(SIOCIFCREATE, "tap0").unwrap();
    enter().current_proc().dying = true;
    let destroyer = sched::spawn(&mut enter(), IFCONFIG, "destroyer", destroy);
    while !enter().has_ended(destroyer) {
        match enter().drvctl_detach("tap_rs0") {
            Err(Errno::EBUSY) => refused += 1,
            // It has gone, or is going.
            Err(Errno::ENXIO | Errno::ENOENT | Errno::EINTR) => {}
            other => panic!("seed {seed}: drvctl says {other:?}"),
        }
    }
    enter().join(destroyer);
    enter().current_proc().dying = false;
    refused
}

/// The last close of a node whose interface goes, and the wait until it is gone.
fn leave() {
    let fd = HOST.open(c"/dev/tap0", O_RDWR).unwrap();
    HOST.ioctl(fd, TAPSTRANSIENT, Out::value(&mut 1)).unwrap();
    HOST.close(fd).unwrap();
    let mut request = Ctx::ifreq("tap0");
    let socket = HOST.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
    while HOST.ioctl(socket, SIOCGIFFLAGS, Out::value(&mut request)).is_ok() {
        HOST.sleep_ms(1);
    }
    HOST.close(socket).unwrap();
}

#[test]
fn only_the_thread_that_destroys_detaches() {
    sched::adopt(DRVCTL, "drvctl");
    enter().seed(1);
    HOST.modload(&path()).unwrap();
    let major = HOST.major("tap").unwrap();
    HOST.mknod(c"/dev/tap0", S_IFCHR | 0o600, makedev(major, 0)).unwrap();
    for destroy in [(|| ifconfig(SIOCIFDESTROY, "tap0").unwrap()) as fn(), leave] {
        let refused: usize = (1..=SEEDS).map(|seed| refused(seed, destroy)).sum();
        assert!(refused != 0, "drvctl never met a device");
    }
    HOST.unlink(c"/dev/tap0").unwrap();
    HOST.modunload(NAME).unwrap();
    assert_eq!(enter().leftovers(), Vec::<String>::new());
}
