// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the kernel still reads of a knote when its filter has detached it: the filter's flags. The
//! module may be unloaded by then.

mod built;
mod ifconfig;

use built::{path, NAME};
use ifconfig::ifconfig;
use tap_conformance::abi::{
    makedev, Kev, EVFILT_READ, EVFILT_WRITE, EV_ADD, O_RDWR, SIOCIFCREATE, SIOCIFDESTROY, S_IFCHR,
};
use tap_host::loader::trace::symbolise;
use tap_host::sched;
use tap_host::sys::HOST;
use tap_host::world::enter;

#[test]
fn f51_a_detached_knote_refers_to_nothing_of_the_module() {
    sched::adopt(100, "test");
    HOST.modload(&path()).unwrap();
    let major = HOST.major("tap").unwrap();
    HOST.mknod(c"/dev/tap0", S_IFCHR | 0o600, makedev(major, 0)).unwrap();
    ifconfig(SIOCIFCREATE, "tap0").unwrap();
    let fd = HOST.open(c"/dev/tap0", O_RDWR).unwrap();
    for filter in [EVFILT_READ, EVFILT_WRITE] {
        let kq = HOST.kqueue().unwrap();
        let change = Kev { ident: fd as usize, filter, flags: EV_ADD, ..Kev::default() };
        HOST.kevent(kq, &[change], &mut [], 0).unwrap();
        HOST.close(kq).unwrap();
        let last = enter().events.last_filter().unwrap();
        assert_eq!(symbolise(last), None, "filter {filter} is the module's");
    }
    HOST.close(fd).unwrap();
    ifconfig(SIOCIFDESTROY, "tap0").unwrap();
    HOST.unlink(c"/dev/tap0").unwrap();
    HOST.modunload(NAME).unwrap();
    assert_eq!(enter().leftovers(), Vec::<String>::new());
}
