// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Units of a driver: who holds a device, and what a detach waits for.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use tap_conformance::errno::Errno;

use super::{process, settle, Place};
use crate::kern::errno::errno;
use crate::kpi;
use crate::sched::{chan, Sleep};
use crate::world::enter;

/// What the next detach says.
static VERDICT: AtomicI32 = AtomicI32::new(0);
/// Detaches that have begun.
static DETACHES: AtomicUsize = AtomicUsize::new(0);
/// A detach waits while this is not zero.
static HOLD: AtomicUsize = AtomicUsize::new(0);
/// A detach commits before it waits.
static COMMIT: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn attach(_: kpi::device_t, _: kpi::device_t, _: *mut c_void) {}

unsafe extern "C" fn detach(dev: kpi::device_t, _: c_int) -> c_int {
    let mut world = enter();
    DETACHES.fetch_add(1, Ordering::SeqCst);
    if COMMIT.load(Ordering::SeqCst) != 0 {
        world.config_detach_commit(dev as usize);
    }
    while HOLD.load(Ordering::SeqCst) != 0 {
        world.sleep(chan("hold", 0), Sleep::default());
    }
    VERDICT.swap(0, Ordering::SeqCst)
}

fn release() {
    let mut world = enter();
    HOLD.store(0, Ordering::SeqCst);
    world.wake_all(chan("hold", 0));
}

/// A driver and its attachment, and configuration data for its units.
struct Driver {
    cfdriver: *mut kpi::cfdriver,
    cfattach: *mut kpi::cfattach,
}

impl Driver {
    fn new() -> Driver {
        // SAFETY: pointers and functions that may be NULL.
        let mut cfdriver: Box<kpi::cfdriver> = Box::new(unsafe { std::mem::zeroed() });
        cfdriver.cd_name = c"dev".as_ptr();
        // SAFETY: as above.
        let mut cfattach: Box<kpi::cfattach> = Box::new(unsafe { std::mem::zeroed() });
        cfattach.ca_name = c"dev".as_ptr();
        cfattach.ca_devsize = 100;
        cfattach.ca_flags = kpi::DVF_PRIV_ALLOC as c_int;
        cfattach.ca_attach = Some(attach);
        cfattach.ca_detach = Some(detach);
        let driver =
            Driver { cfdriver: Box::into_raw(cfdriver), cfattach: Box::into_raw(cfattach) };
        let mut world = enter();
        world.config_cfdriver_attach(driver.cfdriver).unwrap();
        world.config_cfattach_attach("dev", driver.cfattach).unwrap();
        driver
    }

    /// Attaches a unit, which star makes the first free one from there.
    fn unit(&self, unit: i32, star: bool) -> Option<usize> {
        // SAFETY: integers and pointers, for which all zeros is a value.
        let mut cfdata: Box<kpi::cfdata> = Box::new(unsafe { std::mem::zeroed() });
        cfdata.cf_name = c"dev".as_ptr();
        cfdata.cf_atname = c"dev".as_ptr();
        cfdata.set_cf_unit(unit as _);
        cfdata.cf_fstate = if star { kpi::FSTATE_STAR } else { kpi::FSTATE_NOTFOUND } as _;
        enter().config_attach_pseudo(Box::into_raw(cfdata))
    }

    fn lookup(&self, unit: i32) -> Option<usize> {
        enter().device_lookup_acquire(self.cfdriver as usize, unit)
    }

    fn published(&self) -> (bool, c_int) {
        // SAFETY: the table of this test.
        let fields = unsafe { &*self.cfdriver };
        (fields.cd_attach.lh_first.is_null(), fields.cd_ndevs)
    }

    fn end(self) {
        let mut world = enter();
        assert_eq!(world.config_cfdriver_detach(self.cfdriver), Err(Errno::EBUSY));
        world.config_cfattach_detach("dev", self.cfattach).unwrap();
        world.config_cfdriver_detach(self.cfdriver).unwrap();
        assert_eq!(world.autoconf.leftovers(), Vec::<String>::new());
    }
}

fn detach_unit(place: &Place, dev: usize) -> super::Job<Result<(), Errno>> {
    place.start(move || enter().config_detach(dev, 0))
}

#[test]
fn units_are_taken_and_given_back() {
    let _place = process(1501);
    let driver = Driver::new();
    assert_eq!(driver.published(), (false, 0));
    let seven = driver.unit(7, false).unwrap();
    assert_eq!(driver.unit(7, false), None, "one unit, two devices");
    assert_eq!(driver.published().1, 8);
    let eight = driver.unit(7, true).unwrap();
    let mut world = enter();
    assert_eq!(world.device_name(eight), "dev8");
    assert_eq!(world.device_lookup(driver.cfdriver as usize, 8), Some(eight));
    assert_eq!(world.device_lookup(driver.cfdriver as usize, 9), None);
    assert_eq!(world.config_cfattach_detach("dev", driver.cfattach), Err(Errno::EBUSY));
    assert_eq!(world.config_cfdriver_detach(driver.cfdriver), Err(Errno::EBUSY));
    assert_eq!(world.config_cfdriver_attach(driver.cfdriver), Err(Errno::EEXIST));
    assert_eq!(world.config_cfattach_attach("no", driver.cfattach), Err(errno(kpi::ESRCH)));
    world.config_detach(seven, kpi::DETACH_QUIET).unwrap();
    world.config_detach(eight, 0).unwrap();
    drop(world);
    assert_eq!(driver.published(), (false, 0));
    driver.end();
}

#[test]
fn a_detach_waits_for_references() {
    let place = process(1502);
    let driver = Driver::new();
    let dev = driver.unit(0, false).unwrap();
    assert_eq!(driver.lookup(0), Some(dev));
    let detacher = detach_unit(&place, dev);
    detacher.asleep();
    settle();
    assert!(!detacher.is_over(), "the device went under its user");
    assert_eq!(driver.lookup(0), None, "a reference to a device that is gone");
    enter().device_release(dev);
    assert_eq!(detacher.join(), Ok(()));
    driver.end();
}

#[test]
fn a_lookup_waits_for_the_outcome_of_a_detach() {
    let place = process(1503);
    let driver = Driver::new();
    let cfdriver = driver.cfdriver as usize;
    let dev = driver.unit(0, false).unwrap();
    for (verdict, found) in [(kpi::EBUSY as i32, true), (0, false)] {
        VERDICT.store(verdict, Ordering::SeqCst);
        HOLD.store(1, Ordering::SeqCst);
        let detacher = detach_unit(&place, dev);
        detacher.asleep();
        let looker = place.start(move || enter().device_lookup_acquire(cfdriver, 0));
        looker.asleep();
        settle();
        assert!(!looker.is_over(), "the lookup did not wait");
        release();
        let result = detacher.join();
        assert_eq!(result, if found { Err(Errno::EBUSY) } else { Ok(()) });
        let seen = looker.join();
        assert_eq!(seen.is_some(), found);
        if let Some(dev) = seen {
            enter().device_release(dev);
        }
    }
    driver.end();
}

#[test]
fn a_commitment_ends_the_wait() {
    let place = process(1504);
    let driver = Driver::new();
    let cfdriver = driver.cfdriver as usize;
    let dev = driver.unit(0, false).unwrap();
    HOLD.store(1, Ordering::SeqCst);
    let detacher = detach_unit(&place, dev);
    detacher.asleep();
    let looker = place.start(move || enter().device_lookup_acquire(cfdriver, 0));
    looker.asleep();
    release();
    detacher.join().unwrap();
    assert_eq!(looker.join(), None);
    let dev = driver.unit(0, false).unwrap();
    COMMIT.store(1, Ordering::SeqCst);
    HOLD.store(1, Ordering::SeqCst);
    let detacher = detach_unit(&place, dev);
    detacher.asleep();
    assert_eq!(driver.lookup(0), None, "who asks after the commitment fails at once");
    release();
    detacher.join().unwrap();
    COMMIT.store(0, Ordering::SeqCst);
    driver.end();
}

#[test]
fn one_detach_at_a_time() {
    let place = process(1505);
    let driver = Driver::new();
    let dev = driver.unit(0, false).unwrap();
    let before = DETACHES.load(Ordering::SeqCst);
    VERDICT.store(kpi::EBUSY as i32, Ordering::SeqCst);
    HOLD.store(1, Ordering::SeqCst);
    let first = detach_unit(&place, dev);
    first.asleep();
    let second = detach_unit(&place, dev);
    second.asleep();
    settle();
    assert_eq!(DETACHES.load(Ordering::SeqCst), before + 1);
    release();
    assert_eq!(first.join(), Err(Errno::EBUSY));
    assert_eq!(second.join(), Ok(()));
    driver.end();
}

#[test]
fn an_administrator_detaches_by_name() {
    let _place = process(1506);
    let driver = Driver::new();
    driver.unit(3, false).unwrap();
    let mut world = enter();
    assert_eq!(world.drvctl_detach("dev4"), Err(Errno::ENXIO));
    VERDICT.store(kpi::EBUSY as i32, Ordering::SeqCst);
    assert_eq!(world.drvctl_detach("dev3"), Err(Errno::EBUSY));
    assert_eq!(world.drvctl_detach("dev3"), Ok(()));
    assert_eq!(world.drvctl_detach("dev3"), Err(Errno::ENXIO));
    assert_eq!(world.autoconf.count(), 0);
    drop(world);
    driver.end();
}
