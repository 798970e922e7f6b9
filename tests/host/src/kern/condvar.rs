// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! condvar(9), as sys/kern/kern_condvar.c has it: a wait gives up the mutex and sleeps in one
//! step, and ends by a wake-up, a signal or the time.

use std::ffi::{c_char, c_int};

use crate::kpi;
use crate::sched::{chan, Chan, Sleep, Woken};
use crate::world::{enter, World};
use crate::{exports, kassert};

fn channel(cv: usize) -> Chan {
    chan("condvar", cv)
}

/// What a cv_init'ed variable has in its first word: its sleep queue is empty.
fn check(world: &World, cv: usize, call: &str) {
    kassert!(world.locks.condvars.contains(&cv), "{call}: {cv:#x} is no condvar, or no longer one");
}

fn wait(cv: usize, mutex: usize, how: Sleep) -> c_int {
    let mut world = enter();
    check(&world, cv, "cv_wait");
    kassert!(world.mutex_owned(mutex), "cv_wait: the mutex {mutex:#x} is not held");
    let held = world.current().held.len();
    world.mutex_exit(mutex);
    if how.ticks.is_some() || held > 0 {
        let name = world.current().name.clone();
        let thread = world.current();
        kassert!(thread.spin == 0, "cv_wait: {name} sleeps with a spin mutex held");
    }
    let woken = world.sleep(channel(cv), how);
    check(&world, cv, "cv_wait, awake");
    world.mutex_enter(mutex);
    match woken {
        Woken::Awake => 0,
        Woken::TimedOut => kpi::EWOULDBLOCK as c_int,
        Woken::Signal(error) => error,
    }
}

unsafe extern "C" fn cv_init(cv: *mut kpi::kcondvar_t, _name: *const c_char) {
    let fresh = enter().locks.condvars.insert(cv as usize);
    kassert!(fresh, "condvar {cv:?} is initialised twice");
}

unsafe extern "C" fn cv_destroy(cv: *mut kpi::kcondvar_t) {
    let mut world = enter();
    check(&world, cv as usize, "cv_destroy");
    kassert!(!world.has_sleepers(channel(cv as usize)), "cv_destroy: somebody sleeps on {cv:?}");
    world.locks.condvars.remove(&(cv as usize));
}

unsafe extern "C" fn cv_wait(cv: *mut kpi::kcondvar_t, mutex: *mut kpi::kmutex_t) {
    wait(cv as usize, mutex as usize, Sleep::default());
}

unsafe extern "C" fn cv_wait_sig(cv: *mut kpi::kcondvar_t, mutex: *mut kpi::kmutex_t) -> c_int {
    wait(cv as usize, mutex as usize, Sleep { interruptible: true, ..Sleep::default() })
}

/// A number of ticks of the kernel: 0 is without end.
fn ticks(ticks: c_int) -> Option<u32> {
    u32::try_from(ticks).ok().filter(|ticks| *ticks != 0)
}

unsafe extern "C" fn cv_timedwait(
    cv: *mut kpi::kcondvar_t,
    mutex: *mut kpi::kmutex_t,
    timo: c_int,
) -> c_int {
    wait(cv as usize, mutex as usize, Sleep { ticks: ticks(timo), ..Sleep::default() })
}

unsafe extern "C" fn cv_timedwait_sig(
    cv: *mut kpi::kcondvar_t,
    mutex: *mut kpi::kmutex_t,
    timo: c_int,
) -> c_int {
    let how = Sleep { ticks: ticks(timo), interruptible: true, ..Sleep::default() };
    wait(cv as usize, mutex as usize, how)
}

unsafe extern "C" fn cv_signal(cv: *mut kpi::kcondvar_t) {
    let mut world = enter();
    check(&world, cv as usize, "cv_signal");
    world.wake_one(channel(cv as usize));
}

unsafe extern "C" fn cv_broadcast(cv: *mut kpi::kcondvar_t) {
    let mut world = enter();
    check(&world, cv as usize, "cv_broadcast");
    world.wake_all(channel(cv as usize));
}

exports!(
    cv_init,
    cv_destroy,
    cv_wait,
    cv_wait_sig,
    cv_timedwait,
    cv_timedwait_sig,
    cv_signal,
    cv_broadcast,
);
