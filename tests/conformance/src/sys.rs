// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The system under test, at the level of NetBSD's system calls.
//!
//! Two things implement [`Sys`]: the user-space host of `tests/host`, and the init program of
//! `tests/vm/init`, which enters a real kernel. A case sees no difference. Numbers and layouts of
//! arguments are those of [`crate::abi`].

use core::ffi::CStr;

use crate::abi::{Kev, ModStat, PollFd};
use crate::errno::{Errno, Result};
use crate::user::{In, Out};

/// What a case may need and not every system has; it is reported as skipped where missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// bpf(4) through /dev/bpf.
    Bpf,
    /// An IPv4 stack behind the interface that answers ARP and ICMP echo.
    Inet,
    /// IPv6, with link-local addresses made when an interface comes up.
    Inet6,
    /// bridge(4).
    Bridge,
    /// vlan(4).
    Vlan,
    /// lagg(4).
    Lagg,
    /// carp(4).
    Carp,
    /// A second vether(4) interface, for the bridge.
    Vether,
    /// fork(2), kill(2), wait4(2).
    Process,
    /// seteuid(2), and a kernel that asks kauth(9).
    Privilege,
    /// revoke(2) on a node.
    Revoke,
    /// Counts of pfil(9), which only the host can take.
    Pfil,
    /// More than one CPU, or threads that truly run at once.
    Smp,
    /// The kernel's count of mbufs in use.
    MbufStat,
    /// Memberships of groups through sockets.
    Groups,
    /// UDP sockets.
    Udp,
    /// TCP sockets, and IP that fragments.
    Tcp,
    /// PF_ROUTE sockets, which tell of interfaces.
    Route,
    /// ktrace(2).
    Ktrace,
    /// drvctl(4).
    Drvctl,
    /// security.models.extensions.curtain.
    Curtain,
    /// NetBSD's own tap(4) as a module, and none built in.
    StockFile,
}

/// Signals of type SIGIO that arrived since last asked.
#[derive(Clone, Copy, Default, Debug)]
pub struct SigIo {
    /// How many.
    pub count: u32,
    /// si_code of the last one.
    pub code: i32,
    /// si_band of the last one.
    pub band: i64,
}

/// What [`Sys::drvctl`] asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drvctl {
    /// `drvctl -S`.
    Suspend,
    /// `drvctl -Q`.
    Resume,
    /// `drvctl -d`.
    Detach,
}

/// Hook runs of pfil(9) on one interface.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct PfilCount {
    /// PFIL_IN.
    pub input: u64,
    /// PFIL_OUT.
    pub output: u64,
}

/// A kernel, as cases and their threads are given it.
pub type System = &'static dyn Sys;

/// A kernel, seen from a process in it. Every method is one system call unless it says otherwise.
pub trait Sys: Sync {
    /// open(2); `flags` are NetBSD's ([`crate::abi::O_RDWR`] …).
    fn open(&self, path: &CStr, flags: i32) -> Result<i32>;
    /// close(2).
    fn close(&self, fd: i32) -> Result<()>;
    /// read(2); returns the bytes read, 0 being end of file.
    fn read(&self, fd: i32, buf: Out<'_>) -> Result<usize>;
    /// write(2); a zero-length span is passed on as it is.
    fn write(&self, fd: i32, buf: In<'_>) -> Result<usize>;
    /// readv(2).
    fn readv(&self, fd: i32, bufs: &mut [Out<'_>]) -> Result<usize>;
    /// writev(2).
    fn writev(&self, fd: i32, bufs: &[In<'_>]) -> Result<usize>;
    /// fcntl(2) with an integer argument; returns its value.
    fn fcntl(&self, fd: i32, cmd: i32, arg: usize) -> Result<i32>;
    /// fstat(2) into a [`crate::abi::Stat`].
    fn fstat(&self, fd: i32, st: Out<'_>) -> Result<()>;
    /// ioctl(2). Only `arg.addr` reaches the kernel: the length that counts is the command's.
    fn ioctl(&self, fd: i32, cmd: u64, arg: Out<'_>) -> Result<i32>;
    /// poll(2); `timeout_ms` -1 waits for ever, 0 does not wait.
    fn poll(&self, fds: &mut [PollFd], timeout_ms: i32) -> Result<usize>;
    /// select(2) for reading on one descriptor: whether it became readable in time.
    fn select_read(&self, fd: i32, timeout_ms: i32) -> Result<bool>;
    /// kqueue(2).
    fn kqueue(&self) -> Result<i32>;
    /// kevent(2), whichever version of it the kernel has; the structure here is neutral.
    /// `timeout_ms` -1 waits for ever.
    fn kevent(
        &self,
        kq: i32,
        changes: &[Kev],
        events: &mut [Kev],
        timeout_ms: i32,
    ) -> Result<usize>;
    /// socket(2).
    fn socket(&self, domain: i32, kind: i32, protocol: i32) -> Result<i32>;
    /// setsockopt(2) ([`Need::Groups`], [`Need::Tcp`]).
    fn setsockopt(&self, fd: i32, level: i32, name: i32, value: In<'_>) -> Result<()>;
    /// connect(2) to a struct sockaddr_in or sockaddr_in6 ([`Need::Udp`], [`Need::Tcp`]).
    fn connect(&self, fd: i32, address: In<'_>) -> Result<()>;
    /// bind(2) to such an address.
    fn bind(&self, fd: i32, address: In<'_>) -> Result<()>;
    /// listen(2) ([`Need::Tcp`]).
    fn listen(&self, _fd: i32) -> Result<()> {
        Err(Errno::ENOSYS)
    }
    /// accept(2), whoever it is ([`Need::Tcp`]).
    fn accept(&self, _fd: i32) -> Result<i32> {
        Err(Errno::ENOSYS)
    }
    /// socketpair(2) of AF_LOCAL.
    fn socketpair(&self) -> Result<[i32; 2]>;
    /// sendmsg(2) of one byte, with a descriptor as SCM_RIGHTS.
    fn send_fd(&self, socket: i32, fd: i32) -> Result<()>;
    /// recvmsg(2) of what [`Sys::send_fd`] sent: the new descriptor.
    fn receive_fd(&self, socket: i32) -> Result<i32>;
    /// sysctl(3) by MIB: reads into `old` (Out::none() to read nothing) and writes `new` (In::none()
    /// to write nothing). Returns the length the kernel reported.
    fn sysctl(&self, mib: &[i32], old: Out<'_>, new: In<'_>) -> Result<usize>;
    /// modctl(2), load, by path.
    fn modload(&self, path: &CStr) -> Result<()>;
    /// modctl(2), unload, by name.
    fn modunload(&self, name: &CStr) -> Result<()>;
    /// modctl(2), stat, of one module; ENOENT when it is not there.
    fn modstat(&self, name: &CStr) -> Result<ModStat>;
    /// mknod(2).
    fn mknod(&self, path: &CStr, mode: u32, dev: u64) -> Result<()>;
    /// chown(2), to a user and his group of the same number.
    fn chown(&self, path: &CStr, id: u32) -> Result<()>;
    /// unlink(2).
    fn unlink(&self, path: &CStr) -> Result<()>;
    /// revoke(2).
    fn revoke(&self, path: &CStr) -> Result<()>;
    /// dup2(2).
    fn dup2(&self, from: i32, to: i32) -> Result<i32>;
    /// getpid(2).
    fn getpid(&self) -> i32;
    /// seteuid(2), for the whole process.
    fn seteuid(&self, uid: u32) -> Result<()>;
    /// setuid(2), of the superuser, who is somebody else from then on: for children.
    fn setuid(&self, uid: u32) -> Result<()>;
    /// setrlimit(2) of RLIMIT_NOFILE; returns the limit so far.
    fn limit_open_files(&self, limit: u32) -> Result<u32>;
    /// fktrace(2) ([`Need::Ktrace`]).
    fn fktrace(&self, fd: i32, ops: i32, facs: i32, pid: i32) -> Result<()>;
    /// What drvctl(8) asks of a device by its name ([`Need::Drvctl`]).
    fn drvctl(&self, what: Drvctl, device: &str) -> Result<()>;
    /// modctl(2), load, of NetBSD's own tap(4), which is unloaded at once if it did load
    /// ([`Need::StockFile`]).
    fn try_stock(&self) -> Result<()>;

    /// sigaction(2): from now on count SIGIO instead of dying of it; forgets what was counted.
    /// `restart` is SA_RESTART: a call that the signal cuts short is made again.
    fn sigio_watch(&self, restart: bool) -> Result<()>;
    /// What was counted since the last call; resets.
    fn sigio_take(&self) -> SigIo;

    /// Runs `f(sys, arg)` on another thread of this process, which shares descriptors and memory.
    /// At most [`MAX_THREADS`] at once.
    fn spawn(&self, f: fn(System, usize) -> i64, arg: usize) -> Result<usize>;
    /// What the thread returned, once it did; frees its slot. Never waits.
    fn joined(&self, thread: usize) -> Option<i64>;

    /// Runs `f(sys, arg)` in a child process with memory of its own ([`Need::Process`]).
    fn fork(&self, f: fn(System, usize) -> i32, arg: usize) -> Result<i32>;
    /// kill(2) ([`Need::Process`]).
    fn kill(&self, pid: i32, signal: i32) -> Result<()>;
    /// wait4(2) without waiting: the exit status (or 256 + signal) of a child that ended.
    fn reap(&self, pid: i32) -> Result<Option<i32>>;

    /// Gives other threads `ms` milliseconds to run.
    fn sleep_ms(&self, ms: u32);
    /// A monotonic clock in milliseconds, for hang guards only.
    fn now_ms(&self) -> u64;
    /// An address with 8192 mapped, writable bytes before it and none mapped at it.
    fn edge(&self) -> usize;
    /// One line of report; no newline at its end.
    fn line(&self, text: &str);
    /// Whether a case may rely on this.
    fn has(&self, need: Need) -> bool;

    /// How many times the usual number of rounds a case makes that has nothing but rounds to offer:
    /// more where system calls are cheap.
    fn effort(&self) -> u32 {
        1
    }

    /// Hook runs on an interface so far ([`Need::Pfil`]).
    fn pfil(&self, _ifname: &str) -> Option<PfilCount> {
        None
    }
}

/// What takes several system calls.
impl dyn Sys {
    /// sysctl(3) by name, through CTL_QUERY as the C library does it.
    pub fn sysctl_mib(&self, name: &str, mib: &mut [i32; 12]) -> Result<usize> {
        crate::sysctl_name::resolve(self, name, mib)
    }

    /// Reads a node by name; how many bytes it has.
    pub fn sysctl_get(&self, name: &str, old: Out<'_>) -> Result<usize> {
        let mut mib = [0; 12];
        let depth = self.sysctl_mib(name, &mut mib)?;
        self.sysctl(&mib[..depth], old, In::none())
    }

    /// Writes a node by name.
    pub fn sysctl_set(&self, name: &str, new: In<'_>) -> Result<()> {
        let mut mib = [0; 12];
        let depth = self.sysctl_mib(name, &mut mib)?;
        self.sysctl(&mib[..depth], Out::none(), new).map(drop)
    }

    /// The major number of a character device by driver name, from kern.drivers.
    pub fn major(&self, driver: &str) -> Result<u32> {
        crate::sysctl_name::major(self, driver)
    }

    /// How many mbufs the kernel counts as in use ([`Need::MbufStat`]).
    pub fn mbufs(&self) -> Result<u64> {
        crate::sysctl_name::mbufs(self)
    }
}

/// How many threads of [`Sys::spawn`] may run at once.
pub const MAX_THREADS: usize = 16;

/// How a thread or child says what its system call returned: the value, or minus the errno.
#[must_use]
pub fn encode(result: Result<usize>) -> i64 {
    match result {
        Ok(value) => value as i64,
        Err(Errno(number)) => -i64::from(number),
    }
}

/// The inverse of [`encode`].
pub fn decode(value: i64) -> Result<usize> {
    if value < 0 {
        Err(Errno((-value) as i32))
    } else {
        Ok(value as usize)
    }
}
