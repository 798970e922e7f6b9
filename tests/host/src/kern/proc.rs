// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a driver is told of processes, as sys/kern/kern_proc.c and the secmodel extensions have it:
//! `struct proc` with its lock and the time of its fork, proc_find(9), and who may see whom.

use std::ffi::{c_int, c_void};

use crate::export::{Address, Export};
use crate::kern::kauth::cred;
use crate::kern::kmem::Kind;
use crate::loader::symbols::kernel;
use crate::sched::Pid;
use crate::world::{enter, World};
use crate::{exports, kassert, kpi};

/// `proc_lock`: a variable of the kernel's, which is only ever looked at through mutex(9).
static PROC_LOCK: u64 = 0;

/// Where a module finds it.
fn proc_lock() -> usize {
    kernel().get("proc_lock").map_or(0, |lock| lock.address as usize)
}

impl World {
    /// Initialises `proc_lock`, before a module can be given its address: to ask for that makes the
    /// kernel's symbols, which a count of calls wants to change first.
    pub(super) fn procinit(&mut self) {
        self.mutex_boot(proc_lock());
    }

    /// A `struct proc`, with what hangs on it.
    pub(crate) fn proc_alloc(&mut self, pid: Pid) -> *mut kpi::proc_ {
        self.processes.forks += 1;
        let lock = self.allocate(size_of::<kpi::kmutex_t>(), Kind::Object("mutex"), true);
        self.mutex_init(lock as usize, false);
        // SAFETY: integers and pointers, for which all zeros is a value.
        let mut stats: Box<kpi::pstats> = Box::new(unsafe { std::mem::zeroed() });
        // Time passes between two forks.
        stats.p_start.tv_sec = self.processes.forks as _;
        // SAFETY: as above.
        let mut proc_: Box<kpi::proc_> = Box::new(unsafe { std::mem::zeroed() });
        proc_.p_pid = pid;
        proc_.p_lock = lock.cast();
        proc_.p_stats = Box::into_raw(stats);
        Box::into_raw(proc_)
    }

    /// Frees what [`proc_alloc`](Self::proc_alloc) made, of a process without threads.
    pub(super) fn proc_free(&mut self, proc_: *mut kpi::proc_) {
        // SAFETY: made by Box::into_raw, and the process has no threads left.
        let proc_ = unsafe { Box::from_raw(proc_) };
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(proc_.p_stats) });
        self.mutex_destroy(proc_.p_lock as usize);
        self.free(proc_.p_lock.cast(), None, Kind::Object("mutex"));
    }
}

/// proc_find(9): a process that has not ended.
unsafe extern "C" fn proc_find(pid: kpi::pid_t) -> *mut kpi::proc_t {
    let mut world = enter();
    kassert!(world.mutex_owned(proc_lock()), "proc_find without proc_lock");
    if !world.proc_find(pid) {
        return std::ptr::null_mut();
    }
    world.proc_(pid).map_or(std::ptr::null_mut(), |entry| entry.proc_ as *mut _)
}

/// Behind a curtain, nobody but the superuser sees other users' processes.
unsafe extern "C" fn kauth_authorize_process(
    asker: kpi::kauth_cred_t,
    action: kpi::kauth_action_t,
    process: *mut kpi::proc_,
    _request: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
) -> c_int {
    let mut world = enter();
    kassert!(action == kpi::KAUTH_PROCESS_CANSEE as _, "kauth: no such action here");
    // SAFETY: the caller keeps the process.
    let pid = unsafe { (*process).p_pid };
    // SAFETY: as above; the lock is what proc_alloc made.
    let lock = unsafe { (*process).p_lock };
    kassert!(world.mutex_owned(lock as usize), "kauth: the process is not locked");
    let asker = cred(asker as usize).euid;
    let curtain = world.sysctl_int("security.models.extensions.curtain") != 0;
    if curtain && asker != 0 && asker != world.euid_of(pid) {
        return kpi::EPERM as c_int;
    }
    0
}

exports!(proc_find, kauth_authorize_process);

/// The kernel's variables.
pub const VARIABLES: &[Export] = &[Export {
    name: "proc_lock",
    address: Address((&raw const PROC_LOCK).cast()),
    size: size_of::<kpi::kmutex_t>(),
}];
