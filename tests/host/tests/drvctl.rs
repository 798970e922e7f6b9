// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! drvctl(8) wants to detach the device of an interface that is being destroyed: the destroy alone
//! does it, whoever asks autoconf first.
//!
//! A drvctl that asks second waits in config_detach(9) for a detach that waits for it, until it is
//! killed: so the one here is a process that is being killed, which sleeps nowhere.

mod built;
mod ifconfig;

use built::{path, NAME};
use ifconfig::ifconfig;
use tap_conformance::abi::{SIOCIFCREATE, SIOCIFDESTROY};
use tap_conformance::errno::Errno;
use tap_conformance::Sys;
use tap_host::sched;
use tap_host::sys::HostSys;
use tap_host::world::enter;

const IFCONFIG: i32 = 100;
const DRVCTL: i32 = 101;
const SEEDS: u64 = 300;

#[test]
fn only_the_thread_that_destroys_detaches() {
    sched::adopt(DRVCTL, "drvctl");
    enter().seed(1);
    HostSys.modload(&path()).unwrap();
    let mut refused = 0;
    for seed in 1..=SEEDS {
        enter().reseed(seed);
        ifconfig(SIOCIFCREATE, "tap0").unwrap();
        enter().current_proc().dying = true;
        let destroyer = sched::spawn(&mut enter(), IFCONFIG, "ifconfig", || {
            ifconfig(SIOCIFDESTROY, "tap0").unwrap();
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
