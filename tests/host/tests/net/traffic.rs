// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames are counted and filtered once each, and dropped when there are too many.

use tap_conformance::abi::{BIOCSETIF, IFF_UP};
use tap_conformance::errno::Errno;
use tap_conformance::frames::{self, BROADCAST, PEER_MAC};
use tap_host::kern::net::pfil;
use tap_host::kpi;
use tap_host::sched::spawn;
use tap_host::world::enter;

use crate::driver::{symbol, Driver, MAC};
use crate::user::{adopt, data, ifreq, set_flags, sysctl, wait_for};

/// A frame that no protocol takes.
pub fn plain(len: usize, to: [u8; 6]) -> Vec<u8> {
    let mut frame = vec![0; len];
    frames::plain(&mut frame, to);
    frame
}

#[test]
fn each_frame_counts_once() {
    adopt();
    let driver = Driver::attach("count0");
    set_flags("count0", IFF_UP).unwrap();
    let lengths = [14, 60, 300, 1514];
    for len in lengths {
        driver.receive(&plain(len, MAC));
    }
    driver.receive(&plain(60, BROADCAST));
    driver.receive(&plain(60, [1, 0, 0x5e, 0, 0, 1]));
    wait_for("input", || data("count0").ipackets == 6);
    wait_for("protocols", || data("count0").noproto == 6);
    let counted = data("count0");
    assert_eq!(counted.ibytes, lengths.iter().sum::<usize>() as u64 + 120);
    assert_eq!((counted.imcasts, counted.ierrors, counted.iqdrops), (2, 0, 0));
    let filtered = pfil::count(&enter(), "count0").unwrap();
    assert_eq!((filtered.input, filtered.output), (6, 0));
    driver.detach();
}

#[test]
fn what_is_too_long_or_too_early_is_dropped() {
    adopt();
    let driver = Driver::attach("drop0");
    driver.receive(&plain(60, MAC));
    wait_for("a frame while down", || data("drop0").iqdrops == 1);
    set_flags("drop0", IFF_UP).unwrap();
    driver.receive(&plain(1515, MAC));
    wait_for("a frame that is too long", || data("drop0").ierrors == 1);
    let mut tagged = plain(1518, MAC);
    tagged[12..14].copy_from_slice(&[0x81, 0]);
    driver.receive(&tagged);
    wait_for("a tagged frame", || data("drop0").noproto == 1);
    assert_eq!(data("drop0").ierrors, 1);
    driver.detach();
}

#[test]
fn counts_from_many_threads_are_exact() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 2000;
    adopt();
    let driver = Driver::attach("exact0");
    let count = move || {
        type GetRef = unsafe extern "C" fn(*mut kpi::percpu_t) -> *mut u64;
        let getref: GetRef = symbol("percpu_getref");
        let putref: unsafe extern "C" fn(*mut kpi::percpu_t) = symbol("percpu_putref");
        // SAFETY: the driver's own interface, which is attached.
        let stats = unsafe { (*driver.ifp()).if_stats };
        for _ in 0..ROUNDS {
            // SAFETY: attached, so the counters are there.
            let counters = unsafe { getref(stats) };
            // SAFETY: one of them, as if_statinc has it.
            let counter = unsafe { counters.add(kpi::if_stat_t_if_collisions as usize) };
            // SAFETY: as above. Not atomic, as in the kernel.
            let before = unsafe { counter.read_volatile() };
            // SAFETY: as above.
            unsafe { counter.write_volatile(before + 1) };
            // SAFETY: taken above.
            unsafe { putref(stats) };
        }
    };
    let pid = enter().current_pid();
    let threads: Vec<_> =
        (0..THREADS).map(|_| spawn(&mut enter(), pid, "counter", count)).collect();
    for _ in 0..100 {
        assert!(data("exact0").collisions <= THREADS * ROUNDS);
    }
    threads.into_iter().for_each(|thread| enter().join(thread));
    assert_eq!(data("exact0").collisions, THREADS * ROUNDS);
    driver.detach();
}

#[test]
fn a_full_input_queue_drops_in_silence() {
    adopt();
    let driver = Driver::attach("full0");
    set_flags("full0", IFF_UP).unwrap();
    // The soft interrupt needs the kernel lock before it takes a frame.
    enter().kernel_lock(1);
    for _ in 0..300 {
        driver.receive(&plain(60, MAC));
    }
    enter().kernel_unlock(1);
    wait_for("input", || data("full0").noproto == 256);
    let counted = data("full0");
    assert_eq!((counted.ipackets, counted.iqdrops), (256, 44));
    assert_eq!(sysctl("net.interfaces.full0.rcvq.drops"), 44);
    driver.detach();
}

#[test]
fn the_default_transmit_queues() {
    adopt();
    let driver = Driver::attach_queueing("queue0");
    set_flags("queue0", IFF_UP).unwrap();
    let id = enter().bpf_open();
    let mut request = ifreq("queue0");
    assert_eq!(enter().bpf_ioctl(id, BIOCSETIF, (&raw mut request).cast()), 0);
    let mut refused = 0;
    for _ in 0..300 {
        match enter().bpf_write(id, &plain(60, PEER_MAC)) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, Errno::ENOBUFS);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 44);
    assert_ne!(driver.flags() & kpi::IFF_OACTIVE, 0);
    assert_eq!(sysctl("net.interfaces.queue0.sndq.len"), 256);
    assert_eq!(sysctl("net.interfaces.queue0.sndq.drops"), 44);
    // Counted when it is queued, as it is in the kernel.
    assert_eq!(data("queue0").obytes, 256 * 60);
    set_flags("queue0", 0).unwrap();
    assert_eq!(sysctl("net.interfaces.queue0.sndq.len"), 0);
    driver.detach();
    enter().bpf_close(id);
}
