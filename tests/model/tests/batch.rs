// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames that a batch takes from the channel and puts back, every interleaving of a few threads,
//! under loom.

mod tap;

use loom::sync::atomic::Ordering;
use loom::sync::Arc;
use loom::thread;
use tap_model::channel::port::FrameList;
use tap_model::channel::Opener;
use tap_model::kern::errno::Errno;

use tap::{open_tap, queued, reader, List, Number, Tap};

/// A channel that is open, and so many frames that wait, numbered from 1.
fn tap_with(frames: u32) -> Arc<Tap> {
    let tap = open_tap();
    for number in 1..=frames {
        assert!(queued(tap.push(Number(number), 8)));
    }
    tap
}

/// A thread that sends a frame.
fn sender(tap: &Arc<Tap>, number: u32) -> thread::JoinHandle<()> {
    let tap = tap.clone();
    thread::spawn(move || assert!(queued(tap.push(Number(number), 8))))
}

/// Reads frames by batches until there have been so many: their numbers, in order.
fn batches(tap: &Arc<Tap>, count: usize, max: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let (taken, _) = tap.take(max, false).unwrap();
        assert!(!taken.is_empty() && taken.len() <= max, "{} frames of {max}", taken.len());
        numbers.extend(taken.0.iter().map(|frame| frame.0));
    }
    numbers
}

#[test]
fn batch_sleeps_for_its_first_frame_only() {
    loom::model(|| {
        let tap = open_tap();
        let reader = {
            let tap = tap.clone();
            thread::spawn(move || batches(&tap, 2, 8))
        };
        assert!(queued(tap.push(Number(1), 8)));
        assert!(queued(tap.push(Number(2), 8)));
        assert_eq!(reader.join().unwrap(), [1, 2]);
        assert_eq!(tap.look(), Some(0));
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn batch_takes_what_is_asked_for() {
    loom::model(|| {
        let tap = open_tap();
        assert_eq!(tap.take(2, true).err(), Some(Errno::EWOULDBLOCK));
        for number in 1..=3 {
            assert!(queued(tap.push(Number(number), 8)));
        }
        assert_eq!(batches(&tap, 2, 2), [1, 2]);
        assert_eq!(tap.look(), Some(60), "the third waits");
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 1);
        assert_eq!(batches(&tap, 1, 2), [3]);
    });
}

/// Takes all frames, and puts all but the first one back, as after a fault.
fn faults(tap: &Arc<Tap>) -> u32 {
    let (mut taken, purges) = tap.take(8, false).unwrap();
    let first = taken.pop().unwrap().0;
    assert!(tap.put_back(taken, purges).is_empty());
    first
}

#[test]
fn batch_put_back_keeps_the_order() {
    loom::model(|| {
        let tap = tap_with(3);
        let sender = sender(&tap, 4);
        assert_eq!(faults(&tap), 1);
        assert_eq!(tap.look(), Some(60));
        sender.join().unwrap();
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 3);
        assert_eq!(batches(&tap, 3, 8), [2, 3, 4]);
    });
}

#[test]
fn batch_put_back_wakes_every_reader() {
    loom::model(|| {
        let tap = tap_with(3);
        let (mut taken, purges) = tap.take(8, false).unwrap();
        let (first, second) = (reader(&tap), reader(&tap));
        assert_eq!(taken.pop(), Some(Number(1)));
        assert!(tap.put_back(taken, purges).is_empty());
        let mut got = [first.join().unwrap().unwrap().0, second.join().unwrap().unwrap().0];
        got.sort_unstable();
        assert_eq!(got, [2, 3]);
    });
}

#[test]
fn batch_put_back_tells_pollers() {
    loom::model(|| {
        let tap = tap_with(1);
        let (taken, purges) = tap.take(8, false).unwrap();
        assert_eq!(tap.look_and_record(|_| {}), Some(0));
        assert!(tap.put_back(taken, purges).is_empty());
        assert_eq!(tap.listeners.readable.load(Ordering::SeqCst), 1);
        // Nothing put back is nothing to tell.
        assert!(tap.put_back(List::empty(), purges).is_empty());
        assert_eq!(tap.look(), Some(60));
    });
}

#[test]
fn batch_puts_nothing_back_into_what_is_down_or_gone() {
    loom::model(|| {
        let tap = tap_with(2);
        let (taken, purges) = tap.take(1, false).unwrap();
        let ender = {
            let tap = tap.clone();
            thread::spawn(move || tap.set_running(false).0.len())
        };
        let refused = tap.put_back(taken, purges).len();
        let purged = ender.join().unwrap();
        assert_eq!(refused as usize + purged as usize, 2, "all frames have gone");
        assert_eq!(tap.look(), Some(0), "nothing waits while it is down");
        assert_eq!(tap.take(1, true).err(), Some(Errno::EHOSTDOWN));
    });
}

#[test]
fn batch_puts_nothing_back_for_the_next_use() {
    loom::model(|| {
        let tap = tap_with(1);
        let (taken, purges) = tap.take(1, false).unwrap();
        assert!(tap.set_running(false).0.is_empty());
        assert!(tap.set_running(true).0.is_empty());
        assert_eq!(tap.put_back(taken, purges).len(), 1, "it is older than the interface is up");
        assert!(queued(tap.push(Number(2), 8)));
        let (taken, purges) = tap.take(1, false).unwrap();
        assert!(tap.close(Opener::Node).is_empty());
        assert!(tap.open().is_ok());
        assert_eq!(tap.put_back(taken, purges).len(), 1, "it was not sent to this opener");
        assert_eq!(tap.look(), Some(0));
    });
}

#[test]
fn frames_that_are_refused_are_taken_out() {
    loom::model(|| {
        let tap = tap_with(4);
        let sender = sender(&tap, 5);
        let refused = tap.take_out(|frame| frame.0 % 2 == 0);
        assert_eq!(refused.0.iter().map(|frame| frame.0).collect::<Vec<_>>(), [2, 4]);
        sender.join().unwrap();
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 3);
        assert_eq!(batches(&tap, 3, 8), [1, 3, 5]);
        assert!(tap.take_out(|_| true).is_empty());
        assert!(queued(tap.push(Number(6), 8)));
        assert_eq!(tap.take_out(|_| true).len(), 1);
        assert_eq!(tap.look(), Some(0), "nothing waits");
    });
}
