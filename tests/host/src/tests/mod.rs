// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Files, devices, polls, kqueues and signals of the host, by a driver of a few lines: what waits
//! for what, and which errno comes of it.

mod descriptors;
mod devices;
mod driver;
mod kqueues;
mod nodes;
mod panics;
mod polls;
mod processes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sched::{self, chan, Pid, Sleep, Tid};
use crate::world::{enter, World};

/// One test at a time: they share the host, and some make its next copy or allocation fail.
static ALONE: Mutex<()> = Mutex::new(());

/// A test's place as the first thread of a process.
struct Place {
    pid: Pid,
    _alone: MutexGuard<'static, ()>,
}

/// Makes the calling thread that of a new process.
fn process(pid: Pid) -> Place {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    sched::adopt(pid, "test");
    Place { pid, _alone: alone }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            sched::exit();
        }
    }
}

/// What another thread will have returned.
struct Job<T> {
    tid: Tid,
    value: Arc<Mutex<Option<T>>>,
}

impl Place {
    /// Runs something on another thread of the process.
    fn start<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let value = Arc::new(Mutex::new(None));
        let place = value.clone();
        let tid = sched::spawn(&mut enter(), self.pid, "test's", move || {
            let returned = f();
            *place.lock().unwrap() = Some(returned);
        });
        Job { tid, value }
    }
}

impl<T> Job<T> {
    /// Waits until the thread sleeps in the kernel.
    fn asleep(&self) {
        assert!(until(|world| world.sleep_of(self.tid).is_some()), "the thread does not sleep");
    }

    /// Whether it has returned.
    fn is_over(&self) -> bool {
        self.value.lock().unwrap().is_some()
    }

    /// What it returned.
    fn join(self) -> T {
        enter().join(self.tid);
        let returned = self.value.lock().unwrap().take();
        returned.expect("the thread ended without a value")
    }
}

/// Lets others run.
fn pause(world: &mut World) {
    let address = sched::me() as usize;
    world.sleep(chan("test", address), Sleep { ticks: Some(1), ..Sleep::default() });
}

/// Gives others so much time that what must not happen would have.
fn settle() {
    for _ in 0..5 {
        pause(&mut enter());
    }
}

/// Waits for a condition, for as long as a hang guard lets it.
fn until(mut condition: impl FnMut(&mut World) -> bool) -> bool {
    let mut world = enter();
    for _ in 0..1000 {
        if condition(&mut world) {
            return true;
        }
        pause(&mut world);
    }
    false
}
