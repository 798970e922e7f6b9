// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Signals, as sys/kern/kern_sig.c and sys_sig.c have them, and the owners of descriptors of
//! kern_descrip.c. A signal asks one thread to take it, the latest that can; that thread's sleep
//! ends, and on its way back to the user it takes the signal. SIGIO can be caught; the others do
//! what they do by default.

use std::ffi::{c_int, c_void};

use tap_conformance::abi::{SIGCONT, SIGIO, SIGKILL, SIGSTOP};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::SigIo;

use super::process::check_signal;
use crate::kern::errno::{errno, to_int};
use crate::kpi;
use crate::sched::{chan, Chan, Pending, Pid, Sleep, KERNEL};
use crate::world::{enter, World};
use crate::{exports, kassert};

/// Signals that do nothing unless they are caught: SIGURG, SIGCHLD, SIGWINCH, SIGINFO.
const IGNORED: [i32; 4] = [16, 20, 28, 29];

/// Where the threads of a stopped process wait.
pub(super) fn stopped(pid: Pid) -> Chan {
    chan("stopped", pid as usize)
}

impl World {
    /// kpsignal: sends a signal to a process.
    pub(crate) fn psignal(&mut self, pid: Pid, signal: Pending) {
        kassert!(self.current().spin == 0, "a signal is sent with a spin mutex held");
        if pid == KERNEL || !self.proc_find(pid) {
            return;
        }
        match signal.number {
            SIGCONT => self.continue_process(pid),
            SIGSTOP => {
                if let Some(entry) = self.proc_(pid) {
                    entry.stopped = true;
                }
                self.interrupt(pid);
            }
            SIGIO if self.process_state(pid).caught.is_some() => self.sigpost(pid, signal),
            SIGIO => {}
            ignored if IGNORED.contains(&ignored) => {}
            fatal => self.kill_process(pid, fatal),
        }
    }

    fn continue_process(&mut self, pid: Pid) {
        if let Some(entry) = self.proc_(pid) {
            entry.stopped = false;
        }
        self.wake_all(stopped(pid));
    }

    fn kill_process(&mut self, pid: Pid, signal: i32) {
        self.process_state(pid).killed_by = signal;
        if let Some(entry) = self.proc_(pid) {
            entry.dying = true;
        }
        self.continue_process(pid);
        self.interrupt(pid);
    }

    /// Makes a caught signal pending, in the place of one of the same number, and finds a thread
    /// for it: one that runs, or sleeps and may be interrupted.
    fn sigpost(&mut self, pid: Pid, signal: Pending) {
        if let Some(entry) = self.proc_(pid) {
            entry.pending.retain(|other| other.number != signal.number);
            entry.pending.push(signal);
        }
        for tid in self.threads_of(pid) {
            self.thread(tid).signalled = true;
            match self.sleep_of(tid) {
                None => return,
                Some(true) => {
                    self.interrupt_thread(tid);
                    return;
                }
                Some(false) => {}
            }
        }
    }

    /// The calling thread goes no further while its process is stopped.
    pub(crate) fn stop_here(&mut self) {
        while self.current_proc().stopped {
            let pid = self.current_pid();
            self.sleep(stopped(pid), Sleep::default());
        }
    }

    /// On the way back to the user: a thread of a process that ends leaves, one of a stopped
    /// process stops, and signals are taken.
    pub(crate) fn userret(&mut self) {
        self.let_kernel_run();
        loop {
            if self.current_proc().dying {
                self.leave_process();
            }
            self.stop_here();
            if self.current_proc().dying {
                continue;
            }
            self.current().signalled = false;
            let pending = &mut self.current_proc().pending;
            if pending.is_empty() {
                return;
            }
            let signal = pending.remove(0);
            let pid = self.current_pid();
            if let Some(seen) = &mut self.process_state(pid).caught {
                *seen = SigIo { count: seen.count + 1, code: signal.code, band: signal.band };
            }
        }
    }

    /// sigaction(2) for SIGIO: from now on it is caught and counted, with SA_RESTART or without.
    pub(crate) fn sigio_watch(&mut self, restart: bool) {
        self.current_proc().restart = restart;
        let pid = self.current_pid();
        self.process_state(pid).caught = Some(SigIo::default());
        self.current_proc().pending.clear();
    }

    /// What was counted since last asked.
    pub(crate) fn sigio_take(&mut self) -> SigIo {
        self.userret();
        let pid = self.current_pid();
        self.process_state(pid).caught.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// kill(2): EINVAL, ESRCH, EPERM; signal 0 only asks.
    pub(crate) fn kill(&mut self, pid: Pid, signal: i32) -> Result<()> {
        check_signal(signal)?;
        let own = self.current_pid();
        let targets = match pid {
            0 => {
                let group = self.process_state(own).group;
                self.pgrp_members(group)
            }
            -1 => return Err(errno(kpi::EOPNOTSUPP)),
            i32::MIN => return Err(Errno::ESRCH),
            group if group < 0 => self.pgrp_members(-group),
            pid if self.proc_find(pid) && pid != KERNEL => vec![pid],
            _ => Vec::new(),
        };
        if targets.is_empty() {
            return Err(Errno::ESRCH);
        }
        let euid = self.euid_of(own);
        let allowed: Vec<Pid> =
            targets.into_iter().filter(|pid| euid == 0 || self.euid_of(*pid) == euid).collect();
        if allowed.is_empty() {
            return Err(Errno::EPERM);
        }
        for target in allowed {
            if signal != 0 {
                self.psignal(target, Pending { number: signal, code: 0, band: 0 });
            }
        }
        Ok(())
    }

    /// fsetown: the owner that a descriptor's FIOSETOWN or TIOCSPGRP names; a group is negative.
    pub(crate) fn fsetown(&mut self, command: u64, id: Pid) -> Result<Pid> {
        if id == Pid::MIN {
            return Err(Errno::EINVAL);
        }
        let id = match u32::try_from(command) {
            Ok(kpi::TIOCSPGRP) if id < 0 => return Err(Errno::EINVAL),
            Ok(kpi::TIOCSPGRP) => -id,
            _ => id,
        };
        if id > 0 && !self.proc_find(id) {
            return Err(Errno::ESRCH);
        }
        // All processes are of one session, so any group that is there will do.
        if id < 0 && self.pgrp_members(-id).is_empty() {
            return Err(Errno::EINVAL);
        }
        Ok(id)
    }

    /// fownsignal: sends a signal to a descriptor's owner, if it has one.
    pub(crate) fn fownsignal(&mut self, owner: Pid, signal: Pending) {
        let targets = match owner {
            0 => Vec::new(),
            pid if pid > 0 => vec![pid],
            group => {
                kassert!(group != Pid::MIN, "fownsignal: no group {group}");
                self.pgrp_members(-group)
            }
        };
        for pid in targets {
            self.psignal(pid, signal);
        }
    }
}

unsafe extern "C" fn fownsignal(
    pgid: kpi::pid_t,
    signo: c_int,
    code: c_int,
    band: c_int,
    _fdescdata: *mut c_void,
) {
    kassert!(signo > 0 && signo != SIGKILL && signo != SIGSTOP, "fownsignal: signal {signo}");
    enter().fownsignal(pgid, Pending { number: signo, code, band: i64::from(band) });
}

unsafe extern "C" fn fsetown(
    pgid: *mut kpi::pid_t,
    cmd: kpi::u_long,
    data: *const c_void,
) -> c_int {
    // SAFETY: these commands' argument is an int.
    let id = unsafe { *data.cast::<c_int>() };
    // SAFETY: the caller's variable.
    let place = unsafe { &mut *pgid };
    to_int(enter().fsetown(cmd, id).map(|owner| *place = owner))
}

unsafe extern "C" fn fgetown(pgid: kpi::pid_t, cmd: kpi::u_long, data: *mut c_void) -> c_int {
    let group = cmd == kpi::u_long::from(kpi::TIOCGPGRP);
    // SAFETY: these commands' argument is an int.
    unsafe { *data.cast::<c_int>() = if group { -pgid } else { pgid } };
    0
}

exports!(fownsignal, fsetown, fgetown);
