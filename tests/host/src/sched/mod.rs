// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Threads of the host: each is a thread of this process and a `struct lwp` of the kernel.
//!
//! In the free mode they run at once, as on several CPUs. In the seeded mode one runs at a time,
//! and every kernel call is a point where a generator chooses who is next, so that a seed stands
//! for one interleaving; time then passes by such calls, and at once when nobody can run.

mod sleep;
mod thread;
mod turns;

pub use thread::{adopt, exit, spawn};

use std::cell::Cell;
use std::sync::{Arc, Condvar};
use std::time::Instant;

use litemap::LiteMap;

use crate::kpi;
use crate::world::World;
use crate::{host_panic, kassert};
use turns::Seeded;

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
    /// All threads that have not ended.
    pub threads: LiteMap<Tid, Thread>,
    /// All processes.
    pub procs: LiteMap<Pid, Proc>,
    next_tid: Tid,
    sequence: u64,
    seeded: Option<Seeded>,
    /// What the thread waits on whose turn it is, until it has been told.
    pub(crate) chosen: Option<Arc<Condvar>>,
    /// How many more sleeps that a signal may end do not end so at once, as a test asks for;
    /// `None`: none is cut short.
    pub interrupt_in: Option<u64>,
    started: Option<Instant>,
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

impl World {
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
}
