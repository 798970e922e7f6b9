// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Structures that system calls exchange, their sizes asserted against the kernel's.

use super::IFNAMSIZ;
use crate::user::Plain;

/// struct ifreq: a name and a union.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct IfReq {
    /// ifr_name.
    pub name: [u8; IFNAMSIZ],
    /// ifr_ifru.
    pub data: [u8; 128],
}

/// struct ifaliasreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfAliasReq {
    /// ifra_name.
    pub name: [u8; IFNAMSIZ],
    /// ifra_addr, a struct sockaddr.
    pub addr: [u8; 16],
    /// ifra_dstaddr.
    pub dst: [u8; 16],
    /// ifra_mask.
    pub mask: [u8; 16],
}

/// struct in6_aliasreq.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct In6AliasReq {
    /// ifra_name.
    pub name: [u8; IFNAMSIZ],
    /// ifra_addr, a struct sockaddr_in6.
    pub addr: [u8; 28],
    /// ifra_dstaddr.
    pub dst: [u8; 28],
    /// ifra_prefixmask.
    pub mask: [u8; 28],
    /// ifra_flags.
    pub flags: i32,
    /// ifra_lifetime: two times, two 32-bit lifetimes.
    pub lifetime: [u32; 6],
}

/// struct if_laddrreq.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct IfLaddrReq {
    /// iflr_name.
    pub name: [u8; IFNAMSIZ],
    /// IFLR_*.
    pub flags: u32,
    /// Prefix length.
    pub prefixlen: u32,
    /// struct sockaddr_storage.
    pub addr: [u8; 128],
    /// struct sockaddr_storage.
    pub dst: [u8; 128],
}
/// IFLR_ACTIVE.
pub const IFLR_ACTIVE: u32 = 0x4000;

/// struct ifdatareq: the interface's counters.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfDataReq {
    /// ifdr_name.
    pub name: [u8; IFNAMSIZ],
    /// ifi_type, ifi_addrlen, ifi_hdrlen and a hole.
    pub kind: [u8; 4],
    /// ifi_link_state.
    pub link_state: i32,
    /// ifi_mtu.
    pub mtu: u64,
    /// ifi_metric.
    pub metric: u64,
    /// ifi_baudrate.
    pub baudrate: u64,
    /// Frames in.
    pub ipackets: u64,
    /// Input errors.
    pub ierrors: u64,
    /// Frames out.
    pub opackets: u64,
    /// Output errors.
    pub oerrors: u64,
    /// Collisions.
    pub collisions: u64,
    /// Bytes in.
    pub ibytes: u64,
    /// Bytes out.
    pub obytes: u64,
    /// Multicast frames in.
    pub imcasts: u64,
    /// Multicast frames out.
    pub omcasts: u64,
    /// Frames dropped on input.
    pub iqdrops: u64,
    /// Frames of no known protocol.
    pub noproto: u64,
    /// ifi_lastchange.
    pub lastchange: [u64; 2],
}

/// struct ifmediareq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfMediaReq {
    /// ifm_name.
    pub name: [u8; IFNAMSIZ],
    /// ifm_current.
    pub current: i32,
    /// ifm_mask.
    pub mask: i32,
    /// ifm_status.
    pub status: i32,
    /// ifm_active.
    pub active: i32,
    /// ifm_count: room in the list, then its length.
    pub count: i32,
    hole: i32,
    /// ifm_ulist.
    pub list: usize,
}

/// struct eccapreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EcCapReq {
    /// eccr_name.
    pub name: [u8; IFNAMSIZ],
    /// eccr_capabilities.
    pub capabilities: i32,
    /// eccr_capenable.
    pub enabled: i32,
}

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

/// struct bpf_hdr.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BpfHdr {
    /// bh_tstamp.
    pub stamp: [i64; 2],
    /// bh_caplen.
    pub caplen: u32,
    /// bh_datalen.
    pub datalen: u32,
    /// bh_hdrlen.
    pub hdrlen: u16,
    hole: [u16; 3],
}

layouts! {
    IfReq = 144, IfAliasReq = 64, In6AliasReq = 128, IfLaddrReq = 280, IfDataReq = 152,
    IfMediaReq = 48, EcCapReq = 24, Stat = 152, PollFd = 8, Kevent50 = 40, Kevent100 = 72,
    ModStat = 64, SysctlNode = 96, KinfoDriver = 32, MbStat = 568, BpfHdr = 32,
}
