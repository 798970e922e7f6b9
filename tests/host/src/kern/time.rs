// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The clock: ticks, wall-clock time and kpause(9).

use std::ffi::{c_char, c_int};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::export::{Address, Export};
use crate::kern::klock::nobody;
use crate::kpi;
use crate::sched::{me, Sleep, Woken, HZ};
use crate::world::enter;
use crate::{exports, kassert};

/// `hz`: a variable of the kernel's, so at an address that a module reaches.
static HZ_VARIABLE: c_int = HZ as c_int;

unsafe extern "C" fn getticks() -> c_int {
    enter().ticks() as c_int
}

unsafe extern "C" fn getnanotime(time: *mut kpi::timespec) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // SAFETY: the caller's variable.
    let time = unsafe { &mut *time };
    time.tv_sec = now.as_secs() as _;
    time.tv_nsec = now.subsec_nanos() as _;
}

/// kpause(9): EWOULDBLOCK is how it ends as it should.
unsafe extern "C" fn kpause(
    _what: *const c_char,
    interruptible: bool,
    ticks: c_int,
    mutex: *mut kpi::kmutex_t,
) -> c_int {
    let mut world = enter();
    kassert!(ticks != 0 || interruptible, "kpause without an end");
    if !mutex.is_null() {
        world.mutex_exit(mutex as usize);
    }
    world.assert_sleepable("kpause");
    let ticks = u32::try_from(ticks).ok().filter(|ticks| *ticks != 0);
    let woken =
        world.sleep(nobody(me() as usize), Sleep { interruptible, ticks, ..Sleep::default() });
    if !mutex.is_null() {
        world.mutex_enter(mutex as usize);
    }
    match woken {
        Woken::Awake => 0,
        Woken::TimedOut => kpi::EWOULDBLOCK as c_int,
        Woken::Signal(error) => error,
    }
}

exports!(getticks, getnanotime, kpause);

/// The kernel's variables.
pub const VARIABLES: &[Export] =
    &[Export { name: "hz", address: Address((&raw const HZ_VARIABLE).cast()), size: 4 }];
