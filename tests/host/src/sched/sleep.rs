// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Sleeps, and what ends them: a wake-up, a signal, the time.

use super::{me, Chan, Pid, Sleep, State, Tid, Woken};
use crate::world::World;
use crate::{kassert, kpi};

impl World {
    /// Asserts that the caller may sleep, as ASSERT_SLEEPABLE of sys/kern/kern_lock.c does.
    pub fn assert_sleepable(&mut self, why: &str) {
        let thread = self.current();
        kassert!(thread.spin == 0, "{why}: {} sleeps with a spin mutex held", thread.name);
        kassert!(!thread.softint, "{why}: {} sleeps in a soft interrupt", thread.name);
        kassert!(thread.bound == 0, "{why}: {} sleeps with preemption disabled", thread.name);
    }

    /// Sleeps, without the host's lock and without the kernel lock, as mi_switch does.
    pub fn sleep(&mut self, on: Chan, how: Sleep) -> Woken {
        let tid = me();
        if how.interruptible {
            if let Some(error) = self.injected_signal().or_else(|| self.signal_error()) {
                return Woken::Signal(error);
            }
        }
        let klocks = if how.spins { 0 } else { crate::kern::klock::release_all(self) };
        let deadline = how.ticks.map(|ticks| self.ticks() + u64::from(ticks));
        self.sched.sequence += 1;
        let since = self.sched.sequence;
        let thread = self.thread(tid);
        thread.state =
            State::Asleep { chan: on, since, interruptible: how.interruptible, deadline };
        thread.woken = Woken::Awake;
        self.pass_on();
        self.wait_for_turn(tid);
        let mut woken = self.thread(tid).woken;
        if how.interruptible {
            self.stop_here();
        }
        if let Woken::Signal(_) = woken {
            // A stop and continue is no interruption: the sleep just ends early.
            woken = self.signal_error().map_or(Woken::Awake, Woken::Signal);
        }
        crate::kern::klock::acquire_again(self, klocks);
        woken
    }

    /// A signal that a test has asked for comes just before the sleep.
    fn injected_signal(&mut self) -> Option<i32> {
        let left = self.sched.interrupt_in.as_mut()?;
        if *left != 0 {
            *left -= 1;
            return None;
        }
        self.sched.interrupt_in = None;
        Some(kpi::EINTR as i32)
    }

    /// What an interruptible sleep of the calling thread would fail with now.
    fn signal_error(&mut self) -> Option<i32> {
        let proc_ = self.current_proc();
        if proc_.dying {
            return Some(kpi::EINTR as i32);
        }
        proc_.pending.first()?;
        let error = if proc_.restart { kpi::ERESTART } else { kpi::EINTR as i32 };
        self.current().signalled.then_some(error)
    }

    /// Wakes the thread that has slept on `on` for the longest time.
    pub fn wake_one(&mut self, on: Chan) -> bool {
        let longest = self
            .sched
            .threads
            .iter()
            .filter_map(|(tid, thread)| match thread.state {
                State::Asleep { chan, since, .. } if chan == on => Some((since, *tid)),
                _ => None,
            })
            .min();
        match longest {
            Some((_, tid)) => {
                self.make_runnable(tid, Woken::Awake);
                true
            }
            None => false,
        }
    }

    /// Wakes every thread that sleeps on `on`.
    pub fn wake_all(&mut self, on: Chan) {
        while self.wake_one(on) {}
    }

    /// Whether somebody sleeps on `on`.
    pub fn has_sleepers(&self, on: Chan) -> bool {
        self.sched
            .threads
            .values()
            .any(|thread| matches!(thread.state, State::Asleep { chan, .. } if chan == on))
    }

    /// Whether a thread sleeps, and then whether a signal may end that.
    pub fn sleep_of(&mut self, tid: Tid) -> Option<bool> {
        match self.thread(tid).state {
            State::Asleep { interruptible, .. } => Some(interruptible),
            _ => None,
        }
    }

    /// Ends a thread's interruptible sleep.
    pub fn interrupt_thread(&mut self, tid: Tid) {
        if self.sleep_of(tid) == Some(true) {
            self.make_runnable(tid, Woken::Signal(0));
        }
    }

    /// Ends the interruptible sleeps of a process.
    pub fn interrupt(&mut self, pid: Pid) {
        let sleepers: Vec<Tid> = self
            .sched
            .threads
            .iter()
            .filter(|(_, thread)| thread.pid == pid)
            .filter(|(_, t)| matches!(t.state, State::Asleep { interruptible: true, .. }))
            .map(|(tid, _)| *tid)
            .collect();
        for tid in sleepers {
            self.make_runnable(tid, Woken::Signal(0));
        }
    }

    fn make_runnable(&mut self, tid: Tid, woken: Woken) {
        let one_at_a_time = self.sched.seeded.is_some();
        let thread = self.thread(tid);
        thread.state = State::Runnable;
        thread.woken = woken;
        // Where one thread runs at a time, this one goes on when it is chosen.
        if !one_at_a_time {
            thread.cv.notify_all();
        }
    }
}
