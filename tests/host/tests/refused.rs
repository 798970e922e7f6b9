// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The built module where the kernel refuses something that it hardly ever refuses: a step of the
//! load, or a device.

mod built;
mod ifconfig;
mod symbol;

use std::ffi::{c_char, c_int, c_void, CStr};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use built::{path, NAME};
use ifconfig::ifconfig;
use symbol::symbol;
use tap_conformance::abi::{
    makedev, IfReq, AF_LINK, CLONER_MINOR, O_RDWR, SIOCIFCREATE, SIOCIFDESTROY, S_IFCHR, TAPGIFNAME,
};
use tap_conformance::errno::Errno;
use tap_conformance::text::until_nul;
use tap_conformance::user::{Out, Plain};
use tap_host::kern::sysctl::{createv, destroyv, New};
use tap_host::kpi;
use tap_host::sched::{self, chan, Chan, Sleep};
use tap_host::sys::HOST;
use tap_host::world::enter;

/// One test at a time: they share the kernel.
static ALONE: Mutex<()> = Mutex::new(());
const PID: sched::Pid = 100;

/// Makes the calling thread one of a process, for as long as this lives.
struct Place(#[allow(dead_code)] MutexGuard<'static, ()>);

fn process() -> Place {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    sched::adopt(PID, "test");
    Place(alone)
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            sched::exit();
        }
    }
}

/// A table of a driver of the test's own, which lives for ever.
fn table<T>(fill: impl FnOnce(&mut T)) -> *mut T {
    // SAFETY: used for tables of C, for which all zeros is a value.
    let mut table: Box<T> = Box::new(unsafe { std::mem::zeroed() });
    fill(&mut table);
    Box::into_raw(table)
}

fn cfdriver(name: &'static CStr) -> *mut kpi::cfdriver {
    table(|driver: &mut kpi::cfdriver| driver.cd_name = name.as_ptr())
}

/// The module is refused with this error after `prepare`, and all the same leaves no more than that
/// did; after `undo` it loads.
fn refused<T>(error: Errno, prepare: impl FnOnce() -> T, undo: impl FnOnce(T)) {
    let first = enter().leftovers();
    let prepared = prepare();
    let before = enter().leftovers();
    assert_eq!(HOST.modload(&path()), Err(error));
    assert_eq!(enter().leftovers(), before, "a refused load left something");
    undo(prepared);
    HOST.modload(&path()).unwrap();
    ifconfig(SIOCIFCREATE, "tap0").unwrap();
    ifconfig(SIOCIFDESTROY, "tap0").unwrap();
    HOST.modunload(NAME).unwrap();
    assert_eq!(enter().leftovers(), first);
}

type DevswAttach = unsafe extern "C" fn(
    *const c_char,
    *const kpi::bdevsw,
    *mut c_int,
    *const kpi::cdevsw,
    *mut c_int,
) -> c_int;

/// Attaches a character device of no use, under whatever number its name has.
fn devsw_attach(name: &CStr) -> *const kpi::cdevsw {
    let attach: DevswAttach = symbol("devsw_attach");
    let (cdevsw, mut major) = (table(|_: &mut kpi::cdevsw| {}), -1);
    // SAFETY: the function's type; the table lives for ever.
    let error = unsafe { attach(name.as_ptr(), ptr::null(), &mut -1, cdevsw, &mut major) };
    assert_eq!(error, 0);
    cdevsw
}

fn devsw_detach(cdevsw: *const kpi::cdevsw) {
    let detach: unsafe extern "C" fn(*const kpi::bdevsw, *const kpi::cdevsw) =
        symbol("devsw_detach");
    // SAFETY: the function's type, and what was attached.
    unsafe { detach(ptr::null(), cdevsw) };
}

#[test]
fn f32_the_device_switch_refuses() {
    let _place = process();
    refused(
        Errno::EEXIST,
        || [c"tap", c"tap_rs"].map(devsw_attach),
        |tables| tables.into_iter().for_each(devsw_detach),
    );
}

/// A function of autoconf's that takes a table.
fn of_table<T>(name: &str, table: *mut T) {
    let call: unsafe extern "C" fn(*mut T) -> c_int = symbol(name);
    // SAFETY: the function's type, and a table that lives for ever.
    assert_eq!(unsafe { call(table) }, 0, "{name}");
}

#[test]
fn f39_autoconf_refuses() {
    let _place = process();
    let driver = cfdriver(c"tap_rs");
    refused(
        Errno::EEXIST,
        || of_table("config_cfdriver_attach", driver),
        |()| of_table("config_cfdriver_detach", driver),
    );
}

unsafe extern "C" fn nothing(_: *mut c_void) {}

#[test]
fn f39_no_soft_interrupt_is_left() {
    let _place = process();
    refused(
        Errno::ENOMEM,
        || {
            let establish = || enter().softint_establish(kpi::SOFTINT_CLOCK, nothing, 0);
            std::iter::from_fn(establish).collect::<Vec<_>>()
        },
        |all| all.into_iter().for_each(|one| enter().softint_disestablish(one)),
    );
}

#[test]
fn f39_the_work_queue_gets_no_thread() {
    let _place = process();
    refused(Errno::ENOMEM, || enter().workqueues.refuse = Some(kpi::ENOMEM as c_int), |()| {});
}

/// A node's handler.
unsafe extern "C" fn handler(
    _: *const c_int,
    _: u32,
    _: *mut c_void,
    _: *mut usize,
    _: *const c_void,
    _: usize,
    _: *const c_int,
    _: *mut kpi::lwp,
    _: *const kpi::sysctlnode,
) -> c_int {
    0
}

#[test]
fn f39_the_sysctl_tree_refuses() {
    const LINK: [i32; 2] = [kpi::CTL_NET as i32, AF_LINK];
    const TAP: [i32; 3] = [LINK[0], LINK[1], 77];
    let _place = process();
    // "link" stays, as it does when the module makes it. "tap" is not what the module wants.
    let node = |name| New { kind: kpi::CTLTYPE_NODE, name, ..New::default() };
    createv(&mut enter(), ptr::null_mut(), None, &node("link"), &LINK).unwrap();
    let other = New { func: Some(handler), ..node("tap") };
    refused(
        Errno::EEXIST,
        || createv(&mut enter(), ptr::null_mut(), None, &other, &TAP).map(drop).unwrap(),
        |()| destroyv(&mut enter(), None, &TAP).unwrap(),
    );
}

/// A device whose driver takes its time to detach it.
static HELD: AtomicBool = AtomicBool::new(true);
static INSIDE: AtomicBool = AtomicBool::new(false);
const RELEASED: Chan = Chan { kind: "slow", address: 0 };

unsafe extern "C" fn slow_attach(_: kpi::device_t, _: kpi::device_t, _: *mut c_void) {}

unsafe extern "C" fn slow_detach(_: kpi::device_t, _: c_int) -> c_int {
    let mut world = enter();
    INSIDE.store(true, Ordering::SeqCst);
    while HELD.load(Ordering::SeqCst) {
        world.sleep(RELEASED, Sleep::default());
    }
    0
}

/// Attaches it, and begins to detach it in another thread.
fn begin_slow_detach() -> sched::Tid {
    of_table("config_cfdriver_attach", cfdriver(c"slow"));
    let attachment = table(|attachment: &mut kpi::cfattach| {
        attachment.ca_name = c"slow".as_ptr();
        attachment.ca_flags = kpi::DVF_PRIV_ALLOC as c_int;
        attachment.ca_attach = Some(slow_attach);
        attachment.ca_detach = Some(slow_detach);
    });
    let attach: unsafe extern "C" fn(*const c_char, *mut kpi::cfattach) -> c_int =
        symbol("config_cfattach_attach");
    // SAFETY: the function's type, and a table that lives for ever.
    assert_eq!(unsafe { attach(c"slow".as_ptr(), attachment) }, 0);
    let cfdata = table(|cf: &mut kpi::cfdata| {
        cf.cf_name = c"slow".as_ptr();
        cf.cf_atname = c"slow".as_ptr();
        cf.cf_fstate = kpi::FSTATE_NOTFOUND as _;
    });
    let attach: unsafe extern "C" fn(*mut kpi::cfdata) -> kpi::device_t =
        symbol("config_attach_pseudo");
    // SAFETY: the function's type, and data that live for ever.
    let device = unsafe { attach(cfdata) } as usize;
    assert_ne!(device, 0);
    let mut world = enter();
    let thread = sched::spawn(&mut world, PID, "detacher", move || {
        enter().config_detach(device, 0).unwrap();
    });
    while !INSIDE.load(Ordering::SeqCst) {
        let address = sched::me() as usize;
        world.sleep(chan("test", address), Sleep { ticks: Some(1), ..Sleep::default() });
    }
    thread
}

/// The name of the interface that an open of the cloning device makes.
fn cloned() -> Vec<u8> {
    let fd = HOST.open(c"/dev/tap", O_RDWR).unwrap();
    let mut request = IfReq::zeroed();
    HOST.ioctl(fd, TAPGIFNAME, Out::value(&mut request)).unwrap();
    HOST.close(fd).unwrap();
    until_nul(&request.name).to_vec()
}

/// As long as anybody detaches a device, autoconf keeps those that have gone, and their numbers.
#[test]
fn f3_autoconf_still_has_the_unit() {
    let _place = process();
    HOST.modload(&path()).unwrap();
    ifconfig(SIOCIFCREATE, "tap0").unwrap();
    let detacher = begin_slow_detach();
    ifconfig(SIOCIFDESTROY, "tap0").unwrap();
    let before = enter().memory.count();
    assert_eq!(ifconfig(SIOCIFCREATE, "tap0"), Err(Errno::EBUSY));
    assert_eq!(ifconfig(SIOCIFCREATE, "tap0"), Err(Errno::EBUSY));
    // The cloning device takes the next unit.
    let major = HOST.major("tap").unwrap();
    HOST.mknod(c"/dev/tap", S_IFCHR | 0o600, makedev(major, CLONER_MINOR)).unwrap();
    assert_eq!(cloned(), b"tap1");
    // What autoconf still has leads to the module.
    assert_eq!(HOST.modunload(NAME), Err(Errno::EBUSY));
    HELD.store(false, Ordering::SeqCst);
    enter().wake_all(RELEASED);
    enter().join(detacher);
    assert_eq!(cloned(), b"tap0");
    HOST.unlink(c"/dev/tap").unwrap();
    ifconfig(SIOCIFCREATE, "tap0").unwrap();
    ifconfig(SIOCIFDESTROY, "tap0").unwrap();
    assert!(enter().memory.count() <= before, "a refused device left memory");
    HOST.modunload(NAME).unwrap();
    assert_eq!(enter().memory.leftovers(), Vec::<String>::new());
}

/// What a driver does not fill in of a device's configuration data, others may read.
#[test]
fn f3_the_configuration_data_is_zeroed() {
    let _place = process();
    HOST.modload(&path()).unwrap();
    ifconfig(SIOCIFCREATE, "tap7").unwrap();
    let driver = enter().config_cfdriver_lookup("tap_rs").unwrap() as kpi::cfdriver_t;
    let lookup: unsafe extern "C" fn(kpi::cfdriver_t, c_int) -> kpi::device_t =
        symbol("device_lookup");
    // SAFETY: the function's type, and the module's driver.
    let device = unsafe { lookup(driver, 7) };
    let cfdata: unsafe extern "C" fn(kpi::device_t) -> *const kpi::cfdata = symbol("device_cfdata");
    // SAFETY: the function's type, and the driver's device.
    let data = unsafe { cfdata(device) };
    // SAFETY: the data of a device, which is not destroyed meanwhile.
    let data = unsafe { &*data };
    assert!(data.cf_loc.is_null() && data.cf_pspec.is_null());
    assert_eq!((data.cf_flags, data.cf_unit()), (0, 7));
    ifconfig(SIOCIFDESTROY, "tap7").unwrap();
    HOST.modunload(NAME).unwrap();
}
