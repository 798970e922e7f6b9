// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Threads of the host: each is a thread of this process and a `struct lwp` of the kernel.
//!
//! In the free mode they run at once, as on several CPUs. In the seeded mode one runs at a time,
//! and every kernel call is a point where a generator chooses who is next, so that a seed stands
//! for one interleaving; time then passes by such calls, and at once when nobody can run.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar};
use std::time::{Duration, Instant};

use crate::kpi;
use crate::world::{self, World};
use crate::{host_panic, kassert};

/// A thread's number, never used twice.
pub type Tid = u64;
/// A process's number.
pub type Pid = i32;

/// The process that the kernel's own threads belong to.
pub const KERNEL: Pid = 0;
/// Clock ticks a second, `hz`.
pub const HZ: u32 = 100;

/// What a thread sleeps on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Chan {
    /// What kind of thing it is, as ps(1) would show it.
    pub kind: &'static str,
    /// Which one.
    pub address: usize,
}

/// Shorthand for a channel.
pub fn chan(kind: &'static str, address: usize) -> Chan {
    Chan { kind, address }
}

/// Why a sleep ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// Somebody woke the sleeper.
    Awake,
    /// The time was over.
    TimedOut,
    /// A signal came: EINTR or ERESTART.
    Signal(i32),
}

/// How to sleep.
#[derive(Clone, Copy, Default)]
pub struct Sleep {
    /// A signal ends it.
    pub interruptible: bool,
    /// How many ticks it takes at most.
    pub ticks: Option<u32>,
    /// Not a place where a kernel would assert that it may sleep: it spins there.
    pub spins: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Runnable,
    Asleep { chan: Chan, since: u64, interruptible: bool, deadline: Option<u64> },
    Exited,
}

/// One thread.
pub struct Thread {
    /// Its `struct lwp`, which lives as long as the thread.
    pub lwp: *mut kpi::lwp,
    /// Its process.
    pub pid: Pid,
    /// What it is called in a report.
    pub name: String,
    /// The mutexes that it holds, in the order it took them.
    pub held: Vec<usize>,
    /// How many of those are spin mutexes.
    pub spin: u32,
    /// How many times it holds the kernel lock.
    pub klocks: u32,
    /// It runs soft interrupts: it must not sleep but for an adaptive mutex.
    pub softint: bool,
    /// kpreempt_disable(9) depth.
    pub bound: u32,
    /// A signal has asked this thread to look for it: its interruptible sleeps end.
    pub signalled: bool,
    state: State,
    woken: Woken,
    cv: Arc<Condvar>,
}

// SAFETY: the lwp is reached under the host's lock, or by its own thread.
unsafe impl Send for Thread {}

/// A signal that waits for a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Its number.
    pub number: i32,
    /// si_code.
    pub code: i32,
    /// si_band.
    pub band: i64,
}

/// One process.
#[derive(Default)]
pub struct Proc {
    /// Its `struct proc`.
    pub proc_: usize,
    /// Its credentials, a `kauth_cred_t`.
    pub cred: usize,
    /// Signals that end a sleep.
    pub pending: Vec<Pending>,
    /// Whether a signal that ends a sleep has the call restarted (SA_RESTART).
    pub restart: bool,
    /// Killed: every sleep ends, and no call goes on.
    pub dying: bool,
    /// Stopped: its threads go nowhere.
    pub stopped: bool,
}

/// Threads, processes, and who runs.
#[derive(Default)]
pub struct Sched {
    /// All threads that have not been waited for.
    pub threads: BTreeMap<Tid, Thread>,
    /// All processes.
    pub procs: BTreeMap<Pid, Proc>,
    next_tid: Tid,
    sequence: u64,
    seeded: Option<Seeded>,
    /// How many more sleeps that a signal may end do not end so at once, as a test asks for;
    /// `None`: none is cut short.
    pub interrupt_in: Option<u64>,
    started: Option<Instant>,
}

/// The state of the modes in which one thread runs at a time.
struct Seeded {
    random: u64,
    /// Kernel calls are points of choice; otherwise only sleeps are, and the oldest thread is next.
    preempts: bool,
    /// The one thread that runs.
    token: Tid,
    ticks: u64,
    /// Kernel calls since the last tick.
    calls: u32,
}

/// How many kernel calls a clock tick takes in the seeded mode, when it does not pass because
/// nobody can run.
const CALLS_A_TICK: u32 = 500;

impl Seeded {
    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

thread_local! {
    static ME: Cell<(Tid, *mut kpi::lwp)> = const { Cell::new((0, std::ptr::null_mut())) };
}

/// The running thread.
pub fn me() -> Tid {
    let (tid, _) = ME.get();
    kassert!(tid != 0, "a thread that the host does not know calls the kernel");
    tid
}

/// The running thread's `struct lwp`.
pub fn curlwp() -> *mut kpi::lwp {
    me();
    ME.get().1
}

/// Makes the calling thread one of a process, which is made if it is new.
pub fn adopt(pid: Pid, name: &str) -> Tid {
    let mut world = world::enter_quietly();
    let tid = world.new_thread(pid, name);
    world.take_place(tid);
    tid
}

/// Starts a thread of a process that runs `f` outside of the host's lock.
pub fn spawn(world: &mut World, pid: Pid, name: &str, f: impl FnOnce() + Send + 'static) -> Tid {
    let tid = world.new_thread(pid, name);
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let mut world = world::enter_quietly();
            world.take_place(tid);
            drop(world);
            f();
            exit();
        })
        .unwrap_or_else(|error| host_panic!("no thread for {name}: {error}"));
    tid
}

/// The calling thread leaves the host.
pub fn exit() {
    let mut world = world::enter();
    let tid = me();
    let thread = world.thread(tid);
    kassert!(thread.held.is_empty(), "{} exits with mutexes held", thread.name);
    kassert!(thread.klocks == 0, "{} exits with the kernel lock held", thread.name);
    thread.state = State::Exited;
    ME.set((0, std::ptr::null_mut()));
    world.wake_all(chan("exit", tid as usize));
    world.pass_on();
}

impl World {
    fn new_thread(&mut self, pid: Pid, name: &str) -> Tid {
        self.make_proc(pid);
        let sched = &mut self.sched;
        sched.next_tid += 1;
        let tid = sched.next_tid;
        // SAFETY: integers and pointers, for which all zeros is a value.
        let mut lwp: Box<kpi::lwp> = Box::new(unsafe { std::mem::zeroed() });
        let proc_ = &sched.procs[&pid];
        lwp.l_proc = proc_.proc_ as *mut kpi::proc_;
        lwp.l_cred = proc_.cred as *mut _;
        lwp.l_lid = tid as _;
        let thread = Thread {
            lwp: Box::into_raw(lwp),
            pid,
            name: name.into(),
            held: Vec::new(),
            spin: 0,
            klocks: 0,
            softint: false,
            bound: 0,
            signalled: false,
            state: State::Runnable,
            woken: Woken::Awake,
            cv: Arc::new(Condvar::new()),
        };
        sched.threads.insert(tid, thread);
        tid
    }

    /// Makes a process unless it is there.
    pub fn make_proc(&mut self, pid: Pid) {
        if self.sched.procs.contains_key(&pid) {
            return;
        }
        // SAFETY: integers and pointers, for which all zeros is a value.
        let mut proc_: Box<kpi::proc_> = Box::new(unsafe { std::mem::zeroed() });
        proc_.p_pid = pid;
        let cred = crate::kern::kauth::new_cred(0);
        let entry = Proc { proc_: Box::into_raw(proc_) as usize, cred, ..Proc::default() };
        self.sched.procs.insert(pid, entry);
    }

    /// The calling thread becomes `tid`, and waits for its turn.
    fn take_place(&mut self, tid: Tid) {
        let lwp = self.thread(tid).lwp;
        ME.set((tid, lwp));
        if let Some(seeded) = &mut self.sched.seeded {
            if seeded.token == 0 {
                seeded.token = tid;
            }
        }
        self.wait_for_turn(tid);
    }

    /// A thread that is known to be there.
    pub fn thread(&mut self, tid: Tid) -> &mut Thread {
        match self.sched.threads.get_mut(&tid) {
            Some(thread) => thread,
            None => host_panic!("no thread {tid}"),
        }
    }

    /// The calling thread.
    pub fn current(&mut self) -> &mut Thread {
        self.thread(me())
    }

    /// The calling thread's process.
    pub fn current_pid(&mut self) -> Pid {
        self.current().pid
    }

    /// The calling thread's process.
    pub fn current_proc(&mut self) -> &mut Proc {
        let pid = self.current_pid();
        self.proc_(pid).unwrap_or_else(|| host_panic!("no process {pid}"))
    }

    /// A process.
    pub fn proc_(&mut self, pid: Pid) -> Option<&mut Proc> {
        self.sched.procs.get_mut(&pid)
    }

    /// Chooses interleavings by a seed from now on. Only before there is a second thread.
    pub fn seed(&mut self, seed: u64) {
        kassert!(self.sched.threads.len() <= 1, "seeded after threads were made");
        self.sched.seeded = Some(Seeded {
            random: seed.wrapping_mul(2) | 1,
            token: ME.get().0,
            ticks: 0,
            calls: 0,
            preempts: true,
        });
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
            thread.cv.notify_all();
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
    fn pass_on(&mut self) {
        let sched = &mut self.sched;
        let Some(seeded) = &mut sched.seeded else { return };
        seeded.calls += 1;
        if seeded.calls == CALLS_A_TICK {
            seeded.calls = 0;
            seeded.ticks += 1;
            expire(&mut sched.threads, seeded.ticks);
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
                sched.threads[&chosen].cv.notify_all();
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

    fn wait_for_turn(&mut self, tid: Tid) {
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
                (State::Runnable, Some(token)) if token == tid => return,
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
            self.wait(&cv, timeout);
        }
    }

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

    /// Whether a thread has ended, and waits to be reaped.
    pub fn has_ended(&mut self, tid: Tid) -> bool {
        self.thread(tid).state == State::Exited
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
        let thread = self.thread(tid);
        thread.state = State::Runnable;
        thread.woken = woken;
        thread.cv.notify_all();
    }

    /// Whether a thread has ended; if so its remains are freed.
    pub fn reap(&mut self, tid: Tid) -> bool {
        let Some(thread) = self.sched.threads.get(&tid) else { return true };
        if thread.state != State::Exited {
            return false;
        }
        // SAFETY: made by Box::into_raw, and the thread that used it has ended.
        drop(unsafe { Box::from_raw(thread.lwp) });
        self.sched.threads.remove(&tid);
        true
    }

    /// Waits for a thread's end.
    pub fn join(&mut self, tid: Tid) {
        while !self.reap(tid) {
            self.sleep(chan("exit", tid as usize), Sleep::default());
        }
    }

    /// Every thread and what it does, for reports.
    pub fn threads_described(&self) -> String {
        describe(&self.sched.threads)
    }
}

/// Ends the sleeps whose time is over.
fn expire(threads: &mut BTreeMap<Tid, Thread>, now: u64) {
    for thread in threads.values_mut() {
        if matches!(thread.state, State::Asleep { deadline: Some(end), .. } if end <= now) {
            thread.state = State::Runnable;
            thread.woken = Woken::TimedOut;
        }
    }
}

fn describe(threads: &BTreeMap<Tid, Thread>) -> String {
    let mut text = String::new();
    for (tid, thread) in threads {
        text += &format!("\n  {tid} {} (pid {}): {:?}", thread.name, thread.pid, thread.state);
        if !thread.held.is_empty() {
            text += &format!(", holds {:x?}", thread.held);
        }
    }
    text
}
