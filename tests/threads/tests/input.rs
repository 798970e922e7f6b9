// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames from many threads to the one that is in the soft interrupt.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tap_threads::input::{deliver, post};
use tap_threads::kern::mbuf::{Mbuf, EXISTING};
use tap_threads::lockfree::arc::Arc;
use tap_threads::softc::{Softc, GRAVEYARD};

const WRITERS: usize = 4;
const FRAMES: u32 = 2_000;
/// How many wait before writers pause: with one more of each writer none is dropped.
const ENOUGH: u32 = 200;

/// Writes to two interfaces in turn; the other thread's frames come in between.
fn write(softcs: &[Arc<Softc>; 2], writer: usize) {
    for number in 0..FRAMES {
        let softc = &softcs[number as usize % 2];
        while softc.incoming.load(Ordering::Relaxed) >= ENOUGH {
            thread::yield_now();
        }
        post(softc, Mbuf::new((writer, number)), 60);
    }
}

fn in_order(seen: &[(usize, u32)], writer: usize) -> bool {
    let numbers: Vec<u32> = seen.iter().filter(|one| one.0 == writer).map(|one| one.1).collect();
    numbers.is_sorted_by(|one, other| one < other)
}

#[test]
fn each_frame_comes_once_in_order_or_is_counted_and_nothing_is_left() {
    let softcs = [Arc::new(Softc::default), Arc::new(Softc::default)];
    let gone = Arc::new(Softc::default);
    let ended = AtomicBool::new(false);
    let all = &softcs;
    thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(all, writer))).collect();
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Acquire) {
                    deliver();
                }
            });
        }
        // Its frames reach nobody, and the last of them may be the last to refer to it.
        for number in 0..FRAMES {
            gone.channel.gone.store(number % 3 == 0, Ordering::Release);
            post(&gone, Mbuf::new((WRITERS, number)), 60);
        }
        drop(gone);
        for writer in writers {
            writer.join().expect("a writer ends");
        }
        ended.store(true, Ordering::Release);
    });
    deliver();
    let mut came = 0;
    for softc in &softcs {
        let seen = softc.interface.seen();
        for writer in 0..WRITERS {
            assert!(in_order(&seen, writer), "frames of {writer} overtake each other");
        }
        came += seen.len() as u32;
        assert_eq!(softc.interface.dropped(), 0);
        assert_eq!(softc.incoming.load(Ordering::Relaxed), 0);
    }
    assert_eq!(came, WRITERS as u32 * FRAMES);
    assert_eq!(EXISTING.load(Ordering::Relaxed), 0, "mbufs are left");
    drop(softcs);
    assert_eq!(GRAVEYARD.reap(), 0, "somebody refers to an interface");
}
