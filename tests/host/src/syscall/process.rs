// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Processes, signals and sleep.

use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::SigIo;

use super::call;
use crate::kern::errno::check;
use crate::sched::{chan, me, Sleep, Woken, HZ};
use crate::world::World;

/// fork(2): the new process runs `f` and ends with the exit status that it returns.
pub fn fork(world: &mut World, f: impl FnOnce() -> i32 + Send + 'static) -> Result<i32> {
    let child = world.fork(f);
    world.userret();
    child
}

/// wait4(2) without waiting: the exit status of a child that has ended, or 256 and the number of
/// the signal that killed it.
pub fn reap(world: &mut World, pid: i32) -> Result<Option<i32>> {
    call(world, |world| world.wait4(pid))
}

/// kill(2).
pub fn kill(world: &mut World, pid: i32, signal: i32) -> Result<()> {
    call(world, |world| world.kill(pid, signal))
}

/// seteuid(2), for the whole process.
pub fn seteuid(world: &mut World, uid: u32) -> Result<()> {
    call(world, |world| {
        world.seteuid(uid);
        Ok(())
    })
}

/// setrlimit(2) of RLIMIT_NOFILE; the limit so far.
pub fn limit_open_files(world: &mut World, limit: u32) -> Result<u32> {
    call(world, |world| {
        let limit = i32::try_from(limit).map_err(|_| Errno::EINVAL)?;
        Ok(world.set_open_limit(limit) as u32)
    })
}

/// Catches SIGIO from now on, and counts it; `restart` has the call that it cuts short made again.
pub fn sigio_watch(world: &mut World, restart: bool) -> Result<()> {
    call(world, |world| {
        world.sigio_watch(restart);
        Ok(())
    })
}

/// What was counted since the last call.
pub fn sigio_take(world: &mut World) -> SigIo {
    world.sigio_take()
}

/// nanosleep(2): EINTR when a signal cut it short.
pub fn sleep_ms(world: &mut World, ms: u32) -> Result<()> {
    let ticks = Some((ms * HZ).div_ceil(1000).max(1));
    call(world, |world| {
        let on = chan("nanosleep", me() as usize);
        match world.sleep(on, Sleep { interruptible: true, ticks, ..Sleep::default() }) {
            Woken::Signal(error) => {
                // It is not made again for what is left.
                check(error).map_err(|_| Errno::EINTR)
            }
            _ => Ok(()),
        }
    })
}
