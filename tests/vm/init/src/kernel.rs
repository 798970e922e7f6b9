// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The real kernel, as the cases ask it.

use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use tap_conformance::abi::{Kev, ModStat, PollFd, CTL_KERN, KERN_OSREV};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::{Drvctl, Need, SigIo, Sys, System};
use tap_conformance::text::Text;
use tap_conformance::user::{In, Out};

use crate::raw::{self, call, call4, call6, nr};
use crate::{drvctl, kevent, modctl, rights, signal, thread};

struct Kernel;

/// The kernel that this program runs in.
pub const KERNEL: System = &Kernel;

/// What the kernel was found to have, a bit for each [`Need`].
static HAS: AtomicU32 = AtomicU32::new(0);
/// The end of the mapping that [`Sys::edge`] gives out.
static EDGE: AtomicUsize = AtomicUsize::new(0);
/// kern.osrevision.
static REVISION: AtomicU32 = AtomicU32::new(0);

const PAGE: usize = 4096;
/// Most buffers of one readv(2) or writev(2).
const MOST_BUFFERS: usize = 16;

/// Says that the kernel has something.
pub fn grant(need: Need) {
    HAS.fetch_or(1 << need as u32, Ordering::Relaxed);
}

/// Asks what must be known before anything else.
pub fn prepare() -> Result<()> {
    let mut revision: u32 = 0;
    KERNEL.sysctl(&[CTL_KERN, KERN_OSREV], Out::value(&mut revision), In::none())?;
    REVISION.store(revision, Ordering::Relaxed);
    // PROT_READ|PROT_WRITE, MAP_ANON|MAP_PRIVATE; three pages, and the last one away again.
    // The offset, a seventh argument, is whatever lies in its place: only its part of a page shows.
    let start = call6(nr::MMAP, [0, 3 * PAGE, 3, 0x1002, usize::MAX, 0])? & !(PAGE - 1);
    let edge = start + 2 * PAGE;
    call(nr::MUNMAP, edge, PAGE, 0)?;
    EDGE.store(edge, Ordering::Relaxed);
    Ok(())
}

/// kern.osrevision, __NetBSD_Version__.
pub fn revision() -> u32 {
    REVISION.load(Ordering::Relaxed)
}

fn path(p: &CStr) -> usize {
    p.as_ptr() as usize
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
/// struct iovec.
pub struct IoVec {
    pub base: usize,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Time {
    seconds: i64,
    fraction: i64,
}

impl Time {
    fn of_ms(ms: u64, per_ms: i64) -> Self {
        Self { seconds: (ms / 1000) as i64, fraction: (ms % 1000) as i64 * per_ms }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(self) as usize
    }
}

/// NetBSD's own tap(4) as a module, where the image has it.
pub const STOCK_FILE: &CStr = c"/beside.kmod";
/// How many bytes of a terminal's output are still to be sent.
const TIOCOUTQ: u64 = 0x4004_7473;
impl Sys for Kernel {
    fn open(&self, p: &CStr, flags: i32) -> Result<i32> {
        call(nr::OPEN, path(p), flags as usize, 0).map(|fd| fd as i32)
    }

    fn close(&self, fd: i32) -> Result<()> {
        call(nr::CLOSE, fd as usize, 0, 0).map(drop)
    }

    fn read(&self, fd: i32, buf: Out<'_>) -> Result<usize> {
        call(nr::READ, fd as usize, buf.addr, buf.len)
    }

    fn write(&self, fd: i32, buf: In<'_>) -> Result<usize> {
        call(nr::WRITE, fd as usize, buf.addr, buf.len)
    }

    fn readv(&self, fd: i32, bufs: &mut [Out<'_>]) -> Result<usize> {
        let mut list = [IoVec::default(); MOST_BUFFERS];
        for (slot, buf) in list.iter_mut().zip(bufs.iter()) {
            *slot = IoVec { base: buf.addr, len: buf.len };
        }
        call(nr::READV, fd as usize, list.as_ptr() as usize, bufs.len().min(MOST_BUFFERS))
    }

    fn writev(&self, fd: i32, bufs: &[In<'_>]) -> Result<usize> {
        let mut list = [IoVec::default(); MOST_BUFFERS];
        for (slot, buf) in list.iter_mut().zip(bufs.iter()) {
            *slot = IoVec { base: buf.addr, len: buf.len };
        }
        call(nr::WRITEV, fd as usize, list.as_ptr() as usize, bufs.len().min(MOST_BUFFERS))
    }

    fn fcntl(&self, fd: i32, cmd: i32, arg: usize) -> Result<i32> {
        call(nr::FCNTL, fd as usize, cmd as usize, arg).map(|v| v as i32)
    }

    fn fstat(&self, fd: i32, st: Out<'_>) -> Result<()> {
        call(nr::FSTAT50, fd as usize, st.addr, 0).map(drop)
    }

    fn ioctl(&self, fd: i32, cmd: u64, arg: Out<'_>) -> Result<i32> {
        call(nr::IOCTL, fd as usize, cmd as usize, arg.addr).map(|v| v as i32)
    }

    fn poll(&self, fds: &mut [PollFd], timeout_ms: i32) -> Result<usize> {
        call(nr::POLL, fds.as_mut_ptr() as usize, fds.len(), timeout_ms as usize)
    }

    fn select_read(&self, fd: i32, timeout_ms: i32) -> Result<bool> {
        let mut set = [0_u32; 8];
        let (word, bit) = (fd as usize / 32, fd as u32 % 32);
        *set.get_mut(word).ok_or(Errno::EINVAL)? |= 1 << bit;
        let time = Time::of_ms(u64::from(timeout_ms.unsigned_abs()), 1000);
        let args = [fd as usize + 1, set.as_mut_ptr() as usize, 0, 0, time.address(), 0];
        call6(nr::SELECT50, args).map(|n| n > 0)
    }

    fn kqueue(&self) -> Result<i32> {
        call(nr::KQUEUE, 0, 0, 0).map(|fd| fd as i32)
    }

    fn kevent(
        &self,
        kq: i32,
        changes: &[Kev],
        events: &mut [Kev],
        timeout_ms: i32,
    ) -> Result<usize> {
        let time = Time::of_ms(u64::from(timeout_ms.max(0) as u32), 1_000_000);
        let timeout = if timeout_ms < 0 { 0 } else { time.address() };
        kevent::kevent(kq, changes, events, timeout)
    }

    fn socket(&self, domain: i32, kind: i32, protocol: i32) -> Result<i32> {
        call(nr::SOCKET30, domain as usize, kind as usize, protocol as usize).map(|fd| fd as i32)
    }

    fn setsockopt(&self, fd: i32, level: i32, name: i32, value: In<'_>) -> Result<()> {
        let args = [fd as usize, level as usize, name as usize, value.addr, value.len, 0];
        call6(nr::SETSOCKOPT, args).map(drop)
    }

    fn connect(&self, fd: i32, address: In<'_>) -> Result<()> {
        call(nr::CONNECT, fd as usize, address.addr, address.len).map(drop)
    }

    fn bind(&self, fd: i32, address: In<'_>) -> Result<()> {
        call(nr::BIND, fd as usize, address.addr, address.len).map(drop)
    }

    fn listen(&self, fd: i32) -> Result<()> {
        call(nr::LISTEN, fd as usize, 5, 0).map(drop)
    }

    fn accept(&self, fd: i32) -> Result<i32> {
        call(nr::ACCEPT, fd as usize, 0, 0).map(|fd| fd as i32)
    }

    fn socketpair(&self) -> Result<[i32; 2]> {
        rights::pair()
    }

    fn send_fd(&self, socket: i32, fd: i32) -> Result<()> {
        rights::send(socket, fd)
    }

    fn receive_fd(&self, socket: i32) -> Result<i32> {
        rights::receive(socket)
    }

    fn sysctl(&self, mib: &[i32], old: Out<'_>, new: In<'_>) -> Result<usize> {
        let mut length = old.len;
        let args = [
            mib.as_ptr() as usize,
            mib.len(),
            old.addr,
            core::ptr::from_mut(&mut length) as usize,
            new.addr,
            new.len,
        ];
        call6(nr::SYSCTL, args).map(|_| length)
    }

    fn modload(&self, p: &CStr) -> Result<()> {
        modctl::load(path(p))
    }

    fn modunload(&self, name: &CStr) -> Result<()> {
        modctl::unload(path(name))
    }

    fn modstat(&self, name: &CStr) -> Result<ModStat> {
        modctl::stat(name)
    }

    fn mknod(&self, p: &CStr, mode: u32, dev: u64) -> Result<()> {
        call(nr::MKNOD50, path(p), mode as usize, dev as usize).map(drop)
    }

    fn chown(&self, p: &CStr, id: u32) -> Result<()> {
        call(nr::CHOWN, path(p), id as usize, id as usize).map(drop)
    }

    fn unlink(&self, p: &CStr) -> Result<()> {
        call(nr::UNLINK, path(p), 0, 0).map(drop)
    }

    fn revoke(&self, p: &CStr) -> Result<()> {
        call(nr::REVOKE, path(p), 0, 0).map(drop)
    }

    fn dup2(&self, from: i32, to: i32) -> Result<i32> {
        call(nr::DUP2, from as usize, to as usize, 0).map(|fd| fd as i32)
    }

    fn getpid(&self) -> i32 {
        call(nr::GETPID, 0, 0, 0).map_or(-1, |pid| pid as i32)
    }

    fn seteuid(&self, uid: u32) -> Result<()> {
        call(nr::SETEUID, uid as usize, 0, 0).map(drop)
    }

    fn setuid(&self, uid: u32) -> Result<()> {
        call(nr::SETUID, uid as usize, 0, 0).map(drop)
    }

    fn limit_open_files(&self, limit: u32) -> Result<u32> {
        const RLIMIT_NOFILE: usize = 8;
        // struct rlimit: the limit now, and the most that it may become.
        let mut limits = [0_u64; 2];
        let address = limits.as_mut_ptr() as usize;
        call(nr::GETRLIMIT, RLIMIT_NOFILE, address, 0)?;
        let old = core::mem::replace(&mut limits[0], u64::from(limit));
        call(nr::SETRLIMIT, RLIMIT_NOFILE, address, 0)?;
        Ok(old as u32)
    }

    fn fktrace(&self, fd: i32, ops: i32, facs: i32, pid: i32) -> Result<()> {
        let (fd, pid) = (fd as usize, pid as usize);
        call4(nr::FKTRACE, fd, ops as usize, facs as usize, pid).map(drop)
    }

    fn drvctl(&self, what: Drvctl, device: &str) -> Result<()> {
        drvctl::ask(what, device)
    }

    fn try_stock(&self) -> Result<()> {
        self.modload(STOCK_FILE)?;
        self.modunload(c"if_tap")
    }

    fn sigio_watch(&self, restart: bool) -> Result<()> {
        signal::watch(restart)
    }

    fn sigio_take(&self) -> SigIo {
        signal::take()
    }

    fn spawn(&self, f: fn(System, usize) -> i64, arg: usize) -> Result<usize> {
        thread::spawn(f, arg)
    }

    fn joined(&self, slot: usize) -> Option<i64> {
        thread::joined(slot)
    }

    fn fork(&self, f: fn(System, usize) -> i32, arg: usize) -> Result<i32> {
        match raw::fork()? {
            Some(pid) => Ok(pid as i32),
            None => raw::exit(f(KERNEL, arg) as usize),
        }
    }

    fn kill(&self, pid: i32, signal: i32) -> Result<()> {
        call(nr::KILL, pid as usize, signal as usize, 0).map(drop)
    }

    fn reap(&self, pid: i32) -> Result<Option<i32>> {
        const WNOHANG: usize = 1;
        let mut status: i32 = 0;
        let address = core::ptr::from_mut(&mut status) as usize;
        let found = call4(nr::WAIT450, pid as usize, address, WNOHANG, 0)?;
        let signal = status & 0x7f;
        let value = if signal != 0 { 256 + signal } else { (status >> 8) & 0xff };
        Ok((found != 0).then_some(value))
    }

    fn sleep_ms(&self, ms: u32) {
        let time = Time::of_ms(u64::from(ms), 1_000_000);
        // Cut short by a signal, it has done its work.
        call(nr::NANOSLEEP50, time.address(), 0, 0).unwrap_or(0);
    }

    fn now_ms(&self) -> u64 {
        const CLOCK_MONOTONIC: usize = 3;
        let mut time = Time::default();
        let address = core::ptr::from_mut(&mut time) as usize;
        call(nr::CLOCK_GETTIME50, CLOCK_MONOTONIC, address, 0).unwrap_or(0);
        time.seconds as u64 * 1000 + time.fraction as u64 / 1_000_000
    }

    fn edge(&self) -> usize {
        EDGE.load(Ordering::Relaxed)
    }

    fn line(&self, text: &str) {
        let line: Text<512> = Text::of(format_args!("@@ {text}\n"));
        self.write(1, In::bytes(line.as_str().as_bytes())).unwrap_or(0);
        // The terminal sends at its leisure, the kernel's own messages at once: wait for the last
        // byte, lest one be cut in two by the other. Not for ever: TIOCDRAIN was seen to hang.
        for _ in 0..50 {
            let mut waiting: i32 = 0;
            let asked = self.ioctl(1, TIOCOUTQ, Out::value(&mut waiting));
            if asked.is_err() || waiting == 0 {
                break;
            }
            self.sleep_ms(1);
        }
    }

    fn has(&self, need: Need) -> bool {
        HAS.load(Ordering::Relaxed) & (1 << need as u32) != 0
    }
}
