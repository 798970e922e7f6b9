// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! NetBSD's numbers and layouts as user programs see them (amd64 and aarch64, 10.1 to 11.0).
//!
//! All of them stand here and nowhere else. Sizes are asserted against the kernel's, because an
//! ioctl's command carries the size of its argument.

use crate::user::Plain;

/// open(2), fcntl(2).
pub const O_RDONLY: i32 = 0;
/// open(2).
pub const O_WRONLY: i32 = 1;
/// open(2).
pub const O_RDWR: i32 = 2;
/// open(2), F_GETFL, F_SETFL.
pub const O_NONBLOCK: i32 = 4;
/// F_GETFL, F_SETFL: SIGIO on data.
pub const O_ASYNC: i32 = 0x40;
/// open(2).
pub const O_CLOEXEC: i32 = 0x40_0000;
/// fcntl(2).
pub const F_GETFD: i32 = 1;
/// fcntl(2).
pub const F_SETFD: i32 = 2;
/// fcntl(2).
pub const F_GETFL: i32 = 3;
/// fcntl(2).
pub const F_SETFL: i32 = 4;
/// fcntl(2).
pub const F_GETOWN: i32 = 5;
/// fcntl(2).
pub const F_SETOWN: i32 = 6;
/// F_GETFD's bit.
pub const FD_CLOEXEC: i32 = 1;

/// stat(2): character device.
pub const S_IFCHR: u32 = 0o020_000;
/// stat(2): the type bits.
pub const S_IFMT: u32 = 0o170_000;

/// poll(2).
pub const POLLIN: i16 = 1;
/// poll(2).
pub const POLLOUT: i16 = 4;
/// poll(2).
pub const POLLERR: i16 = 8;
/// poll(2).
pub const POLLHUP: i16 = 0x10;
/// poll(2).
pub const POLLNVAL: i16 = 0x20;
/// poll(2).
pub const POLLRDNORM: i16 = 0x40;

/// kevent(2) filters.
pub const EVFILT_READ: u32 = 0;
/// kevent(2) filters.
pub const EVFILT_WRITE: u32 = 1;
/// kevent(2) filters.
pub const EVFILT_VNODE: u32 = 3;
/// kevent(2) filters; 10.0 and later.
pub const EVFILT_EMPTY: u32 = 9;
/// kevent(2).
pub const EV_ADD: u32 = 1;
/// kevent(2).
pub const EV_DELETE: u32 = 2;
/// kevent(2).
pub const EV_ENABLE: u32 = 4;
/// kevent(2).
pub const EV_DISABLE: u32 = 8;
/// kevent(2).
pub const EV_ONESHOT: u32 = 0x10;
/// kevent(2).
pub const EV_CLEAR: u32 = 0x20;
/// kevent(2).
pub const EV_ERROR: u32 = 0x4000;
/// kevent(2).
pub const EV_EOF: u32 = 0x8000;

/// Address families.
pub const AF_INET: i32 = 2;
/// Address families.
pub const AF_LINK: i32 = 18;
/// Address families.
pub const AF_INET6: i32 = 24;
/// Socket types.
pub const SOCK_DGRAM: i32 = 2;

/// Signals.
pub const SIGKILL: i32 = 9;
/// Signals.
pub const SIGSTOP: i32 = 17;
/// Signals.
pub const SIGCONT: i32 = 19;
/// Signals.
pub const SIGIO: i32 = 23;
/// si_code of SIGIO: data.
pub const POLL_IN: i32 = 1;
/// si_code of SIGIO: the interface went down.
pub const POLL_HUP: i32 = 6;

/// if_flags.
pub const IFF_UP: i16 = 1;
/// if_flags.
pub const IFF_BROADCAST: i16 = 2;
/// if_flags.
pub const IFF_RUNNING: i16 = 0x40;
/// if_flags.
pub const IFF_PROMISC: i16 = 0x100;
/// if_flags.
pub const IFF_SIMPLEX: i16 = 0x800;
/// if_flags.
pub const IFF_MULTICAST: i16 = -0x8000;

/// ifi_link_state.
pub const LINK_STATE_DOWN: i32 = 1;
/// ifi_link_state.
pub const LINK_STATE_UP: i32 = 2;

/// IFNAMSIZ.
pub const IFNAMSIZ: usize = 16;
/// The minor number that clones.
pub const CLONER_MINOR: u32 = 0xf_ffff;
/// The highest unit that `ifconfig create` may name.
pub const LAST_UNIT: u32 = 0xf_fffe;
/// Bytes of an Ethernet header.
pub const ETHER_HDR: usize = 14;
/// Bytes of an 802.1Q tag.
pub const VLAN_TAG: usize = 4;
/// How many frames the cases about lost wake-ups exchange.
pub const WAIT_FRAMES: i64 = 2000;
/// IFQ_MAXLEN: frames that an interface's output queue takes.
pub const IFQ_MAXLEN: usize = 256;

/// makedev(3).
#[must_use]
pub fn makedev(major: u32, minor: u32) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    ((major << 8) & 0xfff00) | ((minor << 12) & 0xfff0_0000) | (minor & 0xff)
}

/// major(3).
#[must_use]
pub fn major(dev: u64) -> u32 {
    ((dev & 0xfff00) >> 8) as u32
}

/// minor(3).
#[must_use]
pub fn minor(dev: u64) -> u32 {
    (((dev & 0xfff0_0000) >> 12) | (dev & 0xff)) as u32
}

const fn ioc(direction: u64, group: u8, number: u64, size: usize) -> u64 {
    direction | ((size as u64) << 16) | ((group as u64) << 8) | number
}
const fn io(group: u8, number: u64) -> u64 {
    ioc(0x2000_0000, group, number, 0)
}
const fn ior<T>(group: u8, number: u64) -> u64 {
    ioc(0x4000_0000, group, number, size_of::<T>())
}
const fn iow<T>(group: u8, number: u64) -> u64 {
    ioc(0x8000_0000, group, number, size_of::<T>())
}
const fn iowr<T>(group: u8, number: u64) -> u64 {
    ioc(0xc000_0000, group, number, size_of::<T>())
}

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

/// struct ifdrv, and the same layout's commands of bridge(4).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfDrv {
    /// ifd_name.
    pub name: [u8; IFNAMSIZ],
    /// ifd_cmd.
    pub cmd: u64,
    /// ifd_len.
    pub len: usize,
    /// ifd_data.
    pub data: usize,
}
/// bridge(4): add a member.
pub const BRDGADD: u64 = 0;
/// bridge(4): delete a member.
pub const BRDGDEL: u64 = 1;

/// struct vlanreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct VlanReq {
    /// vlr_parent.
    pub parent: [u8; IFNAMSIZ],
    /// vlr_tag.
    pub tag: u16,
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

macro_rules! layouts {
    ($($t:ty = $size:literal),* $(,)?) => { $(
        const _: () = assert!(size_of::<$t>() == $size);
        // SAFETY: integers and arrays of them; holes are written by nobody but the kernel.
        unsafe impl Plain for $t {}
    )* };
}

layouts! {
    IfReq = 144, IfAliasReq = 64, In6AliasReq = 128, IfLaddrReq = 280, IfDataReq = 152,
    IfMediaReq = 48, EcCapReq = 24, IfDrv = 40, VlanReq = 18, Stat = 152, PollFd = 8,
    Kevent50 = 40, Kevent100 = 72, ModStat = 64, SysctlNode = 96, KinfoDriver = 32, MbStat = 568,
    BpfHdr = 32,
}

/// tap(4): the interface's name.
pub const TAPGIFNAME: u64 = ior::<IfReq>(b'e', 0);
/// tap(4)'s old form of the same, through the kernel's compatibility code.
pub const OTAPGIFNAME: u64 = ioc(0x4000_0000, b'e', 0, 32);
/// Bytes that a read would return.
pub const FIONREAD: u64 = ior::<i32>(b'f', 127);
/// Non-blocking mode.
pub const FIONBIO: u64 = iow::<i32>(b'f', 126);
/// SIGIO on data.
pub const FIOASYNC: u64 = iow::<i32>(b'f', 125);
/// Whom SIGIO goes to.
pub const FIOSETOWN: u64 = iow::<i32>(b'f', 124);
/// Whom SIGIO goes to.
pub const FIOGETOWN: u64 = ior::<i32>(b'f', 123);
/// As FIOGETOWN, for a process group.
pub const TIOCGPGRP: u64 = ior::<i32>(b't', 119);
/// As FIOSETOWN, for a process group.
pub const TIOCSPGRP: u64 = iow::<i32>(b't', 118);
/// tun(4): what OpenVPN tries on any device.
pub const TUNSIFMODE: u64 = iow::<i32>(b't', 88);
/// tun(4): what OpenVPN tries on any device.
pub const TUNSIFHEAD: u64 = iow::<i32>(b't', 66);
/// A command of no driver.
pub const UNKNOWN_IOCTL: u64 = io(b'e', 99);

/// `ifconfig create`.
pub const SIOCIFCREATE: u64 = iow::<IfReq>(b'i', 122);
/// `ifconfig destroy`.
pub const SIOCIFDESTROY: u64 = iow::<IfReq>(b'i', 121);
/// if_flags.
pub const SIOCGIFFLAGS: u64 = iowr::<IfReq>(b'i', 17);
/// if_flags.
pub const SIOCSIFFLAGS: u64 = iow::<IfReq>(b'i', 16);
/// The first address of a family, or the link-level address on a link socket.
pub const SIOCGIFADDR: u64 = iowr::<IfReq>(b'i', 33);
/// Sets an address.
pub const SIOCSIFADDR: u64 = iow::<IfReq>(b'i', 12);
/// Adds an IPv4 address.
pub const SIOCAIFADDR: u64 = iow::<IfAliasReq>(b'i', 26);
/// Deletes an IPv4 address.
pub const SIOCDIFADDR: u64 = iow::<IfReq>(b'i', 25);
/// IN_IFF_* of an IPv4 address.
pub const SIOCGIFAFLAG_IN: u64 = iowr::<IfReq>(b'i', 39);
/// Adds an IPv6 address.
pub const SIOCAIFADDR_IN6: u64 = iow::<In6AliasReq>(b'i', 107);
/// Adds a link-level address (`ifconfig link`).
pub const SIOCALIFADDR: u64 = iow::<IfLaddrReq>(b'i', 28);
/// The MTU.
pub const SIOCSIFMTU: u64 = iow::<IfReq>(b'i', 127);
/// The MTU.
pub const SIOCGIFMTU: u64 = iowr::<IfReq>(b'i', 126);
/// tap(4)'s way to set the MAC.
pub const SIOCSIFPHYADDR: u64 = iow::<IfAliasReq>(b'i', 70);
/// Counters.
pub const SIOCGIFDATA: u64 = iowr::<IfDataReq>(b'i', 133);
/// Counters, and zeroes them.
pub const SIOCZIFDATA: u64 = iowr::<IfDataReq>(b'i', 134);
/// Media.
pub const SIOCGIFMEDIA: u64 = iowr::<IfMediaReq>(b'i', 56);
/// Media.
pub const SIOCSIFMEDIA: u64 = iowr::<IfReq>(b'i', 55);
/// Ethernet capabilities.
pub const SIOCGETHERCAP: u64 = iowr::<EcCapReq>(b'i', 139);
/// The interface's index: which interface it is, whatever its name.
pub const SIOCGIFINDEX: u64 = iowr::<IfReq>(b'i', 140);
/// Joins a multicast group.
pub const SIOCADDMULTI: u64 = iow::<IfReq>(b'i', 49);
/// Leaves a multicast group.
pub const SIOCDELMULTI: u64 = iow::<IfReq>(b'i', 50);
/// Description.
pub const SIOCSIFDESCR: u64 = iow::<IfReq>(b'i', 142);
/// vlan(4): parent and tag.
pub const SIOCSETVLAN: u64 = SIOCSIFGENERIC;
/// Generic set, which vlan(4) uses.
pub const SIOCSIFGENERIC: u64 = iow::<IfReq>(b'i', 57);
/// bridge(4).
pub const SIOCSDRVSPEC: u64 = iow::<IfDrv>(b'i', 123);

/// bpf(4).
pub const BIOCSBLEN: u64 = iowr::<u32>(b'B', 102);
/// bpf(4).
pub const BIOCGBLEN: u64 = ior::<u32>(b'B', 102);
/// bpf(4).
pub const BIOCFLUSH: u64 = io(b'B', 104);
/// bpf(4).
pub const BIOCSETIF: u64 = iow::<IfReq>(b'B', 108);
/// bpf(4).
pub const BIOCIMMEDIATE: u64 = iow::<u32>(b'B', 112);
/// bpf(4).
pub const BIOCSDIRECTION: u64 = iow::<u32>(b'B', 121);
/// BIOCSDIRECTION.
pub const BPF_D_IN: u32 = 0;
/// BIOCSDIRECTION.
pub const BPF_D_INOUT: u32 = 1;
/// BIOCSDIRECTION.
pub const BPF_D_OUT: u32 = 2;

/// ifmedia(4): Ethernet.
pub const IFM_ETHER: i32 = 0x20;
/// ifmedia(4): choose by itself.
pub const IFM_AUTO: i32 = 0;
/// ifmedia(4).
pub const IFM_10_T: i32 = 3;
/// ifmedia(4).
pub const IFM_100_TX: i32 = 6;
/// ifmedia(4).
pub const IFM_1000_T: i32 = 16;
/// ifmedia(4): full duplex.
pub const IFM_FDX: i32 = 0x10_0000;
/// ifm_status: the next bit is valid.
pub const IFM_AVALID: i32 = 1;
/// ifm_status: linked.
pub const IFM_ACTIVE: i32 = 2;

const _: () = {
    assert!(TAPGIFNAME == 0x4090_6500);
    assert!(SIOCIFCREATE == 0x8090_697a);
    assert!(SIOCGIFDATA == 0xc098_6985);
    assert!(SIOCAIFADDR == 0x8040_691a);
    assert!(SIOCSIFPHYADDR == 0x8040_6946);
    assert!(FIONREAD == 0x4004_667f);
    assert!(FIONBIO == 0x8004_667e);
};
