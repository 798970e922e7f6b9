// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! softint(9), as sys/kern/kern_softint.c has it: each level runs on a thread of its own, one
//! handler at a time, a handler that is scheduled again before it runs once; handlers that are
//! not MPSAFE run with the kernel lock. Disestablishing waits for a handler that runs, and one that
//! is still scheduled then is a fault.

use std::collections::VecDeque;
use std::ffi::{c_uint, c_void};

use litemap::LiteMap;

use crate::kpi;
use crate::sched::{chan, spawn, Chan, Sleep, KERNEL};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// How many handlers a level takes, by the kernel's default of 8192 bytes for all of them.
const SLOTS: usize = 64;
/// The levels, by their SOFTINT_* numbers.
const LEVELS: [&str; 4] = ["softclk", "softbio", "softnet", "softser"];

type Handler = unsafe extern "C" fn(*mut c_void);

struct Slot {
    level: usize,
    mpsafe: bool,
    handler: Handler,
    argument: usize,
    scheduled: bool,
    running: bool,
}

/// All established soft interrupts.
pub struct Softints {
    /// How many handlers a level takes.
    pub room: usize,
    slots: LiteMap<usize, Slot>,
    next: usize,
    queues: [VecDeque<usize>; 4],
    threads: [bool; 4],
}

impl Default for Softints {
    fn default() -> Self {
        let (slots, queues) = (LiteMap::new(), Default::default());
        Softints { room: SLOTS, slots, next: 0, queues, threads: [false; 4] }
    }
}

impl Softints {
    /// Soft interrupts that are established.
    pub fn leftovers(&self) -> Vec<String> {
        self.slots
            .values()
            .map(|slot| format!("a soft interrupt of {}", LEVELS[slot.level]))
            .collect()
    }

    /// How many are established.
    pub fn count(&self) -> usize {
        self.slots.len()
    }
}

fn work(level: usize) -> Chan {
    chan("softint", level)
}

fn done(cookie: usize) -> Chan {
    chan("softint done", cookie)
}

impl World {
    /// softint_establish(9); `None` when the level is full.
    pub fn softint_establish(
        &mut self,
        flags: u32,
        handler: Handler,
        argument: usize,
    ) -> Option<usize> {
        let level = (flags & 0xff) as usize;
        kassert!(level < LEVELS.len(), "softint_establish: no level {level}");
        let taken = self.softints.slots.values().filter(|slot| slot.level == level).count();
        if taken >= self.softints.room {
            return None;
        }
        if !self.softints.threads[level] {
            self.softints.threads[level] = true;
            let tid = spawn(self, KERNEL, LEVELS[level], move || serve(level));
            self.thread(tid).softint = true;
        }
        self.softints.next += 1;
        let cookie = self.softints.next;
        let mpsafe = flags & kpi::SOFTINT_MPSAFE != 0;
        let slot = Slot { level, mpsafe, handler, argument, scheduled: false, running: false };
        self.softints.slots.insert(cookie, slot);
        Some(cookie)
    }

    /// softint_schedule(9).
    pub fn softint_schedule(&mut self, cookie: usize) {
        let Some(slot) = self.softints.slots.get_mut(&cookie) else {
            host_panic!("softint_schedule: {cookie} is not established");
        };
        if slot.scheduled {
            return;
        }
        slot.scheduled = true;
        let level = slot.level;
        self.softints.queues[level].push_back(cookie);
        self.wake_one(work(level));
    }

    /// softint_disestablish(9).
    pub fn softint_disestablish(&mut self, cookie: usize) {
        self.assert_sleepable("softint_disestablish");
        loop {
            match self.softints.slots.get(&cookie) {
                None => host_panic!("softint_disestablish: {cookie} is not established"),
                Some(slot) if slot.running => {}
                Some(slot) => {
                    kassert!(!slot.scheduled, "softint_disestablish: {cookie} is still scheduled");
                    break;
                }
            }
            self.sleep(done(cookie), Sleep::default());
        }
        self.softints.slots.remove(&cookie);
    }
}

/// One level's thread.
fn serve(level: usize) {
    let mut world = enter();
    loop {
        let Some(cookie) = world.softints.queues[level].pop_front() else {
            world.sleep(work(level), Sleep::default());
            continue;
        };
        let Some(slot) = world.softints.slots.get_mut(&cookie) else {
            host_panic!("soft interrupt {cookie} ran after it was disestablished");
        };
        slot.scheduled = false;
        slot.running = true;
        let (handler, argument, mpsafe) = (slot.handler, slot.argument, slot.mpsafe);
        if !mpsafe {
            world.kernel_lock(1);
        }
        // SAFETY: established with that argument, and not disestablished while it runs.
        world.outside(|| unsafe { handler(argument as *mut c_void) });
        if !mpsafe {
            world.kernel_unlock(1);
        }
        if let Some(slot) = world.softints.slots.get_mut(&cookie) {
            slot.running = false;
        }
        world.wake_all(done(cookie));
    }
}

unsafe extern "C" fn softint_establish(
    flags: c_uint,
    handler: Option<Handler>,
    argument: *mut c_void,
) -> *mut c_void {
    let Some(handler) = handler else { host_panic!("softint_establish: no handler") };
    let cookie = enter().softint_establish(flags, handler, argument as usize);
    cookie.unwrap_or(0) as *mut c_void
}

unsafe extern "C" fn softint_schedule(cookie: *mut c_void) {
    let mut world = enter();
    let thread = world.current();
    kassert!(
        thread.bound != 0 || thread.softint || thread.spin != 0,
        "softint_schedule: {} may change its CPU",
        thread.name
    );
    world.softint_schedule(cookie as usize);
}

unsafe extern "C" fn softint_disestablish(cookie: *mut c_void) {
    enter().softint_disestablish(cookie as usize);
}

exports!(softint_establish, softint_schedule, softint_disestablish);
