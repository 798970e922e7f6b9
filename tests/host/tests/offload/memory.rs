// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Writes and packets for which there is no memory, at each of the allocations that they make.

use tap_conformance::errno::Errno;
use tap_host::kpi;
use tap_host::world::enter;

use crate::tap::{Tap, CSUM};
use crate::tcp::{Tcp, PLAIN};

/// Does `f` with the n-th allocation failing; whether there was one.
pub fn without_memory<R>(n: u64, f: impl FnOnce() -> R) -> (R, bool) {
    enter().memory.fail_in = Some(n);
    let result = f();
    (result, enter().memory.fail_in.take().is_none())
}

/// A write that fails at each of its allocations, and comes up as so many frames at last. How many
/// allocations there were. A packet that is cut later fails without the writer's being told.
fn is_written_or_nothing(header: &[u8; 12], frame: &[u8], frames: usize, later: bool) -> u64 {
    let tap = Tap::open(12, 0);
    tap.set_mtu(65521);
    for n in 0.. {
        let errors = tap.data().ierrors;
        let (result, failed) = without_memory(n, || {
            let result = tap.write(header, frame);
            tap.settle();
            result
        });
        let seen = tap.handed_up().len();
        tap.settle();
        if !failed {
            assert_eq!((result, seen), (Ok(()), frames));
            return n;
        }
        let told = result == Err(Errno::ENOBUFS) || later && result == Ok(());
        assert!(told, "allocation {n}: {result:?}");
        assert_eq!(tap.data().ierrors, errors + 1, "allocation {n}");
        assert_eq!(seen, 0, "allocation {n}: something came up");
    }
    unreachable!()
}

#[test]
fn a_frame_comes_up_whole_or_not_at_all() {
    for (len, least) in [(60, 1), (1514, 2), (9000, 3), (65000, 17)] {
        let allocations = is_written_or_nothing(&PLAIN, &vec![0; len], 1, false);
        assert!(allocations >= least, "{len} bytes: {allocations} allocations");
    }
    for payload in [100, 9000] {
        let tcp = Tcp::new(false, payload);
        is_written_or_nothing(&tcp.header(None), &tcp.seeded(), 1, false);
    }
}

#[test]
fn a_large_packet_comes_up_whole_or_not_at_all() {
    for v6 in [false, true] {
        let tcp = Tcp::new(v6, 44 * 1428);
        let allocations = is_written_or_nothing(&tcp.header(Some(1428)), &tcp.seeded(), 44, !v6);
        assert!(allocations >= 44, "{allocations} allocations");
    }
}

#[test]
fn a_packet_of_the_stack_is_cut_whole_or_not_at_all() {
    let tap = Tap::open(12, CSUM);
    let tcp = Tcp::new(false, 44 * 1448);
    let large = tcp.large();
    for n in 0.. {
        let packet = enter().packet_of(&[&large], tcp.large_asks(1448));
        let drops = tap.drops();
        let (error, failed) = without_memory(n, || enter().transmit("tap0", packet) as u32);
        if !failed {
            assert_eq!(error, 0);
            assert_eq!(std::iter::from_fn(|| tap.read()).count(), 44);
            assert!(n >= 44, "{n} allocations");
            break;
        }
        assert_eq!(error, kpi::ENOBUFS, "allocation {n}");
        assert_eq!(tap.read(), None, "allocation {n}: a part was queued");
        assert_eq!(tap.drops(), drops + 1);
    }
    tap.settle();
}
