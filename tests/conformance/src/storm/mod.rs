// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Everything at once: threads that create, address, open, use, revoke, destroy and unload in an
//! order of their own, on a few units that they all share. Whatever the order, each call ends with
//! an errno that it may have, every sleeper wakes, and afterwards everything is gone.
//!
//! Bounded by time or by a number of steps. The random numbers are a thread's own, so that a seed
//! means the same steps, if not the same interleaving, every time.

mod steps;

use core::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering};

use crate::abi::CLONER_MINOR;
use crate::case::{Failure, Fallible, On};
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::text::Text;

/// Units that the threads fight over.
const UNITS: u32 = 6;
/// Threads.
pub const WORKERS: usize = 6;

/// What the threads of one storm share.
struct Shared {
    /// Socket for interface ioctls.
    socket: AtomicI32,
    /// When to stop, by [`Sys::now_ms`].
    end: AtomicU64,
    /// How many steps each thread makes at most.
    steps: AtomicU32,
    /// The module's path and name, as addresses of C strings; 0: never unload.
    module: [AtomicU64; 2],
    /// Which call surprised, packed: kind in the upper half, errno in the lower; 0: none did.
    surprise: AtomicI64,
    /// Calls made.
    calls: AtomicU64,
}

static SHARED: Shared = Shared {
    socket: AtomicI32::new(-1),
    end: AtomicU64::new(0),
    steps: AtomicU32::new(0),
    module: [AtomicU64::new(0), AtomicU64::new(0)],
    surprise: AtomicI64::new(0),
    calls: AtomicU64::new(0),
};

/// How long, and from which random number on.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Milliseconds at most.
    pub ms: u64,
    /// Steps of each thread at most.
    pub steps: u32,
    /// Where the random numbers begin.
    pub seed: u32,
}

/// xorshift32.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }
}

/// The kinds of calls, for the report of a surprise.
const KINDS: [&str; 9] =
    ["create", "destroy", "interface ioctl", "open", "use", "close", "sysctl", "revoke", "module"];

fn note<T>(kind: usize, result: Result<T>, allowed: &[Errno]) -> Option<T> {
    SHARED.calls.fetch_add(1, Ordering::Relaxed);
    match result {
        Ok(value) => Some(value),
        Err(e) if allowed.contains(&e) => None,
        Err(e) => {
            let packed = (kind as i64 + 1) << 32 | i64::from(e.0 as u32);
            SHARED.surprise.store(packed, Ordering::Relaxed);
            None
        }
    }
}

/// Runs a storm; returns how many calls were made.
pub fn run(c: &Ctx, bounds: Bounds, unloads: bool) -> Fallible<u64> {
    for minor in (0..UNITS).chain([CLONER_MINOR]) {
        c.node(minor)?;
    }
    c.sys.sigio_watch(false).on("sigaction")?;
    SHARED.socket.store(c.socket, Ordering::Relaxed);
    SHARED.end.store(c.sys.now_ms() + bounds.ms, Ordering::Relaxed);
    SHARED.steps.store(bounds.steps, Ordering::Relaxed);
    SHARED.surprise.store(0, Ordering::Relaxed);
    SHARED.calls.store(0, Ordering::Relaxed);
    for (slot, text) in SHARED.module.iter().zip([c.module.path, c.module.name]) {
        slot.store(if unloads { text.as_ptr() as u64 } else { 0 }, Ordering::Relaxed);
    }
    let mut threads = [None; WORKERS];
    for (i, thread) in threads.iter_mut().enumerate() {
        let seed = bounds.seed.wrapping_mul(0x9e37_79b9).wrapping_add(i as u32 * 0x0101_0101) | 1;
        *thread = Some(c.sys.spawn(steps::work, seed as usize).on("spawn")?);
    }
    let ended = settle(c, bounds, &mut threads);
    if c.sys.modstat(c.module.name).is_err() {
        c.load().on("loading again")?;
    }
    ended?;
    let surprise = SHARED.surprise.load(Ordering::Relaxed);
    if surprise != 0 {
        let kind = KINDS.get((surprise >> 32) as usize - 1).unwrap_or(&"?");
        let errno = Errno(surprise as u32 as i32);
        return Err(Failure::of(format_args!("{kind}: {errno}")));
    }
    Ok(SHARED.calls.load(Ordering::Relaxed))
}

/// Waits for the threads. One may sleep in a read of an interface that nobody destroys any more:
/// once the time is over, they are all destroyed here.
fn settle(c: &Ctx, bounds: Bounds, threads: &mut [Option<usize>; WORKERS]) -> Fallible<()> {
    let last = c.sys.now_ms() + bounds.ms + 15 * crate::ctx::HANG_MS;
    let mut idle = 0;
    loop {
        let mut running = 0;
        for slot in threads.iter_mut() {
            if slot.is_some_and(|thread| c.sys.joined(thread).is_some()) {
                *slot = None;
                idle = 0;
            }
            running += usize::from(slot.is_some());
        }
        if running == 0 {
            return Ok(());
        }
        let now = c.sys.now_ms();
        if now > last {
            return Err(Failure::of(format_args!("{running} threads hang")));
        }
        idle += 1;
        if now > SHARED.end.load(Ordering::Relaxed) || idle > 50 {
            for unit in 0..UNITS + WORKERS as u32 {
                let name: Text<16> = Text::of(format_args!("tap{unit}"));
                c.destroy(name.as_str()).unwrap_or(());
            }
        }
        c.sys.sleep_ms(20);
    }
}
