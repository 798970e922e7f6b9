// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The gate into the kernel: NetBSD's numbers for what it can be asked, the same on all processors.

use tap_conformance::errno::Result;

use crate::arch::enter;

/// Numbers of sys/syscall.h.
pub mod nr {
    pub const FORK: usize = 2;
    pub const READ: usize = 3;
    pub const WRITE: usize = 4;
    pub const OPEN: usize = 5;
    pub const CLOSE: usize = 6;
    pub const UNLINK: usize = 10;
    pub const CHOWN: usize = 16;
    pub const GETPID: usize = 20;
    pub const SETUID: usize = 23;
    pub const RECVMSG: usize = 27;
    pub const SENDMSG: usize = 28;
    pub const ACCEPT: usize = 30;
    pub const SYNC: usize = 36;
    pub const KILL: usize = 37;
    pub const IOCTL: usize = 54;
    pub const REVOKE: usize = 56;
    pub const MUNMAP: usize = 73;
    pub const DUP2: usize = 90;
    pub const FCNTL: usize = 92;
    pub const CONNECT: usize = 98;
    pub const BIND: usize = 104;
    pub const SETSOCKOPT: usize = 105;
    pub const LISTEN: usize = 106;
    pub const READV: usize = 120;
    pub const WRITEV: usize = 121;
    pub const SOCKETPAIR: usize = 135;
    pub const SETEUID: usize = 183;
    pub const GETRLIMIT: usize = 194;
    pub const SETRLIMIT: usize = 195;
    pub const MMAP: usize = 197;
    pub const SYSCTL: usize = 202;
    pub const REBOOT: usize = 208;
    pub const POLL: usize = 209;
    pub const MODCTL: usize = 246;
    pub const FKTRACE: usize = 288;
    pub const GETCONTEXT: usize = 307;
    pub const LWP_CREATE: usize = 309;
    pub const SIGACTION_SIGTRAMP: usize = 340;
    pub const KQUEUE: usize = 344;
    pub const SOCKET30: usize = 394;
    pub const MOUNT50: usize = 410;
    pub const SELECT50: usize = 417;
    pub const CLOCK_GETTIME50: usize = 427;
    pub const NANOSLEEP50: usize = 430;
    pub const KEVENT50: usize = 435;
    pub const FSTAT50: usize = 440;
    pub const WAIT450: usize = 449;
    pub const MKNOD50: usize = 450;
    pub const KEVENT100: usize = 501;
    /// exit(2).
    pub const EXIT: usize = 1;
}

/// A system call with six arguments.
pub fn call6(number: usize, args: [usize; 6]) -> Result<usize> {
    enter(number, args).map(|(value, _)| value)
}

/// A system call with up to three arguments.
pub fn call(number: usize, a: usize, b: usize, c: usize) -> Result<usize> {
    call6(number, [a, b, c, 0, 0, 0])
}

/// A system call with four arguments.
pub fn call4(number: usize, a: usize, b: usize, c: usize, d: usize) -> Result<usize> {
    call6(number, [a, b, c, d, 0, 0])
}

/// fork(2): whether this is the child, else its number.
pub fn fork() -> Result<Option<usize>> {
    let (pid, is_child) = enter(nr::FORK, [0; 6])?;
    Ok(if is_child & 1 == 1 || pid == 0 { None } else { Some(pid) })
}

/// exit(2).
pub fn exit(status: usize) -> ! {
    loop {
        call(nr::EXIT, status, 0, 0).unwrap_or(0);
    }
}
