// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Who runs next in the modes in which one thread runs at a time, and how time passes.

use std::time::{Duration, Instant};

use litemap::LiteMap;

use super::thread::describe;
use super::{me, Sched, State, Thread, Tid, Woken, HZ, KERNEL, ME};
use crate::world::World;
use crate::{host_panic, kassert};

/// The state of the modes in which one thread runs at a time.
pub(super) struct Seeded {
    random: u64,
    /// Kernel calls are points of choice; otherwise only sleeps are, and the oldest thread is next.
    preempts: bool,
    /// At how many points of choice one other than the running thread is considered.
    patience: u64,
    /// The one thread that runs.
    pub(super) token: Tid,
    ticks: u64,
    /// Kernel calls since the last tick.
    calls: u32,
}

/// How many kernel calls a clock tick takes in the seeded mode, when it does not pass because
/// nobody can run.
const CALLS_A_TICK: u32 = 500;

/// By seed: a change at every kernel call finds what goes wrong between two neighbouring ones, rare
/// changes find what goes wrong when a thread rests while others do much.
const PATIENCE: [u64; 3] = [1, 8, 64];

impl Seeded {
    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Whether the thread that runs goes on, if it can.
    fn is_patient(&mut self) -> bool {
        self.preempts && !self.next().is_multiple_of(self.patience)
    }
}

impl World {
    /// Chooses interleavings by a seed from now on. Only before there is a second thread.
    pub fn seed(&mut self, seed: u64) {
        kassert!(self.sched.threads.len() <= 1, "seeded after threads were made");
        stay_on_this_cpu();
        self.sched.seeded = Some(Seeded {
            random: seed.wrapping_mul(2) | 1,
            token: ME.get().0,
            ticks: 0,
            calls: 0,
            preempts: true,
            patience: PATIENCE[(seed % PATIENCE.len() as u64) as usize],
        });
    }

    /// Other interleavings from now on, where a seed chooses them: those of another seed.
    pub fn reseed(&mut self, seed: u64) {
        match &mut self.sched.seeded {
            Some(seeded) => {
                seeded.random = seed.wrapping_mul(2) | 1;
                seeded.calls = 0;
            }
            None => host_panic!("reseeded, but no seed chooses"),
        }
    }

    /// One thread at a time from now on, until it sleeps: the same work costs the same each time.
    /// Only before there is a second thread.
    pub fn take_turns(&mut self) {
        self.seed(1);
        if let Some(seeded) = &mut self.sched.seeded {
            seeded.preempts = false;
        }
    }

    /// Where turns are taken, the kernel's own threads have theirs before the caller goes on, as
    /// soft interrupts do when a system call ends.
    pub(crate) fn let_kernel_run(&mut self) {
        let tid = me();
        loop {
            let Sched { threads, seeded, .. } = &mut self.sched;
            let Some(seeded) = seeded.as_mut().filter(|seeded| !seeded.preempts) else { return };
            let ready = |(_, t): &(_, &Thread)| t.pid == KERNEL && t.state == State::Runnable;
            let Some((chosen, thread)) = threads.iter().find(ready) else { return };
            seeded.token = *chosen;
            self.sched.chosen = Some(thread.cv.clone());
            self.wait_for_turn(tid);
        }
    }

    /// Whether interleavings are chosen by a seed.
    pub fn is_seeded(&self) -> bool {
        self.sched.seeded.is_some()
    }

    /// Clock ticks since the host began.
    pub fn ticks(&mut self) -> u64 {
        match &self.sched.seeded {
            Some(seeded) => seeded.ticks,
            None => {
                let started = *self.sched.started.get_or_insert_with(Instant::now);
                (started.elapsed().as_millis() as u64) * u64::from(HZ) / 1000
            }
        }
    }

    /// A point where another thread may be preferred: every kernel call is one.
    pub(crate) fn preempt(&mut self) {
        let tid = ME.get().0;
        if tid == 0 || !self.sched.seeded.as_ref().is_some_and(|seeded| seeded.preempts) {
            return;
        }
        self.pass_on();
        self.wait_for_turn(tid);
    }

    /// In the seeded mode, chooses who runs next.
    pub(super) fn pass_on(&mut self) {
        let sched = &mut self.sched;
        let Some(seeded) = &mut sched.seeded else { return };
        seeded.calls += 1;
        if seeded.calls == CALLS_A_TICK {
            seeded.calls = 0;
            seeded.ticks += 1;
            expire(&mut sched.threads, seeded.ticks);
        }
        let running = sched.threads.get(&seeded.token);
        if running.is_some_and(|t| t.state == State::Runnable) && seeded.is_patient() {
            return;
        }
        loop {
            let runnable: Vec<Tid> = sched
                .threads
                .iter()
                .filter(|(_, thread)| thread.state == State::Runnable)
                .map(|(tid, _)| *tid)
                .collect();
            if !runnable.is_empty() {
                let at = if seeded.preempts { seeded.next() } else { 0 };
                let chosen = runnable[(at % runnable.len() as u64) as usize];
                seeded.token = chosen;
                sched.chosen = Some(sched.threads[&chosen].cv.clone());
                return;
            }
            let next = sched.threads.values().filter_map(|thread| match thread.state {
                State::Asleep { deadline, .. } => deadline,
                _ => None,
            });
            let Some(next) = next.min() else {
                seeded.token = 0;
                if sched.threads.values().any(|t| matches!(t.state, State::Asleep { .. })) {
                    host_panic!("deadlock: {}", describe(&sched.threads));
                }
                return;
            };
            seeded.ticks = seeded.ticks.max(next);
            expire(&mut sched.threads, seeded.ticks);
        }
    }

    pub(super) fn wait_for_turn(&mut self, tid: Tid) {
        self.wait_until_chosen(tid);
        crate::bench::collect::turn();
    }

    fn wait_until_chosen(&mut self, tid: Tid) {
        let cv = self.thread(tid).cv.clone();
        loop {
            let now = self.ticks();
            let seeded = self.sched.seeded.as_ref().map(|seeded| seeded.token);
            let thread = self.thread(tid);
            let timeout = match (thread.state, seeded) {
                (State::Runnable, None) => return,
                (State::Runnable, Some(token)) if token == tid => {
                    self.sched.chosen = None;
                    return;
                }
                (State::Asleep { deadline: Some(end), .. }, None) if end <= now => {
                    thread.state = State::Runnable;
                    thread.woken = Woken::TimedOut;
                    return;
                }
                (State::Asleep { deadline: Some(end), .. }, None) => {
                    Some(Duration::from_millis((end - now) * 1000 / u64::from(HZ) + 1))
                }
                _ => None,
            };
            if self.sched.chosen.is_some() {
                self.tell_chosen();
            } else {
                self.wait(&cv, timeout);
            }
        }
    }
}

/// Keeps the threads to come on the CPU of this one. Only one of them runs at a time, and it takes
/// half as long to pass the turn on as it does to wake up another CPU. It is no error if Linux
/// refuses: nothing but the time depends on it.
fn stay_on_this_cpu() {
    // SAFETY: it takes nothing.
    let cpu = unsafe { libc::sched_getcpu() };
    // SAFETY: integers, for which all zeros is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    if let Ok(cpu) = usize::try_from(cpu) {
        // SAFETY: the set is this function's.
        unsafe { libc::CPU_SET(cpu, &mut set) };
        // SAFETY: the set is read for its own size.
        unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
    }
}

/// Ends the sleeps whose time is over.
fn expire(threads: &mut LiteMap<Tid, Thread>, now: u64) {
    for (_, thread) in threads.iter_mut() {
        if matches!(thread.state, State::Asleep { deadline: Some(end), .. } if end <= now) {
            thread.state = State::Runnable;
            thread.woken = Woken::TimedOut;
        }
    }
}
