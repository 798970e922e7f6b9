// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! As much of an interface as a frame on its way up meets.

use std::cell::UnsafeCell;

use crate::kern::ifcount::Counter;
use crate::kern::mbuf::Mbuf;
use crate::lockfree::arc::{Buried, Graveyard};
use crate::lockfree::atomic::{AtomicBool, AtomicU32, Ordering};

/// An interface.
#[derive(Default)]
pub struct Softc {
    /// Frames on their way.
    pub incoming: AtomicU32,
    /// Whether it is still there.
    pub channel: Channel,
    /// Where frames go.
    pub interface: Interface,
}

/// Whether an interface is still there.
#[derive(Default)]
pub struct Channel {
    /// It is not.
    pub gone: AtomicBool,
}

impl Channel {
    /// Nothing, once it has gone.
    pub fn enter(&self) -> Option<()> {
        (!self.gone.load(Ordering::Acquire)).then_some(())
    }
}

/// What comes out.
#[derive(Default)]
pub struct Interface {
    /// What each frame was made with. Without a lock: one at a time delivers.
    seen: UnsafeCell<Vec<(usize, u32)>>,
    dropped: AtomicU32,
}

// SAFETY: `input` is called by one thread at a time, and orders what it does before the next one's;
// whether that is so is what the tests are about.
unsafe impl Sync for Interface {}

impl Interface {
    /// Takes a frame.
    pub fn input(&self, frame: Mbuf) {
        // SAFETY: nobody else is in here.
        let seen = unsafe { &mut *self.seen.get() };
        seen.push(frame.data());
    }

    /// What has been taken so far, for who knows that nothing is being delivered.
    pub fn seen(&self) -> Vec<(usize, u32)> {
        // SAFETY: nobody is in `input`.
        unsafe { &*self.seen.get() }.clone()
    }

    /// Counts.
    pub fn count(&self, counter: Counter) {
        let Counter::InputDrops = counter;
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were counted.
    pub fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Softc {
    /// Takes a frame.
    pub fn receive(&self, frame: Mbuf) {
        self.interface.input(frame);
    }
}

/// Where interfaces end.
pub static GRAVEYARD: Graveyard<Softc> = Graveyard::new();

impl Buried for Softc {
    fn pin_init(&mut self) {}

    fn graveyard() -> &'static Graveyard<Self> {
        &GRAVEYARD
    }

    fn departed(&self) -> bool {
        true
    }
}
