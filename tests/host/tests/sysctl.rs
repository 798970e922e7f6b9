// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's sysctl tree against what sysctl(9) and sysctl(3) promise, and what they get wrong.

use std::ptr;

use tap_conformance::abi::{
    KinfoDriver, SysctlNode, AF_LINK, CTL_KERN, CTL_QUERY, KERN_DRIVERS, KERN_OSREV, SYSCTL_VERSION,
};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::text::until_nul;
use tap_conformance::user::Plain;
use tap_host::emulator;
use tap_host::kern::kauth;
use tap_host::kern::sysctl::{createv, destroyv, sysctl, teardown, New};
use tap_host::kpi::{self, CTL_CREATE};
use tap_host::sched;
use tap_host::world::{enter, World};

const CTL_NET: i32 = kpi::CTL_NET as i32;
type Log = *mut kpi::sysctllog;

fn node(name: &str) -> New<'_> {
    New { kind: kpi::CTLTYPE_NODE, name, ..New::default() }
}

fn int(name: &str) -> New<'_> {
    let flags = kpi::CTLFLAG_IMMEDIATE | kpi::CTLFLAG_READWRITE;
    New { kind: kpi::CTLTYPE_INT, flags, name, immediate: 7, ..New::default() }
}

/// Makes a node of the top level that stays, below which a test is alone.
fn own(world: &mut World, num: i32, name: &str) {
    assert!(createv(world, ptr::null_mut(), None, &node(name), &[num]).is_ok());
}

fn read(world: &mut World, mib: &[i32]) -> Result<i32> {
    let mut value = 0_i32;
    let len = sysctl(world, mib, (&raw mut value as usize, 4), (0, 0))?;
    assert_eq!(len, 4);
    Ok(value)
}

fn write(world: &mut World, mib: &[i32], value: i32) -> Result<usize> {
    sysctl(world, mib, (0, 0), (&raw const value as usize, 4))
}

/// The names of a node's children.
fn children(world: &mut World, mib: &[i32]) -> Result<Vec<String>> {
    let query = SysctlNode { flags: SYSCTL_VERSION, ..SysctlNode::zeroed() };
    let mut nodes = [SysctlNode::zeroed(); 32];
    let mib = [mib, &[CTL_QUERY]].concat();
    let old = (nodes.as_mut_ptr() as usize, size_of_val(&nodes));
    let len = sysctl(world, &mib, old, (&raw const query as usize, size_of::<SysctlNode>()))?;
    let found = nodes.iter().take(len / size_of::<SysctlNode>());
    Ok(found.map(|node| String::from_utf8_lossy(until_nul(&node.name)).into_owned()).collect())
}

#[test]
fn the_kernels_own_nodes() {
    sched::adopt(100, "own nodes");
    let world = &mut enter();
    assert_eq!(
        read(world, &[CTL_KERN, KERN_OSREV]).unwrap().to_string(),
        env!("TAP_KERNEL_VERSION")
    );
    assert_eq!(write(world, &[CTL_KERN, KERN_OSREV], 1), Err(Errno::EPERM));
    let mut drivers = [KinfoDriver::zeroed(); 64];
    let old = (drivers.as_mut_ptr() as usize, size_of_val(&drivers));
    let len = sysctl(world, &[CTL_KERN, KERN_DRIVERS], old, (0, 0)).unwrap();
    let mut found = drivers.iter().take(len / size_of::<KinfoDriver>());
    let tap = found.find(|driver| until_nul(&driver.name) == b"tap").unwrap();
    assert_eq!((tap.cmajor, tap.bmajor), (169, -1));
    // The longest that fits is given, and that there is more is told.
    assert_eq!(sysctl(world, &[CTL_KERN, KERN_DRIVERS], (old.0, 8), (0, 0)), Err(Errno::ENOMEM));
}

#[test]
fn numbers_that_lead_nowhere() {
    sched::adopt(100, "nowhere");
    let world = &mut enter();
    assert_eq!(read(world, &[]), Err(Errno::EINVAL));
    assert_eq!(read(world, &[CTL_KERN; 13]), Err(Errno::EINVAL));
    assert_eq!(read(world, &[CTL_KERN, 99_999]), Err(Errno::ENOENT));
    assert_eq!(read(world, &[CTL_KERN, KERN_OSREV, 1]), Err(Errno(kpi::ENOTDIR as i32)));
    assert_eq!(read(world, &[CTL_KERN]), Err(Errno::EINVAL));
    assert_eq!(children(world, &[CTL_KERN, KERN_OSREV]), Err(Errno(kpi::ENOTDIR as i32)));
    let names = children(world, &[CTL_KERN]).unwrap();
    assert!(names.contains(&"osrevision".into()) && names.contains(&"drivers".into()), "{names:?}");
}

#[test]
fn values_are_read_and_written_by_whom_they_may() {
    sched::adopt(100, "values");
    let world = &mut enter();
    own(world, 300, "values");
    let mib = [300, 1];
    createv(world, ptr::null_mut(), None, &int("word"), &mib).unwrap();
    assert_eq!(read(world, &mib), Ok(7));
    assert_eq!(write(world, &mib, 8), Ok(4));
    assert_eq!(read(world, &mib), Ok(8));
    // It stays when its siblings come and go.
    createv(world, ptr::null_mut(), None, &int("before"), &[300, 0]).unwrap();
    assert_eq!(read(world, &mib), Ok(8));
    let short = sysctl(world, &mib, (0, 0), (&raw const mib as usize, 2));
    assert_eq!(short, Err(Errno::EINVAL));
    assert_eq!(sysctl(world, &mib, (8, 4), (0, 0)), Err(Errno::EFAULT));
    assert_eq!(sysctl(world, &mib, (0, 0), (8, 4)), Err(Errno::EFAULT));
    world.current_proc().cred = kauth::new_cred(1, 0);
    let refused = write(world, &mib, 9);
    let seen = read(world, &mib);
    world.current_proc().cred = kauth::new_cred(0, 0);
    assert_eq!((refused, seen), (Err(Errno::EPERM), Ok(8)));
}

#[test]
fn strings_may_be_shorter_and_end() {
    sched::adopt(100, "strings");
    let world = &mut enter();
    own(world, 301, "strings");
    let mut data = *b"abcdef\0\0";
    let mib = [301, 1];
    let flags = kpi::CTLFLAG_READWRITE;
    let place = data.as_mut_ptr() as usize;
    let kind = kpi::CTLTYPE_STRING;
    let string = New { kind, flags, name: "text", data: place, size: 8, ..New::default() };
    createv(world, ptr::null_mut(), None, &string, &mib).unwrap();
    let mut set = |text: &[u8]| sysctl(world, &mib, (0, 0), (text.as_ptr() as usize, text.len()));
    // What it reports is the length that it had.
    assert_eq!(set(b"xyz"), Ok(7));
    assert_eq!(set(b"1234567"), Ok(4));
    assert_eq!(set(b"12345678"), Err(Errno::EINVAL));
    assert_eq!(set(b"123456789"), Err(Errno::EINVAL));
    let mut seen = [0xa5_u8; 12];
    let len = sysctl(world, &mib, (seen.as_mut_ptr() as usize, seen.len()), (0, 0));
    assert_eq!((len, &seen[..9]), (Ok(8), &b"1234567\0\xa5"[..]));
    destroyv(world, None, &mib).unwrap();
}

#[test]
fn names_numbers_and_collisions() {
    sched::adopt(100, "names");
    let world = &mut enter();
    own(world, 302, "names");
    let mut make =
        |new: &New, num: i32| createv(world, ptr::null_mut(), None, new, &[302, num]).map(drop);
    for name in ["", "0digit", "with space", "a.b"] {
        assert_eq!(make(&int(name), 1), Err(Errno::EINVAL), "{name:?}");
    }
    let long = "a_name_of_exactly_32_characters_";
    assert_eq!(make(&int(long), 1), Err(Errno(kpi::ENAMETOOLONG as i32)));
    assert_eq!(make(&int("one"), 1), Ok(()));
    // The same again is as good; another one of that name or number is not.
    assert_eq!(make(&int("one"), 1), Ok(()));
    assert_eq!(make(&int("one"), 2), Err(Errno::EEXIST));
    assert_eq!(make(&int("two"), 1), Err(Errno::EEXIST));
    assert_eq!(make(&int("two"), CTL_CREATE), Ok(()));
    assert_eq!(make(&int("negative"), -20), Err(Errno::EINVAL));
    let permanent = New { flags: kpi::CTLFLAG_PERMANENT, ..int("for_ever") };
    assert_eq!(make(&permanent, 9), Err(Errno::EPERM), "the kernel is up");
    let nothing = New { kind: kpi::CTLTYPE_STRUCT, name: "nothing", ..New::default() };
    assert_eq!(make(&nothing, 9), Err(Errno::EINVAL), "neither data nor a handler");
    assert_eq!(children(world, &[302]).unwrap(), ["one", "two"]);
    let under_leaf = createv(world, ptr::null_mut(), None, &int("leaf"), &[302, 1, 1]);
    assert_eq!(under_leaf, Err(Errno(kpi::ENOTDIR as i32)));
}

#[test]
fn destroying_what_is_not_there_and_what_has_children() {
    sched::adopt(100, "destroy");
    let world = &mut enter();
    own(world, 303, "destroy");
    createv(world, ptr::null_mut(), None, &node("parent"), &[303, 1]).unwrap();
    assert_eq!(destroyv(world, None, &[303, 2, 1]), Ok(()), "no parent");
    assert_eq!(destroyv(world, None, &[303, 1, 5]), Err(Errno::ENOENT));
    createv(world, ptr::null_mut(), None, &int("child"), &[303, 1, 5]).unwrap();
    assert_eq!(destroyv(world, None, &[303, 1]), Ok(()), "not empty, so it stays");
    assert_eq!(children(world, &[303, 1]).unwrap(), ["child"]);
    assert_eq!(destroyv(world, None, &[CTL_KERN, KERN_OSREV]), Err(Errno::EPERM));
    assert_eq!(destroyv(world, None, &[303, 1, 5]), Ok(()));
    assert_eq!(destroyv(world, None, &[303, 1]), Ok(()));
    assert_eq!(children(world, &[303, 1]), Err(Errno::ENOENT));
}

#[test]
fn a_log_undoes_what_was_made_with_it() {
    sched::adopt(100, "log");
    let world = &mut enter();
    own(world, 304, "log");
    let mut log: Log = ptr::null_mut();
    let logged = &raw mut log;
    for (parent, name) in [(1, "shared"), (2, "own")] {
        let parent = createv(world, logged, None, &node(name), &[304, parent]).unwrap();
        createv(world, logged, Some(parent), &int("mine"), &[CTL_CREATE]).unwrap();
    }
    createv(world, ptr::null_mut(), None, &int("theirs"), &[304, 1, 2]).unwrap();
    teardown(world, &mut log);
    assert!(log.is_null());
    assert_eq!(children(world, &[304]).unwrap(), ["shared"]);
    assert_eq!(children(world, &[304, 1]).unwrap(), ["theirs"]);
}

#[test]
fn nodes_that_refer_to_memory_that_goes_are_found() {
    sched::adopt(100, "refer");
    let world = &mut enter();
    own(world, 306, "refer");
    let data = Box::new([0_u8; 16]);
    let at = data.as_ptr() as usize;
    let kind = kpi::CTLTYPE_INT;
    let inside = New { kind, name: "inside", data: at + 8, ..New::default() };
    createv(world, ptr::null_mut(), None, &inside, &[306, 1]).unwrap();
    let described = New { desc: at, ..int("described") };
    createv(world, ptr::null_mut(), None, &described, &[306, 2]).unwrap();
    let value = New { immediate: at as u64, ..int("value") };
    createv(world, ptr::null_mut(), None, &value, &[306, 3]).unwrap();
    let found = world.sysctl.referring(&(at..at + 16));
    assert_eq!(found, ["sysctl node refer.inside", "sysctl node refer.described"]);
    assert_eq!(world.sysctl.referring(&(at..at + 8)), ["sysctl node refer.described"]);
    assert_eq!(world.sysctl.referring(&(at + 16..at + 32)), [""; 0]);
    destroyv(world, None, &[306, 1]).unwrap();
    destroyv(world, None, &[306, 2]).unwrap();
    destroyv(world, None, &[306, 3]).unwrap();
}

/// Runs one test of this program again, in a process of its own; whether it ended well, and what
/// it said.
fn in_child(test: &str, mark: &str) -> (bool, String) {
    let mut command = emulator::this_program().unwrap();
    let output = command.args(["--exact", test, "--nocapture"]).env(mark, "1").output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// F34: net.link torn down, with nodes behind it that have children: the next one made among those
/// has a wrong parent.
#[test]
fn f34_the_next_interface_after_net_link_was_torn_down() {
    const CHILD: &str = "SYSCTL_TEST_LINK";
    sched::adopt(100, "link");
    let world = &mut enter();
    let tears_down = |world: &mut World, link_is_logged: bool| {
        createv(world, ptr::null_mut(), None, &node("others"), &[CTL_NET, 2000]).unwrap();
        createv(world, ptr::null_mut(), None, &node("lo0"), &[CTL_NET, 2000, 1]).unwrap();
        let mut log: Log = ptr::null_mut();
        let logged = &raw mut log;
        let link = if link_is_logged { logged } else { ptr::null_mut() };
        createv(world, link, None, &node("link"), &[CTL_NET, AF_LINK]).unwrap();
        createv(world, logged, None, &node("tap"), &[CTL_NET, AF_LINK, CTL_CREATE]).unwrap();
        teardown(world, &mut log);
        createv(world, ptr::null_mut(), None, &node("tap0"), &[CTL_NET, 2000, CTL_CREATE])
    };
    if std::env::var_os(CHILD).is_some() {
        let _ = tears_down(world, true);
        panic!("it came back");
    }
    assert_eq!(tears_down(world, false).map(drop), Ok(()), "with link left alone, all is well");
    let (well, text) = in_child("f34_the_next_interface_after_net_link_was_torn_down", CHILD);
    assert!(!well);
    assert!(text.contains("sysctl parent mis-match: tap0 under others"), "{text}");
}

/// The address of a node means nothing once its siblings have changed.
#[test]
fn a_node_address_from_before_a_change_among_its_siblings() {
    const CHILD: &str = "SYSCTL_TEST_STALE";
    sched::adopt(100, "stale");
    let world = &mut enter();
    own(world, 305, "stale");
    let make = |world: &mut World, name, num| {
        createv(world, ptr::null_mut(), None, &node(name), &[305, num]).unwrap()
    };
    make(world, "one", 1);
    let two = make(world, "two", 2);
    let below = |world: &mut World| {
        createv(world, ptr::null_mut(), Some(two), &int("below"), &[CTL_CREATE])
    };
    if std::env::var_os(CHILD).is_some() {
        destroyv(world, None, &[305, 1]).unwrap();
        let _ = below(world);
        panic!("it came back");
    }
    assert!(below(world).is_ok());
    let (well, text) = in_child("a_node_address_from_before_a_change_among_its_siblings", CHILD);
    assert!(!well);
    assert!(text.contains("is no node any more: its siblings changed"), "{text}");
}
