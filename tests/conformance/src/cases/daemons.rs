// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Programs that use tap(4) as a network's end: daemons for Bluetooth, switches, tunnels.
//!
//! As in [`super::clients`] each case is named after its program, and does what that one does.

use crate::abi::{
    self, IfLaddrReq, IfReq, AF_LINK, BIOCFLUSH, F_GETFL, F_SETFL, IFF_UP, IFLR_ACTIVE, O_NONBLOCK,
    O_RDWR, POLLIN, SIOCALIFADDR, SIOCDIFADDR, SIOCDLIFADDR, SIOCGIFFLAGS, SIOCGLIFADDR,
    SIOCSIFFLAGS, SOCK_DGRAM, TAPGIFNAME,
};
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::{Errno, Result};
use crate::frames::{self, Mac, BROADCAST};
use crate::net::Live;
use crate::sys::Need;
use crate::text::Text;
use crate::user::{In, Out, Plain};

use super::clients::gifname;
use super::lifecycle::link_address;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("client_btpand", "btpand(8): a writev of any length never fails", btpand)
                .guards(&["F43"])
                .needs(&[Need::Inet]),
            case("client_tapcfg", "tapcfg: a whole struct sockaddr_dl", tapcfg)
                .differs(&["F42"])
                .needs(&[Need::Inet]),
            case("client_openvswitch", "Open vSwitch, netdev-bsd", openvswitch)
                .needs(&[Need::Inet]),
            case("client_n2n", "n2n, tuntap_netbsd", n2n).differs(&["F28"]).needs(&[Need::Inet]),
            case(
                "client_openvpn_lladdr_up",
                "OpenVPN --lladdr on an addressed interface: one gratuitous ARP an address",
                lladdr_up,
            )
            .needs(&[Need::Inet]),
        ]
    }
}

/// A socket of the link layer.
fn link_socket(c: &Ctx) -> Fallible<i32> {
    Ok(c.keep(c.sys.socket(AF_LINK, SOCK_DGRAM, 0).on("a link socket")?))
}

/// A link-level address of an interface, as SIOCALIFADDR and its kin take it.
fn laddr(name: &str, flags: u32, mac: Mac) -> IfLaddrReq {
    let mut req = IfLaddrReq::zeroed();
    put_name(&mut req.name, name);
    req.flags = flags;
    req.addr[..8].copy_from_slice(&[20, AF_LINK as u8, 0, 0, 0, 0, 6, 0]);
    req.addr[8..14].copy_from_slice(&mac);
    req
}

fn ask(c: &Ctx, socket: i32, cmd: u64, req: &mut IfLaddrReq) -> Result<()> {
    c.sys.ioctl(socket, cmd, Out::value(req)).map(drop)
}

/// `ifconfig link MAC active`.
fn activate(c: &Ctx, socket: i32, name: &str, mac: Mac) -> Verdict {
    ask(c, socket, SIOCALIFADDR, &mut laddr(name, IFLR_ACTIVE, mac)).on("SIOCALIFADDR")?;
    let now = link_address(c, name)?;
    check!(now == mac, "the address is {now:x?}, not {mac:x?}");
    Ok(())
}

/// What btpand(8) sends: destination, source, type and payload, each where it lies.
fn bnep(c: &Ctx, fd: i32, frame: &[u8]) -> Verdict {
    let spans = [&frame[..6], &frame[6..12], &frame[12..14], &frame[14..]].map(In::bytes);
    let n = c.sys.writev(fd, &spans).on("writev, of which btpand asserts that it cannot fail")?;
    check!(n == frame.len(), "writev of {} returned {n}", frame.len());
    Ok(())
}

fn btpand(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let node = c.node(0)?;
    let cloner = c.node(abi::CLONER_MINOR)?;
    for path in [node, cloner] {
        let fd = c.open(path.as_cstr(), O_RDWR).on(path.as_str())?;
        let mut ifr = IfReq::zeroed();
        c.sys.ioctl(fd, TAPGIFNAME, Out::value(&mut ifr)).on("TAPGIFNAME")?;
        let name = c.ifname(fd).on("TAPGIFNAME")?;
        let socket = link_socket(c)?;
        activate(c, socket, name.as_str(), [2, 0, 0x5e, 9, 9, 9])?;
        c.sys.ioctl(socket, SIOCGIFFLAGS, Out::value(&mut ifr)).on("SIOCGIFFLAGS")?;
        ifr.data[0] |= IFF_UP as u8;
        c.sys.ioctl(socket, SIOCSIFFLAGS, Out::value(&mut ifr)).on("SIOCSIFFLAGS")?;
        c.close(socket).on("close")?;
        c.inet(name.as_str(), 1).on("SIOCAIFADDR")?;
        let live = Live { fd, name, mac: [0; 6], net: 1 };
        let mac = c.greet(&live)?;
        check!(mac == [2, 0, 0x5e, 9, 9, 9], "ARP answers {mac:x?}");
        let mut frame = [0; 1690];
        for n in [14, 15, 60, 1514, 1515, 1519, 1532, 1600, 1690] {
            frames::plain(&mut frame[..n], BROADCAST);
            bnep(c, fd, &frame[..n])?;
        }
        bnep(c, fd, &frames::arp_request(1))?;
        check!(c.readable(fd, 4000), "no answer to a request in four spans");
        down_on_exit(c, name.as_str())?;
        c.close(fd).on("close")?;
    }
    Ok(())
}

/// What its atexit(3) function does.
fn down_on_exit(c: &Ctx, name: &str) -> Verdict {
    let socket = link_socket(c)?;
    let mut ifr = Ctx::ifreq(name);
    c.sys.ioctl(socket, SIOCGIFFLAGS, Out::value(&mut ifr)).on("SIOCGIFFLAGS")?;
    check!(ifr.data[0] & IFF_UP as u8 != 0, "{name} is not up");
    ifr.data[0] &= !(IFF_UP as u8);
    c.sys.ioctl(socket, SIOCSIFFLAGS, Out::value(&mut ifr)).on("SIOCSIFFLAGS")?;
    c.close(socket).on("close")
}

fn tapcfg(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    gifname(c, fd, "tap0")?;
    for len in super::phyaddr::SOCKADDR_DL {
        let mac = [2, 0x11, 0x22, 0x33, 0x44, len];
        let sdl = super::phyaddr::sockaddr_dl(len, [0, 6, 0], mac);
        super::phyaddr::set_sockaddr(c, "tap0", &sdl).on("SIOCSIFPHYADDR")?;
        c.set_mtu("tap0", 1400).on("SIOCSIFMTU")?;
        c.set_up("tap0", true).on("up")?;
        // A bare ifreq: the first address, if there is one, makes place for another.
        match c.if_ioctl(SIOCDIFADDR, Ctx::ifreq("tap0")) {
            Ok(_) | Err(Errno::EADDRNOTAVAIL) => {}
            Err(e) => return Err(e).on("SIOCDIFADDR"),
        }
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        let live = Live { fd, name: Text::of(format_args!("tap0")), mac: [0; 6], net: 1 };
        let now = c.greet(&live)?;
        check!(now == mac, "ARP answers {now:x?}");
        c.set_up("tap0", false).on("down")?;
    }
    Ok(())
}

fn openvswitch(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let name = name.as_str();
    gifname(c, fd, name)?;
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    c.sys.fcntl(fd, F_SETFL, (flags | O_NONBLOCK) as usize).on("F_SETFL")?;
    // IFF_UP and nothing else: what the driver has set itself stays.
    let mut ifr = Ctx::ifreq(name);
    ifr.data[..2].copy_from_slice(&IFF_UP.to_ne_bytes());
    c.if_ioctl(SIOCSIFFLAGS, ifr).on("SIOCSIFFLAGS")?;
    let flags = c.flags(name).on("SIOCGIFFLAGS")?;
    check!(flags & abi::IFF_BROADCAST != 0, "flags {flags:#x} after IFF_UP alone");
    let socket = link_socket(c)?;
    let mut before = laddr(name, 0, [0; 6]);
    ask(c, socket, SIOCGLIFADDR, &mut before).on("SIOCGLIFADDR")?;
    // The name lies between the lengths and the address.
    let at = 8 + usize::from(before.addr[5]);
    let prefix = before.addr.get(at..at + 3);
    check!(prefix == Some(&[0xf2, 0x0b, 0xa4]), "the address begins with {prefix:x?}");
    change_twice(c, socket, name, &before)?;
    c.inet(name, 1).on("SIOCAIFADDR")?;
    let live = Live { fd, name: Text::of(format_args!("{name}")), mac: [0; 6], net: 1 };
    c.greet(&live)?;
    c.provoke(&live)?;
    // It wants the queue empty, and asks as if this were bpf(4): no, and the frame stays.
    let mut nothing = 0_i32;
    c.sys.ioctl(fd, BIOCFLUSH, Out::value(&mut nothing)).fails_with(Errno::ENOTTY, "BIOCFLUSH")?;
    let (waiting, _) = c.drain(fd)?;
    check!(waiting > 0, "BIOCFLUSH emptied the queue");
    c.close(fd).on("close")?;
    c.destroy(name).fails_with(Errno::ENXIO, "destroy of what close destroyed")
}

/// A new address, away with the old one; and again, so that one goes that was not there at birth.
fn change_twice(c: &Ctx, socket: i32, name: &str, born: &IfLaddrReq) -> Verdict {
    let (first, second) = ([2, 0, 0, 0, 1, 1], [2, 0, 0, 0, 1, 2]);
    activate(c, socket, name, first)?;
    let mut old = *born;
    // The one that the interface was born with stays, in a kernel that remembers it.
    match ask(c, socket, SIOCDLIFADDR, &mut old) {
        Ok(()) | Err(Errno::EBUSY) => {}
        Err(e) => return Err(e).on("SIOCDLIFADDR of the first address"),
    }
    activate(c, socket, name, second)?;
    ask(c, socket, SIOCDLIFADDR, &mut laddr(name, 0, second))
        .fails_with(Errno::EBUSY, "SIOCDLIFADDR of the active address")?;
    ask(c, socket, SIOCDLIFADDR, &mut laddr(name, 0, first)).on("SIOCDLIFADDR")?;
    super::sysctl::write(c, name, "02:00:00:00:01:03").on("sysctl write")?;
    let now = link_address(c, name)?;
    check!(now == [2, 0, 0, 0, 1, 3], "after a sysctl write the address is {now:x?}");
    Ok(())
}

fn n2n(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_NONBLOCK)?;
    let name = name.as_str();
    gifname(c, fd, name)?;
    super::open::does_not_block(c, fd, name)?;
    let socket = link_socket(c)?;
    activate(c, socket, name, [2, 0x0e, 0x32, 1, 2, 3])?;
    c.inet(name, 1).on("SIOCAIFADDR")?;
    c.set_mtu(name, 1290).on("SIOCSIFMTU")?;
    c.set_up(name, true).on("up")?;
    let live = Live { fd, name: Text::of(format_args!("{name}")), mac: [0; 6], net: 1 };
    let mac = c.greet(&live)?;
    check!(mac == [2, 0x0e, 0x32, 1, 2, 3], "ARP answers {mac:x?}");
    check!(c.poll_one(fd, POLLIN, 0) == 0, "readable with nothing waiting");
    let mut frame = [0; 2048];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::EAGAIN, "read when empty")?;
    c.close(fd).on("close")?;
    check!(!c.exists(name), "{name} outlived its descriptor");
    Ok(())
}

/// Whose address a frame announces as `mac`'s, if that is what it does.
fn announced(frame: &[u8], mac: Mac) -> Option<[u8; 4]> {
    let is_request =
        frame.len() >= frames::ARP_LEN && frame[12..22] == [8, 6, 0, 1, 8, 0, 6, 4, 0, 1];
    let ip = frame.get(28..32)?.try_into().ok()?;
    let of_itself = frame.get(38..42)? == ip;
    (is_request && of_itself && frame[..6] == BROADCAST && frame[22..28] == mac).then_some(ip)
}

fn lladdr_up(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.inet("tap0", 2).on("a second address")?;
    c.greet(&Live { net: 2, ..live })?;
    c.settle();
    c.drain(live.fd)?;
    let mac = [2, 0, 0x5e, 1, 2, 3];
    let socket = link_socket(c)?;
    activate(c, socket, "tap0", mac)?;
    let mut counts = [0; 2];
    let mut frame = [0; 2048];
    while c.readable(live.fd, 500) {
        let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
        match announced(&frame[..n], mac) {
            Some([10, 5, net @ 1..=2, 1]) => counts[usize::from(net) - 1] += 1,
            Some(other) => return Err(Failure::of(format_args!("{other:?} is announced"))),
            None => {}
        }
    }
    check!(counts == [1, 1], "the two addresses were announced {counts:?} times");
    let now = c.greet(&live)?;
    check!(now == mac, "ARP answers {now:x?}");
    Ok(())
}
