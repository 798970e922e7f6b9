// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Threads: light-weight processes on stacks of their own.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};

use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::{System, MAX_THREADS};

use crate::arch::{begin_with, store_and_exit, UCONTEXT_WORDS};
use crate::kernel::KERNEL;
use crate::raw::{call, nr};

const STACK: usize = 256 * 1024;
const FREE: u32 = 0;
const RUNNING: u32 = 1;
const ENDED: u32 = 2;

/// The state of one slot, and what its thread runs and returned.
struct Slot {
    state: AtomicU32,
    job: AtomicUsize,
    arg: AtomicUsize,
    value: AtomicI64,
}

#[repr(C, align(64))]
struct Stack(UnsafeCell<[u8; STACK]>);

// SAFETY: only the slot's one thread runs on its stack; nobody reads it through this cell.
unsafe impl Sync for Stack {}

static SLOTS: [Slot; MAX_THREADS] = [const {
    Slot {
        state: AtomicU32::new(FREE),
        job: AtomicUsize::new(0),
        arg: AtomicUsize::new(0),
        value: AtomicI64::new(0),
    }
}; MAX_THREADS];
static STACKS: [Stack; MAX_THREADS] = [const { Stack(UnsafeCell::new([0; STACK])) }; MAX_THREADS];

/// What a thread runs.
type Job = fn(System, usize) -> i64;

/// The word of struct __ucontext that says what follows when the context ends.
const UC_LINK: usize = 1;
/// _lwp_create(2): nobody waits for it.
const LWP_DETACHED: usize = 0x40;

#[repr(C, align(16))]
struct Context([usize; UCONTEXT_WORDS]);

/// Starts a thread in a free slot.
pub fn spawn(job: Job, arg: usize) -> Result<usize> {
    let index =
        SLOTS.iter().position(|s| s.state.load(Ordering::Acquire) == FREE).ok_or(Errno::EAGAIN)?;
    let slot = &SLOTS[index];
    slot.job.store(job as usize, Ordering::Relaxed);
    slot.arg.store(arg, Ordering::Relaxed);
    slot.state.store(RUNNING, Ordering::Release);
    let mut context = Context([0; UCONTEXT_WORDS]);
    let words = &mut context.0;
    call(nr::GETCONTEXT, words.as_mut_ptr() as usize, 0, 0)?;
    words[UC_LINK] = 0;
    let top = STACKS[index].0.get() as usize + STACK - 64;
    begin_with(words, begin as *const () as usize, index, top);
    let mut lid: i32 = 0;
    let started = call(
        nr::LWP_CREATE,
        words.as_ptr() as usize,
        LWP_DETACHED,
        core::ptr::from_mut(&mut lid) as usize,
    );
    if let Err(e) = started {
        slot.state.store(FREE, Ordering::Release);
        return Err(e);
    }
    Ok(index)
}

/// What a thread returned, if it did.
pub fn joined(index: usize) -> Option<i64> {
    let slot = SLOTS.get(index)?;
    if slot.state.load(Ordering::Acquire) != ENDED {
        return None;
    }
    let value = slot.value.load(Ordering::Relaxed);
    slot.state.store(FREE, Ordering::Release);
    Some(value)
}

extern "C" fn begin(index: usize) -> ! {
    let slot = &SLOTS[index];
    let address = slot.job.load(Ordering::Relaxed);
    // SAFETY: spawn stored a Job's address, and nothing else is ever stored.
    let job = unsafe { core::mem::transmute::<usize, Job>(address) };
    let value = job(KERNEL, slot.arg.load(Ordering::Relaxed));
    slot.value.store(value, Ordering::Relaxed);
    store_and_exit(slot.state.as_ptr(), ENDED)
}
