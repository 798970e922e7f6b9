// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Structures of fstat(2), poll(2), kevent(2), modctl(2) and sysctl(3).

use crate::user::Plain;

/// struct stat.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Stat {
    /// st_dev.
    pub dev: u64,
    /// st_mode.
    pub mode: u32,
    hole: u32,
    /// st_ino.
    pub ino: u64,
    /// st_nlink.
    pub nlink: u32,
    /// st_uid.
    pub uid: u32,
    /// st_gid.
    pub gid: u32,
    hole2: u32,
    /// st_rdev.
    pub rdev: u64,
    /// st_atim.
    pub atime: [i64; 2],
    /// st_mtim.
    pub mtime: [i64; 2],
    /// st_ctim.
    pub ctime: [i64; 2],
    /// st_birthtim.
    pub birthtime: [i64; 2],
    /// st_size, st_blocks, st_blksize, st_flags, st_gen, st_spare.
    pub rest: [u32; 10],
}

/// struct pollfd.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PollFd {
    /// The descriptor.
    pub fd: i32,
    /// What is asked.
    pub events: i16,
    /// What is answered.
    pub revents: i16,
}

/// kevent(2)'s structure, neutral: 40 bytes in 10.1 and 72 in 11.0, so each system translates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kev {
    /// The descriptor.
    pub ident: usize,
    /// EVFILT_*.
    pub filter: u32,
    /// EV_*.
    pub flags: u32,
    /// NOTE_*.
    pub fflags: u32,
    /// The filter's value.
    pub data: i64,
    /// Handed back as given.
    pub udata: usize,
}

/// struct kevent of kevent(2) as of 10.1, system call 435.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Kevent50 {
    /// ident.
    pub ident: usize,
    /// filter.
    pub filter: u32,
    /// flags.
    pub flags: u32,
    /// fflags.
    pub fflags: u32,
    hole: u32,
    /// data.
    pub data: i64,
    /// udata.
    pub udata: usize,
}

/// struct kevent of kevent(2) as of 11.0, system call 501.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Kevent100 {
    /// What both have.
    pub head: Kevent50,
    /// ext.
    pub ext: [u64; 4],
}

impl From<Kev> for Kevent50 {
    fn from(k: Kev) -> Self {
        Self {
            ident: k.ident,
            filter: k.filter,
            flags: k.flags,
            fflags: k.fflags,
            hole: 0,
            data: k.data,
            udata: k.udata,
        }
    }
}

impl From<Kevent50> for Kevent100 {
    fn from(head: Kevent50) -> Self {
        Self { head, ext: [0; 4] }
    }
}

impl From<Kevent50> for Kev {
    fn from(k: Kevent50) -> Self {
        Self {
            ident: k.ident,
            filter: k.filter,
            flags: k.flags,
            fflags: k.fflags,
            data: k.data,
            udata: k.udata,
        }
    }
}

/// struct modstat.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct ModStat {
    /// ms_name.
    pub name: [u8; 32],
    /// ms_addr.
    pub addr: u64,
    /// ms_source.
    pub source: u32,
    /// ms_class.
    pub class: u32,
    /// ms_size.
    pub size: u32,
    /// ms_refcnt.
    pub refcnt: u32,
    /// ms_flags.
    pub flags: u32,
    /// ms_reqoffset.
    pub reqoffset: u32,
}

/// struct sysctlnode, as CTL_QUERY exchanges it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct SysctlNode {
    /// sysctl_flags.
    pub flags: u32,
    /// sysctl_num.
    pub num: i32,
    /// sysctl_name.
    pub name: [u8; 32],
    /// sysctl_ver.
    pub ver: u32,
    /// What a query does not need.
    pub rest: [u32; 13],
}
/// SYSCTL_VERS_1.
pub const SYSCTL_VERSION: u32 = 0x0100_0000;
/// Lists a node's children.
pub const CTL_QUERY: i32 = -2;
/// Top of the kernel's own tree.
pub const CTL_KERN: i32 = 1;
/// kern.mbuf.
pub const KERN_MBUF: i32 = 39;
/// kern.mbuf.stats.
pub const MBUF_STATS: i32 = 6;
/// kern.drivers.
pub const KERN_DRIVERS: i32 = 75;
/// kern.osrevision.
pub const KERN_OSREV: i32 = 3;

/// struct kinfo_drivers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct KinfoDriver {
    /// d_cmajor.
    pub cmajor: i32,
    /// d_bmajor.
    pub bmajor: i32,
    /// d_name.
    pub name: [u8; 24],
}

/// struct mbstat, as kern.mbuf.stats gives it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MbStat {
    /// Totals that no case needs.
    pub totals: [u64; 7],
    /// Mbufs in use, by type.
    pub types: [u16; 256],
}

layouts! {
    Stat = 152, PollFd = 8, Kevent50 = 40, Kevent100 = 72, ModStat = 64, SysctlNode = 96,
    KinfoDriver = 32, MbStat = 568,
}
