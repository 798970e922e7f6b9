// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2) commands, each made of a direction, its argument's size, a letter and a number.

use super::{EcCapReq, IfAliasReq, IfDataReq, IfDrv, IfLaddrReq, IfMediaReq, IfReq, In6AliasReq};

const fn ioc(direction: u64, group: u8, number: u64, size: usize) -> u64 {
    direction | ((size as u64) << 16) | ((group as u64) << 8) | number
}
const fn io(group: u8, number: u64) -> u64 {
    ioc(0x2000_0000, group, number, 0)
}
pub(super) const fn ior<T>(group: u8, number: u64) -> u64 {
    ioc(0x4000_0000, group, number, size_of::<T>())
}
pub(super) const fn iow<T>(group: u8, number: u64) -> u64 {
    ioc(0x8000_0000, group, number, size_of::<T>())
}
pub(super) const fn iowr<T>(group: u8, number: u64) -> u64 {
    ioc(0xc000_0000, group, number, size_of::<T>())
}

/// tap(4): the interface's name.
pub const TAPGIFNAME: u64 = ior::<IfReq>(b'e', 0);
/// The same when `struct ifreq` had 32 bytes.
pub const OTAPGIFNAME: u64 = ioc(0x4000_0000, b'e', 0, 32);
/// Whether the interface goes with the last close of its device.
pub const TAPSTRANSIENT: u64 = iow::<i32>(b'e', 22);
/// The same.
pub const TAPGTRANSIENT: u64 = ior::<i32>(b'e', 23);
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
/// Asks for a link-level address.
pub const SIOCGLIFADDR: u64 = iowr::<IfLaddrReq>(b'i', 29);
/// Takes a link-level address away.
pub const SIOCDLIFADDR: u64 = iow::<IfLaddrReq>(b'i', 30);
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
/// Description.
pub const SIOCGIFDESCR: u64 = iowr::<IfReq>(b'i', 143);
/// How long one may be, its terminator included.
pub const IFDESCRSIZE: usize = 64;
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
pub const BIOCPROMISC: u64 = io(b'B', 105);
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
