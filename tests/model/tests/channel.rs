// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The concurrency core, every interleaving of a few threads, under loom.
//!
//! A sleeper that nobody wakes shows as a deadlock, which loom reports.

mod tap;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::Arc;
use loom::thread;
use tap_model::channel::port::FrameList;
use tap_model::channel::queue::Pushed;
use tap_model::channel::Opener;
use tap_model::kern::errno::Errno;

use tap::{attached_tap, open_tap, queued, reader, tap_of, Number};

#[test]
fn f5_no_wakeup_is_lost_between_look_and_sleep() {
    loom::model(|| {
        let tap = open_tap();
        let reader = reader(&tap);
        assert!(queued(tap.push(Number(1), 8)));
        assert_eq!(reader.join().unwrap(), Ok(Number(1)));
        assert_eq!(tap.look(), Some(0));
    });
}

#[test]
fn f6_two_readers_get_one_frame_each() {
    loom::model(|| {
        let tap = open_tap();
        let (first, second) = (reader(&tap), reader(&tap));
        assert!(queued(tap.push(Number(1), 8)));
        assert!(queued(tap.push(Number(2), 8)));
        let mut got = [first.join().unwrap().unwrap().0, second.join().unwrap().unwrap().0];
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
    });
}

#[test]
fn f5a_a_poller_is_recorded_or_sees_the_frame() {
    loom::model(|| {
        let tap = open_tap();
        let poller = {
            let tap = tap.clone();
            thread::spawn(move || tap.look_and_record(|_| {}) == Some(0))
        };
        assert!(queued(tap.push(Number(1), 8)));
        let recorded = poller.join().unwrap();
        let told = tap.listeners.readable.load(Ordering::SeqCst);
        assert_eq!(told, u32::from(recorded), "told if and only if recorded");
        assert_eq!(tap.look(), Some(60));
    });
}

#[test]
fn f11_one_of_two_opens_wins() {
    loom::model(|| {
        let tap = attached_tap();
        let other = {
            let tap = tap.clone();
            thread::spawn(move || tap.open())
        };
        let mut results = [tap.open(), other.join().unwrap()];
        results.sort_by_key(Result::is_err);
        assert_eq!(results, [Ok(()), Err(Errno::EBUSY)]);
    });
}

#[test]
fn f12_nothing_of_a_use_is_left_for_the_next() {
    loom::model(|| {
        let tap = open_tap();
        tap.set_async(true);
        tap.set_owner(42);
        assert!(queued(tap.push(Number(1), 8)));
        assert_eq!(tap.close(Opener::Node).len(), 1);
        tap.open().unwrap();
        assert_eq!(tap.owner(), 0);
        // An owner of its own gets no signals either, as long as it has not asked for them.
        tap.set_owner(43);
        assert!(tap.sigio().is_none());
        assert_eq!(tap.next(true), Err(Errno::EWOULDBLOCK));
    });
}

#[test]
fn f19_death_wakes_a_reader_and_waits_for_calls_in_flight() {
    loom::model(|| {
        let tap = open_tap();
        let attached = Arc::new(AtomicU32::new(1));
        let reader = reader(&tap);
        let call = {
            let (tap, attached) = (tap.clone(), attached.clone());
            thread::spawn(move || {
                if let Some(_call) = tap.enter() {
                    assert_eq!(attached.load(Ordering::SeqCst), 1, "in flight, yet torn down");
                }
            })
        };
        let _frames = tap.die();
        tap.drain();
        attached.store(0, Ordering::SeqCst);
        assert_eq!(reader.join().unwrap(), Err(Errno::ENXIO));
        call.join().unwrap();
        assert!(tap.enter().is_none());
        assert_eq!(tap.listeners.gone.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn f18_f22_a_dead_channel_refuses_everything() {
    loom::model(|| {
        let tap = open_tap();
        let _frames = tap.die();
        tap.drain();
        assert!(tap.is_gone());
        assert_eq!(tap.open(), Err(Errno::ENXIO));
        assert!(tap.set_running(true).0.is_empty());
        assert!(matches!(tap.push(Number(1), 8), Pushed::Closed(_)));
        assert_eq!(tap.next(true), Err(Errno::ENXIO));
        assert_eq!(tap.attach_knote(true, |_| {}), Err(Errno::ENXIO));
        assert_eq!(tap.look_and_record(|_| {}), None);
        assert_eq!(tap.close(Opener::Node).len(), 0);
    });
}

#[test]
fn f29_restart_and_cancel_end_a_sleep() {
    loom::model(|| {
        let tap = open_tap();
        let sleeper = reader(&tap);
        tap.restart();
        assert_eq!(sleeper.join().unwrap(), Err(Errno::ERESTART));
        // A reader that comes later sleeps again, until the node is revoked.
        let sleeper = reader(&tap);
        tap.cancel();
        assert_eq!(sleeper.join().unwrap(), Err(Errno::EIO));
    });
}

#[test]
fn f29_a_revoke_is_the_nodes_alone() {
    loom::model(|| {
        let tap = tap_of(Opener::Cloner);
        let _nothing = tap.set_running(true);
        let sleeper = reader(&tap);
        // Of an open of the node beside it, which is refused.
        tap.cancel();
        assert!(queued(tap.push(Number(1), 8)));
        assert!(sleeper.join().unwrap().is_ok());
        tap.set_transient(false);
        let _nothing = tap.close(Opener::Cloner);
        // Of a node that has it open: pollers look again once the kernel has closed it.
        tap.open().unwrap();
        tap.cancel();
        assert_eq!(tap.look_and_record(|_| {}), Some(0));
        let told = tap.listeners.readable.load(Ordering::SeqCst);
        let _nothing = tap.close(Opener::Node);
        assert_eq!(tap.listeners.readable.load(Ordering::SeqCst), told + 1);
    });
}

#[test]
fn f24_down_purges_and_says_so() {
    loom::model(|| {
        let tap = open_tap();
        assert!(queued(tap.push(Number(1), 8)));
        let sleeper = reader(&tap);
        let (purged, _) = tap.set_running(false);
        assert_eq!(tap.look(), Some(0), "down, a poll must not say readable");
        match sleeper.join().unwrap() {
            Ok(frame) => assert_eq!((frame, purged.len()), (Number(1), 0)),
            Err(error) => assert_eq!((error, purged.len()), (Errno::EHOSTDOWN, 1)),
        }
    });
}

#[test]
fn f21_what_is_shown_is_what_waits() {
    loom::model(|| {
        let tap = open_tap();
        assert!(queued(tap.push(Number(1), 8)));
        let reader = reader(&tap);
        assert!(queued(tap.push(Number(2), 8)));
        assert!(tap.next(true).is_ok());
        // Nobody is inside any more: the length is that of the frame that waits, if one does.
        assert!(reader.join().unwrap().is_ok());
        assert_eq!((tap.look(), tap.next(true)), (Some(0), Err(Errno::EWOULDBLOCK)));
    });
}

#[test]
fn f23_frames_flow_again_after_down_and_up() {
    loom::model(|| {
        let tap = open_tap();
        assert!(queued(tap.push(Number(1), 8)));
        assert_eq!(tap.set_running(false).0.len(), 1);
        assert!(matches!(tap.push(Number(2), 8), Pushed::Closed(_)));
        let _nothing = tap.set_running(true);
        assert_eq!(tap.look_and_record(|_| {}), Some(0));
        assert!(queued(tap.push(Number(3), 8)));
        assert_eq!(tap.listeners.readable.load(Ordering::SeqCst), 1);
        assert_eq!(tap.next(true), Ok(Number(3)));
    });
}

#[test]
fn f23_each_frame_is_an_edge_for_a_knote() {
    loom::model(|| {
        let tap = open_tap();
        tap.attach_knote(true, |_| {}).unwrap();
        assert!(queued(tap.push(Number(1), 8)));
        assert!(queued(tap.push(Number(2), 8)));
        assert_eq!(tap.listeners.readable.load(Ordering::SeqCst), 2);
        tap.detach_knote(true, |_| {});
        assert!(queued(tap.push(Number(3), 8)));
        assert_eq!(tap.listeners.readable.load(Ordering::SeqCst), 2, "nobody waits");
    });
}

#[test]
fn f35_a_frame_is_queued_only_for_an_opener() {
    loom::model(|| {
        let tap = attached_tap();
        let _nothing = tap.set_running(true);
        assert!(matches!(tap.push(Number(0), 8), Pushed::Closed(_)), "nobody has it open");
        let opener = {
            let tap = tap.clone();
            thread::spawn(move || tap.open())
        };
        let was_queued = queued(tap.push(Number(1), 8));
        opener.join().unwrap().unwrap();
        assert_eq!(tap.next(true).is_ok(), was_queued);
    });
}

#[test]
fn f48_what_goes_with_its_close_is_not_opened_again() {
    loom::model(|| {
        assert!(tap_of(Opener::Cloner).is_transient());
        let tap = open_tap();
        assert!(!tap.is_transient());
        tap.set_transient(true);
        let other = {
            let tap = tap.clone();
            thread::spawn(move || tap.open())
        };
        let _frames = tap.close(Opener::Node);
        // Before the close it is open, and after it as good as gone.
        let refused = other.join().unwrap();
        assert!(matches!(refused, Err(Errno::EBUSY | Errno::ENXIO)), "{refused:?}");
        assert_eq!(tap.open(), Err(Errno::ENXIO));
        assert!(tap.is_open_by(Opener::None) && !tap.is_gone());
        assert!(matches!(tap.push(Number(1), 8), Pushed::Closed(_)));
    });
}

#[test]
fn the_queue_is_bounded_and_shows_its_length() {
    loom::model(|| {
        let tap = open_tap();
        assert!(queued(tap.push(Number(1), 2)));
        assert!(queued(tap.push(Number(2), 2)));
        assert!(matches!(tap.push(Number(3), 2), Pushed::Full(Number(3))));
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 2);
        assert_eq!(tap.next(true), Ok(Number(1)));
        assert_eq!(tap.listeners.length.load(Ordering::SeqCst), 1);
    });
}
