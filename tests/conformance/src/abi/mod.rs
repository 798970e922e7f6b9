// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! NetBSD's numbers and layouts as user programs see them (amd64 and aarch64, 10.1 to 11.0).
//!
//! All of them stand here and nowhere else. Sizes are asserted against the kernel's, because an
//! ioctl's command carries the size of its argument.

/// Asserts how long structures are, and says that any bytes are a value of them.
macro_rules! layouts {
    ($($t:ty = $size:literal),* $(,)?) => { $(
        const _: () = assert!(size_of::<$t>() == $size);
        // SAFETY: integers and arrays of them; holes are written by nobody but the kernel.
        unsafe impl Plain for $t {}
    )* };
}

mod commands;
mod interface;
mod layout;
pub mod offload;
mod stacked;

pub use commands::*;
pub use interface::*;
pub use layout::*;
pub use stacked::*;

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
/// fcntl(2): closes descriptors from this one on.
pub const F_CLOSEM: i32 = 10;
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
/// poll(2): as POLLOUT.
pub const POLLWRNORM: i16 = POLLOUT;

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
/// Address families: messages about interfaces and routes.
pub const AF_ROUTE: i32 = 34;
/// Socket types.
pub const SOCK_STREAM: i32 = 1;
/// Socket types.
pub const SOCK_DGRAM: i32 = 2;
/// Socket types.
pub const SOCK_RAW: i32 = 3;
/// setsockopt(2): a socket's own level.
pub const SOL_SOCKET: i32 = 0xffff;
/// setsockopt(2): what a close does with what is still to be sent, a struct linger.
pub const SO_LINGER: i32 = 0x80;
/// setsockopt(2): bytes of the buffer for what is sent.
pub const SO_SNDBUF: i32 = 0x1001;
/// setsockopt(2): bytes of the buffer for what is received.
pub const SO_RCVBUF: i32 = 0x1002;
/// setsockopt(2), IPv4: its level.
pub const IPPROTO_IP: i32 = 0;
/// setsockopt(2), IPv4: a struct ip_mreq, group and interface.
pub const IP_ADD_MEMBERSHIP: i32 = 12;
/// setsockopt(2), IPv4: the same.
pub const IP_DROP_MEMBERSHIP: i32 = 13;

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
