// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! drvctl(8) wants to detach the device of an interface that is being destroyed: the destroy alone
//! does it, whoever asks autoconf first.
//!
//! A drvctl that asks second waits in config_detach(9) for a detach that waits for it, until it is
//! killed: so the one here is a process that is being killed, which sleeps nowhere.

mod built;

use built::{path, NAME};
use tap_conformance::abi::{IfReq, AF_INET, SIOCIFCREATE, SIOCIFDESTROY, SOCK_DGRAM};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::user::{Out, Plain};
use tap_conformance::Sys;
use tap_host::sched;
use tap_host::sys::HostSys;
use tap_host::world::enter;

const IFCONFIG: i32 = 100;
const DRVCTL: i32 = 101;
const SEEDS: u64 = 300;

/// `ifconfig tap0 create` or `destroy`.
fn ifconfig(command: u64) -> Result<()> {
    let socket = HostSys.socket(AF_INET, SOCK_DGRAM, 0)?;
    let mut request = IfReq::zeroed();
    put_name(&mut request.name, "tap0");
    let result = HostSys.ioctl(socket, command, Out::value(&mut request)).map(drop);
    HostSys.close(socket)?;
    result
}

#[test]
fn only_the_thread_that_destroys_detaches() {
    sched::adopt(DRVCTL, "drvctl");
    enter().seed(1);
    HostSys.modload(&path()).unwrap();
    let mut refused = 0;
    for seed in 1..=SEEDS {
        enter().reseed(seed);
        ifconfig(SIOCIFCREATE).unwrap();
        enter().current_proc().dying = true;
        let destroyer = sched::spawn(&mut enter(), IFCONFIG, "ifconfig", || {
            ifconfig(SIOCIFDESTROY).unwrap();
        });
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
    }
    assert!(refused != 0, "drvctl never met a device");
    HostSys.modunload(NAME).unwrap();
    assert_eq!(enter().leftovers(), Vec::<String>::new());
}
