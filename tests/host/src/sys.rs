// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's system calls, as the conformance cases ask for them.

use std::ffi::CStr;
use std::sync::Mutex;

use litemap::LiteMap;
use tap_conformance::abi::{Kev, ModStat, PollFd};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::{Drvctl, Need, PfilCount, SigIo, Sys, System};
use tap_conformance::user::{In, Out};

use crate::kern::{module, sysctl};
use crate::sched::{me, spawn, Tid, HZ};
use crate::world::enter;
use crate::{edge, kern, stack, syscall};

struct Host;

/// The host. A call is one of the process that the calling thread belongs to.
pub const HOST: System = &Host;

/// What threads returned that nobody has asked yet.
static RETURNED: Mutex<LiteMap<Tid, i64>> = Mutex::new(LiteMap::new());

fn returned() -> std::sync::MutexGuard<'static, LiteMap<Tid, i64>> {
    RETURNED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Lines of report that are kept instead of printed.
static CAPTURED: Mutex<Option<Vec<String>>> = Mutex::new(None);

fn captured() -> std::sync::MutexGuard<'static, Option<Vec<String>>> {
    CAPTURED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `f`, and returns the lines of report that it made instead of printing them.
pub fn capture<R>(f: impl FnOnce() -> R) -> (R, Vec<String>) {
    *captured() = Some(Vec::new());
    let result = f();
    (result, captured().take().unwrap_or_default())
}

fn spans(spans: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    spans.collect()
}

impl Sys for Host {
    fn open(&self, path: &CStr, flags: i32) -> Result<i32> {
        syscall::open(&mut enter(), path, flags)
    }

    fn close(&self, fd: i32) -> Result<()> {
        syscall::close(&mut enter(), fd)
    }

    fn read(&self, fd: i32, buf: Out<'_>) -> Result<usize> {
        syscall::read(&mut enter(), fd, &[(buf.addr, buf.len)])
    }

    fn write(&self, fd: i32, buf: In<'_>) -> Result<usize> {
        syscall::write(&mut enter(), fd, &[(buf.addr, buf.len)])
    }

    fn readv(&self, fd: i32, bufs: &mut [Out<'_>]) -> Result<usize> {
        let spans = spans(bufs.iter().map(|buf| (buf.addr, buf.len)));
        syscall::read(&mut enter(), fd, &spans)
    }

    fn writev(&self, fd: i32, bufs: &[In<'_>]) -> Result<usize> {
        let spans = spans(bufs.iter().map(|buf| (buf.addr, buf.len)));
        syscall::write(&mut enter(), fd, &spans)
    }

    fn fcntl(&self, fd: i32, cmd: i32, arg: usize) -> Result<i32> {
        syscall::fcntl(&mut enter(), fd, cmd, arg)
    }

    fn fstat(&self, fd: i32, st: Out<'_>) -> Result<()> {
        syscall::fstat(&mut enter(), fd, st.addr)
    }

    fn ioctl(&self, fd: i32, cmd: u64, arg: Out<'_>) -> Result<i32> {
        syscall::ioctl(&mut enter(), fd, cmd, arg.addr)
    }

    fn poll(&self, fds: &mut [PollFd], timeout_ms: i32) -> Result<usize> {
        syscall::poll(&mut enter(), fds, timeout_ms)
    }

    fn select_read(&self, fd: i32, timeout_ms: i32) -> Result<bool> {
        syscall::select_read(&mut enter(), fd, timeout_ms)
    }

    fn kqueue(&self) -> Result<i32> {
        syscall::kqueue(&mut enter())
    }

    fn kevent(
        &self,
        kq: i32,
        changes: &[Kev],
        events: &mut [Kev],
        timeout_ms: i32,
    ) -> Result<usize> {
        syscall::kevent(&mut enter(), kq, changes, events, timeout_ms)
    }

    fn socket(&self, domain: i32, kind: i32, protocol: i32) -> Result<i32> {
        syscall::socket(&mut enter(), domain, kind, protocol)
    }

    fn setsockopt(&self, _fd: i32, _level: i32, _name: i32, _value: In<'_>) -> Result<()> {
        Err(Errno::ENOSYS)
    }

    fn bind(&self, fd: i32, address: In<'_>) -> Result<()> {
        syscall::bind(&mut enter(), fd, (address.addr, address.len))
    }

    fn connect(&self, fd: i32, address: In<'_>) -> Result<()> {
        syscall::connect(&mut enter(), fd, (address.addr, address.len))
    }

    fn socketpair(&self) -> Result<[i32; 2]> {
        syscall::socketpair(&mut enter())
    }

    fn send_fd(&self, socket: i32, fd: i32) -> Result<()> {
        syscall::send_fd(&mut enter(), socket, fd)
    }

    fn receive_fd(&self, socket: i32) -> Result<i32> {
        syscall::receive_fd(&mut enter(), socket)
    }

    fn sysctl(&self, mib: &[i32], old: Out<'_>, new: In<'_>) -> Result<usize> {
        sysctl::sysctl(&mut enter(), mib, (old.addr, old.len), (new.addr, new.len))
    }

    fn modload(&self, path: &CStr) -> Result<()> {
        module::modload(&mut enter(), path, 0)
    }

    fn modunload(&self, name: &CStr) -> Result<()> {
        module::modunload(&mut enter(), name)
    }

    fn modstat(&self, name: &CStr) -> Result<ModStat> {
        module::modstat(&mut enter(), name)
    }

    fn mknod(&self, path: &CStr, mode: u32, dev: u64) -> Result<()> {
        syscall::mknod(&mut enter(), path, mode, dev)
    }

    fn chown(&self, path: &CStr, id: u32) -> Result<()> {
        syscall::chown(&mut enter(), path, id)
    }

    fn unlink(&self, path: &CStr) -> Result<()> {
        syscall::unlink(&mut enter(), path)
    }

    fn revoke(&self, path: &CStr) -> Result<()> {
        syscall::revoke(&mut enter(), path)
    }

    fn dup2(&self, from: i32, to: i32) -> Result<i32> {
        syscall::dup2(&mut enter(), from, to)
    }

    fn getpid(&self) -> i32 {
        enter().current_pid()
    }

    fn seteuid(&self, uid: u32) -> Result<()> {
        syscall::seteuid(&mut enter(), uid)
    }

    fn setuid(&self, uid: u32) -> Result<()> {
        // A process has no other user here than the effective one.
        syscall::seteuid(&mut enter(), uid)
    }

    fn limit_open_files(&self, limit: u32) -> Result<u32> {
        syscall::limit_open_files(&mut enter(), limit)
    }

    fn fktrace(&self, _fd: i32, _ops: i32, _facs: i32, _pid: i32) -> Result<()> {
        Err(Errno::ENOSYS)
    }

    fn drvctl(&self, what: Drvctl, device: &str) -> Result<()> {
        match what {
            Drvctl::Suspend | Drvctl::Resume => enter().drvctl_power(device),
            Drvctl::Detach => enter().drvctl_detach(device),
        }
    }

    fn try_stock(&self) -> Result<()> {
        enter().try_stock_module()
    }

    fn sigio_watch(&self, restart: bool) -> Result<()> {
        syscall::sigio_watch(&mut enter(), restart)
    }

    fn sigio_take(&self) -> SigIo {
        syscall::sigio_take(&mut enter())
    }

    fn spawn(&self, f: fn(System, usize) -> i64, arg: usize) -> Result<usize> {
        let mut world = enter();
        let pid = world.current_pid();
        let tid = spawn(&mut world, pid, "case thread", move || {
            let value = f(HOST, arg);
            returned().insert(me(), value);
        });
        Ok(tid as usize)
    }

    fn joined(&self, thread: usize) -> Option<i64> {
        if !enter().has_ended(thread as Tid) {
            return None;
        }
        // A thread of a killed process ended without a value.
        Some(returned().remove(&(thread as Tid)).unwrap_or(-i64::from(Errno::EINTR.0)))
    }

    fn fork(&self, f: fn(System, usize) -> i32, arg: usize) -> Result<i32> {
        syscall::fork(&mut enter(), move || f(HOST, arg))
    }

    fn kill(&self, pid: i32, signal: i32) -> Result<()> {
        syscall::kill(&mut enter(), pid, signal)
    }

    fn reap(&self, pid: i32) -> Result<Option<i32>> {
        syscall::reap(&mut enter(), pid)
    }

    fn sleep_ms(&self, ms: u32) {
        // Cut short by a signal, it has done its work.
        syscall::sleep_ms(&mut enter(), ms).unwrap_or(());
    }

    fn now_ms(&self) -> u64 {
        enter().ticks() * 1000 / u64::from(HZ)
    }

    fn edge(&self) -> usize {
        edge::address()
    }

    fn line(&self, text: &str) {
        match &mut *captured() {
            Some(lines) => lines.push(text.into()),
            None => println!("{text}"),
        }
    }

    fn has(&self, need: Need) -> bool {
        match need {
            Need::Bpf
            | Need::Inet
            | Need::Inet6
            | Need::Udp
            | Need::Process
            | Need::Privilege
            | Need::Revoke
            | Need::Pfil
            | Need::MbufStat
            | Need::Drvctl
            | Need::Curtain
            | Need::StockFile => true,
            // What the host does not play: in a kernel these cases run.
            Need::Groups | Need::Route | Need::Ktrace | Need::Tcp | Need::Lagg | Need::Carp => {
                false
            }
            // In the seeded mode one thread runs at a time.
            Need::Smp => !enter().is_seeded(),
            Need::Bridge | Need::Vlan | Need::Vether => stack::has(need),
        }
    }

    fn effort(&self) -> u32 {
        10
    }

    fn pfil(&self, ifname: &str) -> Option<PfilCount> {
        kern::net::pfil::count(&enter(), ifname)
    }
}
