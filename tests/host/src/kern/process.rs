// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Processes, as sys/kern/kern_fork.c, kern_exit.c and kern_prot.c have them: who is whose child,
//! credentials, and an end that waits for the threads and closes the descriptors. A child has a
//! thread and a copy of the descriptors; its memory is its parent's.

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::SigIo;

use crate::kern::errno::errno;
use crate::kern::kauth;
use crate::kpi;
use crate::sched::{self, chan, me, spawn, Pid, Tid};
use crate::world::{enter, World};
use crate::{host_panic, kassert};

/// The first number of a process that fork(2) makes.
const FIRST_CHILD: Pid = 100;

/// What the kernel knows of a process beside its threads.
pub(super) struct Process {
    parent: Pid,
    /// Its process group.
    pub(super) group: Pid,
    /// What wait4(2) says of it: set when it has ended.
    status: Option<i32>,
    /// The thread that ends it.
    exiting: Option<Tid>,
    /// SIGIO is caught, and has been counted so far.
    pub(super) caught: Option<SigIo>,
    /// The signal that it was killed by.
    pub(super) killed_by: i32,
}

/// All processes.
#[derive(Default)]
pub struct Processes {
    all: LiteMap<Pid, Process>,
    pub(crate) last: Pid,
    /// How many there have been.
    pub(super) forks: u32,
}

impl Processes {
    /// Children that still run, one line each: one that has ended holds nothing.
    pub fn leftovers(&self) -> Vec<String> {
        let runs = |process: &Process| process.status.is_none();
        let children = self.all.iter().filter(|(_, process)| process.parent != sched::KERNEL);
        let children = children.filter(|(_, process)| runs(process));
        children.map(|(pid, process)| format!("process {pid}, {:?}", process.status)).collect()
    }
}

impl World {
    /// A process that has threads or is waited for; one that nobody forked leads a group of its own.
    pub(super) fn process_state(&mut self, pid: Pid) -> &mut Process {
        self.processes.all.entry(pid).or_insert_with(|| Process {
            parent: sched::KERNEL,
            group: pid,
            status: None,
            exiting: None,
            caught: None,
            killed_by: 0,
        })
    }

    /// proc_find: whether there is a process of that number which has not ended.
    pub(super) fn proc_find(&mut self, pid: Pid) -> bool {
        self.sched.procs.contains_key(&pid) && self.process_state(pid).status.is_none()
    }

    /// The living processes of a group.
    pub(super) fn pgrp_members(&mut self, group: Pid) -> Vec<Pid> {
        let all: Vec<Pid> = self.sched.procs.keys().copied().collect();
        all.into_iter()
            .filter(|pid| *pid != sched::KERNEL)
            .filter(|pid| self.proc_find(*pid) && self.process_state(*pid).group == group)
            .collect()
    }

    /// The threads of a process, the latest first, as the kernel's list has them.
    pub(crate) fn threads_of(&mut self, pid: Pid) -> Vec<Tid> {
        let threads = self.sched.threads.iter().rev();
        threads.filter(|(_, thread)| thread.pid == pid).map(|(tid, _)| *tid).collect()
    }

    /// fork(2): runs `f` on the first thread of a new process; what it returns is the exit status.
    pub(crate) fn fork(&mut self, f: impl FnOnce() -> i32 + Send + 'static) -> Result<Pid> {
        let parent = self.current_pid();
        let group = self.process_state(parent).group;
        let mut pid = (self.processes.last + 1).max(FIRST_CHILD);
        while self.sched.procs.contains_key(&pid) {
            pid += 1;
        }
        self.processes.last = pid;
        self.make_proc(pid);
        let (cred, restart) = {
            let own = self.current_proc();
            (own.cred, own.restart)
        };
        if let Some(child) = self.proc_(pid) {
            child.cred = cred;
            child.restart = restart;
        }
        let caught = self.process_state(parent).caught.map(|_| SigIo::default());
        let child = self.process_state(pid);
        child.parent = parent;
        child.group = group;
        child.caught = caught;
        self.fd_copy(pid);
        spawn(self, pid, "child", move || {
            let status = f();
            enter().exit1(status & 0xff);
        });
        Ok(pid)
    }

    /// exit1: the calling thread ends its process, once the other threads have left.
    fn exit1(&mut self, status: i32) {
        let pid = self.current_pid();
        kassert!(self.process_state(pid).exiting.is_none(), "process {pid} ends twice");
        self.process_state(pid).exiting = Some(me());
        self.current_proc().dying = true;
        self.current_proc().stopped = false;
        self.wake_all(super::signal::stopped(pid));
        self.interrupt(pid);
        for tid in self.threads_of(pid) {
            if tid != me() {
                self.join(tid);
            }
        }
        self.fd_free();
        self.process_state(pid).status = Some(status);
        self.wake_all(chan("wait", pid as usize));
    }

    /// The calling thread of a process that was killed, or that another thread ends, leaves for
    /// good: the user program is never returned to.
    pub(super) fn leave_process(&mut self) -> ! {
        let pid = self.current_pid();
        let process = self.process_state(pid);
        let killed_by = process.killed_by;
        match process.exiting {
            None if process.parent == sched::KERNEL => {
                host_panic!("signal {killed_by} ends process {pid}, which nobody has forked")
            }
            None => self.exit1(256 + killed_by),
            Some(tid) => kassert!(tid != me(), "process {pid} makes system calls while it ends"),
        }
        self.outside(|| {
            sched::exit();
            loop {
                std::thread::park();
            }
        })
    }

    /// wait4(2) without waiting: the exit status of a child, or 256 and the signal that killed it.
    /// ECHILD.
    pub(crate) fn wait4(&mut self, pid: Pid) -> Result<Option<i32>> {
        let own = self.current_pid();
        let child = self.processes.all.get(&pid).filter(|process| process.parent == own);
        let Some(child) = child else { return Err(errno(kpi::ECHILD)) };
        let (Some(status), exiting) = (child.status, child.exiting) else { return Ok(None) };
        if let Some(tid) = exiting {
            self.join(tid);
        }
        self.processes.all.remove(&pid);
        if let Some(gone) = self.sched.procs.remove(&pid) {
            self.proc_free(gone.proc_ as *mut kpi::proc_);
        }
        Ok(Some(status))
    }

    /// seteuid(2): the real user of every process is the superuser, so it may be anybody.
    pub(crate) fn seteuid(&mut self, euid: u32) {
        let egid = kauth::cred(self.current_proc().cred).egid;
        let cred = kauth::new_cred(euid, egid);
        self.current_proc().cred = cred;
        let pid = self.current_pid();
        for tid in self.threads_of(pid) {
            let lwp = self.thread(tid).lwp;
            // SAFETY: the thread has not ended, so its lwp is there.
            unsafe { (*lwp).l_cred = cred as *mut _ };
        }
    }

    /// The effective user of a process.
    pub(super) fn euid_of(&mut self, pid: Pid) -> u32 {
        self.proc_(pid).map_or(0, |entry| kauth::cred(entry.cred).euid)
    }
}

/// EINVAL of a number that is no signal's.
pub(super) fn check_signal(signal: i32) -> Result<()> {
    const NSIG: i32 = 64;
    if (0..NSIG).contains(&signal) {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}
