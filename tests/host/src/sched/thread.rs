// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How threads and processes begin and end.

use std::sync::{Arc, Condvar};

use litemap::LiteMap;

use super::{chan, me, Pid, Proc, Sleep, State, Thread, Tid, Woken, ME};
use crate::world::{self, World};
use crate::{host_panic, kassert, kpi};

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
    // SAFETY: made by Box::into_raw, and the thread that used it ends here.
    drop(unsafe { Box::from_raw(thread.lwp) });
    world.sched.threads.remove(&tid);
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
        let proc_ = self.proc_alloc(pid) as usize;
        let cred = crate::kern::kauth::new_cred(0, 0);
        let entry = Proc { proc_, cred, ..Proc::default() };
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

    /// Whether a thread has ended.
    pub fn has_ended(&self, tid: Tid) -> bool {
        !self.sched.threads.contains_key(&tid)
    }

    /// Waits for a thread's end.
    pub fn join(&mut self, tid: Tid) {
        while !self.has_ended(tid) {
            self.sleep(chan("exit", tid as usize), Sleep::default());
        }
    }

    /// Every thread and what it does, for reports.
    pub fn threads_described(&self) -> String {
        describe(&self.sched.threads)
    }
}

pub(super) fn describe(threads: &LiteMap<Tid, Thread>) -> String {
    let mut text = String::new();
    for (tid, thread) in threads {
        text += &format!("\n  {tid} {} (pid {}): {:?}", thread.name, thread.pid, thread.state);
        if !thread.held.is_empty() {
            text += &format!(", holds {:x?}", thread.held);
        }
    }
    text
}
