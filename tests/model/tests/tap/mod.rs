// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A channel of numbers, for the tests under loom.

// Each program of tests uses some of it.
#![allow(dead_code)]

use std::collections::VecDeque;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::Arc;
use loom::thread;
use tap_model::channel::port::{Frame, FrameList, Listeners};
use tap_model::channel::queue::Pushed;
use tap_model::channel::{Channel, Opener};
use tap_model::kern::errno::Errno;

/// A frame: a number, and 60 bytes long.
#[derive(Debug, PartialEq)]
pub struct Number(pub u32);

impl Frame for Number {
    fn frame_len(&self) -> u32 {
        60
    }
}

pub struct List(pub VecDeque<Number>);

impl FrameList for List {
    type Frame = Number;
    fn empty() -> Self {
        List(VecDeque::new())
    }
    fn len(&self) -> u32 {
        self.0.len() as u32
    }
    fn first_len(&self) -> u32 {
        self.0.front().map_or(0, Frame::frame_len)
    }
    fn push(&mut self, frame: Number) {
        self.0.push_back(frame);
    }
    fn pop(&mut self) -> Option<Number> {
        self.0.pop_front()
    }
}

/// Counts what listeners are told.
pub struct Told {
    pub readable: AtomicU32,
    pub gone: AtomicU32,
    pub length: AtomicU32,
}

impl Listeners for Told {
    fn length(&self, frames: u32) {
        self.length.store(frames, Ordering::SeqCst);
    }
    fn readable(&self) {
        self.readable.fetch_add(1, Ordering::SeqCst);
    }
    fn gone(&self) {
        self.gone.fetch_add(1, Ordering::SeqCst);
    }
}

pub type Tap = Channel<List, Told>;

/// An attached, open interface that is up.
pub fn open_tap() -> Arc<Tap> {
    let tap = attached_tap();
    tap.open().unwrap();
    assert!(tap.set_running(true).0.is_empty());
    tap
}

pub fn attached_tap() -> Arc<Tap> {
    tap_of(Opener::None)
}

/// An attached interface, which somebody has open already.
pub fn tap_of(opener: Opener) -> Arc<Tap> {
    let told =
        Told { readable: AtomicU32::new(0), gone: AtomicU32::new(0), length: AtomicU32::new(0) };
    let mut tap = Tap::new(opener, told);
    tap.pin_init();
    Arc::new(tap)
}

pub fn queued(pushed: Pushed<Number>) -> bool {
    matches!(pushed, Pushed::Queued { .. })
}

pub fn reader(tap: &Arc<Tap>) -> thread::JoinHandle<Result<Number, Errno>> {
    let tap = tap.clone();
    thread::spawn(move || tap.next(false))
}
