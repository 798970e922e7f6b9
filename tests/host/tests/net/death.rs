// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a driver must not do ends the process: each such test runs in a process of its own.

use std::ffi::{c_int, c_void};

use tap_conformance::abi::{IFF_UP, LINK_STATE_UP};
use tap_conformance::frames;
use tap_conformance::run::set_linklocal;
use tap_host::emulator;
use tap_host::kern::kmem::Kind;
use tap_host::kpi;
use tap_host::sched::spawn;
use tap_host::stack::describe;
use tap_host::sys::HOST;
use tap_host::world::enter;

use crate::driver::{free, of_ifp, symbol, Driver};
use crate::user::{adopt, data, set_flags, set_inet, wait_for};

const CHILD: &str = "TAP_HOST_DEATH";

/// Runs `f`, which must end the process with a message, in a copy of this one that runs the test
/// of that name alone. How it ended, and what it said.
fn run(test: &str, value: &str) -> (bool, String) {
    let output = emulator::this_program()
        .unwrap()
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, value)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// In the copy, runs `f`; else asserts that the copy ends with `message`.
fn dies(test: &str, message: &str, f: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        adopt();
        f();
        return;
    }
    let (survived, said) = run(test, "1");
    assert!(!survived, "it survived:\n{said}");
    let line = said.lines().find(|line| line.starts_with("panic: ")).unwrap_or_default();
    assert!(line.contains(message), "it said {line:?}, not {message:?}\n{said}");
}

/// Runs `f` in a copy of this process, where no other test sees what it changes.
fn alone(test: &str, f: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        adopt();
        f();
        return;
    }
    let (survived, said) = run(test, "1");
    assert!(survived, "it did not survive:\n{said}");
}

#[test]
fn a_link_local_address_comes_by_itself() {
    alone("death::a_link_local_address_comes_by_itself", || {
        let driver = Driver::attach("local0");
        driver.link(LINK_STATE_UP as u32);
        wait_for("link", || data("local0").link_state == LINK_STATE_UP);
        set_linklocal(HOST, true).unwrap();
        set_flags("local0", IFF_UP).unwrap();
        wait_for("a frame", || !driver.sent.lock().unwrap().is_empty());
        let said = describe(&driver.sent.lock().unwrap()[0]);
        assert!(said.ends_with("who has fe80::f00b:a4ff:fe01:203, length 78"), "{said}");
        driver.detach();
        let left = enter().leftovers();
        assert_eq!(left, [""; 0]);
    });
}

fn gethdr() -> *mut kpi::mbuf {
    let gethdr: unsafe extern "C" fn(c_int, c_int) -> *mut kpi::mbuf = symbol("m_gethdr");
    // SAFETY: no preconditions.
    unsafe { gethdr(kpi::M_NOWAIT as c_int, kpi::MT_DATA as c_int) }
}

#[test]
fn an_mbuf_is_freed_twice() {
    dies("death::an_mbuf_is_freed_twice", "freed already", || {
        let m = gethdr();
        free(m);
        free(m);
    });
}

#[test]
fn a_packet_lies_about_its_length() {
    dies("death::a_packet_lies_about_its_length", "says 99 bytes and has 0", || {
        let driver = Driver::attach("lie0");
        let m = gethdr();
        // SAFETY: a packet of the driver's own.
        unsafe { &mut *m }.M_dat.MH.MH_pkthdr.len = 99;
        driver.enqueue(m);
    });
}

#[test]
fn an_interface_ends_before_its_ethernet() {
    dies("death::an_interface_ends_before_its_ethernet", "before ether_ifdetach", || {
        of_ifp("if_detach", Driver::attach("early0").ifp());
    });
}

#[test]
fn an_interface_is_used_after_its_end() {
    dies("death::an_interface_is_used_after_its_end", "or no longer one", || {
        let driver = Driver::attach("late0");
        driver.detach();
        driver.link(LINK_STATE_UP as u32);
    });
}

#[test]
fn an_interface_is_freed_before_its_end() {
    dies("death::an_interface_is_freed_before_its_end", "still holds the interface", || {
        let len = size_of::<kpi::ethercom>();
        let memory = enter().allocate(len, Kind::Kmem, true);
        of_ifp("if_initialize", memory.cast());
        let free: unsafe extern "C" fn(*mut c_void, usize) = symbol("kmem_free");
        // SAFETY: it is the misuse that this is about.
        unsafe { free(memory, len) };
    });
}

#[test]
fn a_reference_outlives_its_counters() {
    dies("death::a_reference_outlives_its_counters", "was freed while", || {
        let driver = Driver::attach("ref0");
        type Ref = unsafe extern "C" fn(*mut kpi::percpu_t) -> *mut c_void;
        // SAFETY: the driver's own interface, which is attached.
        let stats = unsafe { (*driver.ifp()).if_stats };
        // SAFETY: as above.
        unsafe { symbol::<Ref>("percpu_getref")(stats) };
        enter().current().bound -= 1;
        driver.detach();
        // SAFETY: it is the misuse that this is about.
        unsafe { symbol::<unsafe extern "C" fn(*mut kpi::percpu_t)>("percpu_putref")(stats) };
    });
}

/// A peer asks for the interface's address while a thread changes it, in one interleaving.
fn change_while_sending(seed: u64, locked: bool) {
    enter().seed(seed);
    let driver = Driver::attach("mac0");
    driver.link(LINK_STATE_UP as u32);
    wait_for("link", || data("mac0").link_state == LINK_STATE_UP);
    set_inet("mac0", 1).unwrap();
    set_flags("mac0", IFF_UP).unwrap();
    let pid = enter().current_pid();
    let changer = spawn(&mut enter(), pid, "changer", move || {
        let set: unsafe extern "C" fn(*mut kpi::ifnet, *const c_void, u8, bool) =
            symbol("if_set_sadl");
        for last in 0..8 {
            let address = [2, 0, 0, 0, 0, last];
            if locked {
                enter().kernel_lock(1);
            }
            // SAFETY: the driver's own interface, and an address of that length.
            unsafe { set(driver.ifp(), address.as_ptr().cast(), 6, false) };
            if locked {
                enter().kernel_unlock(1);
            }
        }
    });
    for _ in 0..8 {
        driver.receive(&frames::arp_request(1));
    }
    enter().join(changer);
    wait_for("input", || data("mac0").ipackets == 8);
    driver.detach();
}

/// How many of some interleavings a test in a copy of this process survives.
fn survivors(test: &str, seeds: u64, locked: bool) -> u64 {
    let mut survived = 0;
    for seed in 1..=seeds {
        let (alive, said) = run(test, &format!("{seed} {locked}"));
        let expected = said.contains("if_sadl is NULL");
        assert!(alive || expected, "seed {seed}: {said}");
        survived += u64::from(alive);
    }
    survived
}

#[test]
fn an_address_changes_while_another_cpu_sends() {
    const TEST: &str = "death::an_address_changes_while_another_cpu_sends";
    if let Ok(value) = std::env::var(CHILD) {
        let (seed, locked) = value.split_once(' ').unwrap();
        adopt();
        change_while_sending(seed.parse().unwrap(), locked == "true");
        return;
    }
    assert_eq!(survivors(TEST, 12, true), 12, "with the kernel lock");
    assert_ne!(survivors(TEST, 12, false), 12, "without it");
}
