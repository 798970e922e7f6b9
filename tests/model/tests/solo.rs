// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Work that one at a time does, under loom.

use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom::sync::Arc;
use loom::thread;
use tap_model::solo::Solo;

struct Desk {
    solo: Solo,
    /// What each thread wants done, read without any order but the one that Solo gives.
    posted: [AtomicBool; 2],
    busy: AtomicBool,
    done: AtomicU32,
}

impl Desk {
    fn come(&self, who: usize) {
        self.posted[who].store(true, Ordering::Relaxed);
        self.solo.run(|| {
            assert!(!self.busy.swap(true, Ordering::Relaxed), "two at work");
            for posted in &self.posted {
                if posted.load(Ordering::Relaxed) {
                    posted.store(false, Ordering::Relaxed);
                    self.done.fetch_add(1, Ordering::Relaxed);
                }
            }
            self.busy.store(false, Ordering::Relaxed);
        });
    }
}

#[test]
fn solo_leaves_nothing_undone_and_is_one_at_a_time() {
    loom::model(|| {
        let desk = Arc::new(Desk {
            solo: Solo::new(AtomicU32::new(0)),
            posted: [AtomicBool::new(false), AtomicBool::new(false)],
            busy: AtomicBool::new(false),
            done: AtomicU32::new(0),
        });
        let other = {
            let desk = desk.clone();
            thread::spawn(move || desk.come(1))
        };
        desk.come(0);
        other.join().unwrap();
        assert_eq!(desk.done.load(Ordering::SeqCst), 2, "something was left undone");
    });
}
