// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Cases that other systems have for their tap drivers, by their names.

use crate::abi::{
    IfDrv, In6AliasReq, VlanReq, AF_INET6, BRDGADD, BRDGDEL, IFF_PROMISC, O_RDWR, SIOCADDMULTI,
    SIOCAIFADDR_IN6, SIOCDELMULTI, SIOCSDRVSPEC, SIOCSETVLAN, SOCK_DGRAM,
};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::{Errno, Result};
use crate::frames::{self, BROADCAST};
use crate::sys::Need;
use crate::user::{Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("create_destroy_inet6", "t_tap: destroy with an IPv6 address", inet6)
                .guards(&["F38"])
                .needs(&[Need::Inet6]),
            case("stand_alone", "t_tap tap_stand_alone: no frame comes of itself", alone),
            case("bridged", "t_tap tap_bridged: frames cross a bridge of two taps", bridged)
                .needs(&[Need::Bridge]),
            case(
                "bridge_member_destroyed",
                "FreeBSD r347578: a bridge must not send to the dead",
                bridge_dead,
            )
            .guards(&["F38"])
            .needs(&[Need::Bridge]),
            case("vlan", "a vlan(4) on a tap sends tagged frames of full size", vlan)
                .needs(&[Need::Vlan]),
            case("vlan_parent_destroyed", "the parent goes before its vlan", vlan_dead)
                .guards(&["F38"])
                .needs(&[Need::Vlan]),
            case(
                "multicast_membership",
                "SIOCADDMULTI, and the interface goes with the group joined",
                multi,
            )
            .guards(&["F38"]),
        ]
    }
}

/// Adds fd00:5::1/64.
pub fn add_inet6(c: &Ctx, name: &str) -> Verdict {
    let mut req = In6AliasReq::zeroed();
    put_name(&mut req.name, name);
    let address = |field: &mut [u8; 28], bytes: [u8; 16]| {
        field[0] = 28;
        field[1] = AF_INET6 as u8;
        field[8..24].copy_from_slice(&bytes);
    };
    address(&mut req.addr, [0xfd, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let mut mask = [0; 16];
    mask[..8].fill(0xff);
    address(&mut req.mask, mask);
    // ND6_INFINITE_LIFETIME, valid and preferred.
    req.lifetime[4] = u32::MAX;
    req.lifetime[5] = u32::MAX;
    let socket = c.keep(c.sys.socket(AF_INET6, SOCK_DGRAM, 0).on("an inet6 socket")?);
    c.sys.ioctl(socket, SIOCAIFADDR_IN6, Out::value(&mut req)).on("SIOCAIFADDR_IN6")?;
    c.close(socket).on("close")
}

fn inet6(c: &Ctx) -> Verdict {
    for up in [false, true, false] {
        c.create("tap0").on("create")?;
        c.set_up("tap0", up).on("up")?;
        add_inet6(c, "tap0")?;
        c.destroy("tap0").on("destroy with an IPv6 address")?;
        check!(!c.exists("tap0"), "tap0 outlived its destruction");
    }
    Ok(())
}

fn alone(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    c.send(ends[0], &plain(BROADCAST)).on("write")?;
    check!(!c.readable(ends[1], 100), "a frame went from tap0 to tap1 without a bridge");
    Ok(())
}

/// A frame of 60 bytes for that address.
pub fn plain(to: frames::Mac) -> [u8; 60] {
    let mut frame = [0; 60];
    frames::plain(&mut frame, to);
    frame
}

/// tap0 and tap1, open and up, non-blocking.
pub fn pair(c: &Ctx) -> Fallible<[i32; 2]> {
    Ok([end(c, "tap0", 0)?, end(c, "tap1", 1)?])
}

/// An interface that is up, and its node, which is open and non-blocking.
pub fn end(c: &Ctx, name: &str, unit: u32) -> Fallible<i32> {
    c.create(name).on("create")?;
    let fd = c.open_unit(unit, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.set_up(name, true).on("up")?;
    Ok(fd)
}

/// A bridge(4) command about a member of bridge77.
pub fn bridge(c: &Ctx, cmd: u64, member: &str) -> Result<()> {
    // struct ifbreq: a name, then flags and bytes that adding does not need.
    let mut member_req = [0_u8; 24];
    let mut name = [0; 16];
    put_name(&mut name, member);
    member_req[..16].copy_from_slice(&name);
    let mut req = IfDrv::zeroed();
    put_name(&mut req.name, "bridge77");
    req.cmd = cmd;
    req.len = member_req.len();
    req.data = member_req.as_mut_ptr() as usize;
    c.sys.ioctl(c.socket, SIOCSDRVSPEC, Out::value(&mut req)).map(drop)
}

fn bridged(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    c.fresh("bridge77")?;
    for member in ["tap0", "tap1"] {
        bridge(c, BRDGADD, member).on("BRDGADD")?;
    }
    c.set_up("bridge77", true).on("bridge up")?;
    let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
    check!(flags & IFF_PROMISC != 0, "a member is not promiscuous: {flags:#x}");
    let mut frame = [0; 1514];
    for (from, to) in [(0, 1), (1, 0)] {
        frames::plain(&mut frame, [2, 0, 0, 0, 0, 0x55]);
        frame[11] = from as u8;
        let mut came = false;
        // The bridge may learn, or still be waking, at the first frame.
        for _ in 0..5 {
            c.send(ends[from], &frame).on("write")?;
            came = c.readable(ends[to], 1000);
            if came {
                break;
            }
        }
        check!(came, "no frame crossed the bridge from tap{from}");
        let mut seen = [0; 2048];
        let n = c.sys.read(ends[to], Out::bytes(&mut seen)).on("read")?;
        check!(seen[..n] == frame, "the frame changed on its way: {n} bytes");
        c.drain(ends[to])?;
        c.drain(ends[from])?;
    }
    bridge(c, BRDGDEL, "tap1").on("BRDGDEL")?;
    c.destroy("bridge77").on("destroy of the bridge")
}

fn bridge_dead(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    c.fresh("bridge77")?;
    for member in ["tap0", "tap1"] {
        bridge(c, BRDGADD, member).on("BRDGADD")?;
    }
    c.set_up("bridge77", true).on("bridge up")?;
    c.close(ends[1]).on("close of a member")?;
    c.destroy("tap1").on("destroy of a member")?;
    for _ in 0..20 {
        c.send(ends[0], &plain(BROADCAST)).on("write towards the dead member")?;
    }
    c.settle();
    c.destroy("bridge77").on("destroy of the bridge")
}

/// vlan77 on tap0, up.
pub fn set_vlan(c: &Ctx) -> Verdict {
    c.fresh("vlan77")?;
    let mut parent = VlanReq::zeroed();
    put_name(&mut parent.parent, "tap0");
    parent.tag = 77;
    let mut req = Ctx::ifreq("vlan77");
    let address = parent.as_bytes().as_ptr() as usize;
    req.data[..8].copy_from_slice(&address.to_ne_bytes());
    c.if_ioctl(SIOCSETVLAN, req).on("SIOCSETVLAN")?;
    c.set_up("vlan77", true).on("vlan up")
}

fn vlan(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.set_up("tap0", true).on("up")?;
    set_vlan(c)?;
    c.inet("vlan77", 3).on("address of the vlan")?;
    let mtu = c.mtu("vlan77").on("SIOCGIFMTU")?;
    check!(mtu == 1500, "the vlan's MTU is {mtu}: the parent does not carry four bytes more");
    // The peer asks in a tagged frame, and is answered in one.
    let request = frames::arp_request(3);
    let mut tagged = [0; 64];
    tagged[..12].copy_from_slice(&request[..12]);
    tagged[12..16].copy_from_slice(&[0x81, 0, 0, 77]);
    tagged[16..].copy_from_slice(&request[12..]);
    let mut frame = [0; 2048];
    for _ in 0..10 {
        c.send(fd, &tagged).on("write")?;
        while c.readable(fd, 500) {
            let n = c.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
            let is_tagged = n >= 46 && frame[12..16] == [0x81, 0, 0, 77];
            if is_tagged && frame[16..18] == [8, 6] && frame[24..26] == [0, 2] {
                return c.destroy("vlan77").on("destroy of the vlan");
            }
        }
    }
    Err(crate::case::Failure::of(format_args!("no tagged answer to ARP")))
}

fn vlan_dead(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    set_vlan(c)?;
    c.destroy("tap0").on("destroy of the parent")?;
    check!(c.exists("vlan77"), "the vlan went with its parent");
    // Sending on it must not reach freed memory.
    c.set_up("vlan77", false).unwrap_or(());
    c.destroy("vlan77").on("destroy of the vlan")
}

fn multi(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let group = || {
        let mut req = Ctx::ifreq("tap0");
        // struct sockaddr, AF_UNSPEC: the address as it is.
        req.data[0] = 16;
        req.data[2..8].copy_from_slice(&[1, 0, 0x5e, 1, 2, 3]);
        req
    };
    c.if_ioctl(SIOCADDMULTI, group()).on("SIOCADDMULTI")?;
    c.if_ioctl(SIOCDELMULTI, group()).on("SIOCDELMULTI")?;
    let twice = c.if_ioctl(SIOCDELMULTI, group()).map(drop);
    twice.fails_with(Errno::ENXIO, "SIOCDELMULTI of a group not joined")?;
    c.if_ioctl(SIOCADDMULTI, group()).on("SIOCADDMULTI again")?;
    c.destroy("tap0").on("destroy with a group joined")
}
