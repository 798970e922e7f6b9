// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The built module on a kernel that has tap(4) built in: it does not load beside an active
//! driver, and finds a place of its own beside a disabled one.

mod built;
mod ifconfig;

use std::ffi::CString;

use built::{path, NAME};
use ifconfig::ifconfig;
use tap_conformance::abi::{makedev, O_RDWR, SIOCIFCREATE, SIOCIFDESTROY, S_IFCHR};
use tap_conformance::errno::Errno;
use tap_host::sched;
use tap_host::sys::HOST;
use tap_host::world::enter;

#[test]
fn it_refuses_an_active_tap_and_replaces_a_disabled_one() {
    sched::adopt(100, "test");
    enter().build_in_tap().unwrap();
    assert_eq!(HOST.modload(&path()), Err(Errno::EEXIST));
    assert!(enter().messages.text().contains("modunload if_tap"), "it does not say what to do");
    assert_eq!(enter().leftovers(), Vec::<String>::new(), "a refused load left something");
    enter().disable_built_in_tap().unwrap();
    for _ in 0..3 {
        HOST.modload(&path()).unwrap();
        assert_eq!(HOST.major("tap"), Ok(169), "the built-in driver's number was taken");
        let major = HOST.major("tap_rs").unwrap();
        assert_eq!(major, 367);
        ifconfig(SIOCIFCREATE, "tap0").unwrap();
        let node = CString::new("/dev/tap0").unwrap();
        HOST.mknod(&node, S_IFCHR | 0o600, makedev(169, 0)).unwrap();
        assert_eq!(HOST.open(&node, O_RDWR), Err(Errno::ENXIO), "the old node opens");
        HOST.unlink(&node).unwrap();
        HOST.mknod(&node, S_IFCHR | 0o600, makedev(major, 0)).unwrap();
        let fd = HOST.open(&node, O_RDWR).unwrap();
        HOST.close(fd).unwrap();
        HOST.unlink(&node).unwrap();
        assert_eq!(enter().drvctl_detach("tap_rs0"), Err(Errno::EBUSY), "drvctl took the device");
        ifconfig(SIOCIFDESTROY, "tap0").unwrap();
        assert_eq!(enter().drvctl_detach("tap_rs0"), Err(Errno::ENXIO));
        HOST.modunload(NAME).unwrap();
        assert_eq!(enter().leftovers(), Vec::<String>::new());
    }
}
