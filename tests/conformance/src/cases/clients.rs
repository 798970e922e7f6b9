// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The programs that use tap(4) on NetBSD, call by call.
//!
//! Each case is named after its program and replays what that one does, uninitialised buffers
//! included.

use crate::abi::{
    self, minor, IfReq, Stat, AF_LINK, F_GETFL, F_SETFD, F_SETFL, O_CLOEXEC, O_NONBLOCK, O_RDWR,
    POLLIN, SIOCGIFADDR, SIOCGIFFLAGS, SIOCSIFADDR, S_IFCHR, S_IFMT, TAPGIFNAME, TUNSIFHEAD,
    TUNSIFMODE,
};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::Errno;
use crate::frames;
use crate::net::Live;
use crate::sys::Need;
use crate::text::until_nul;
use crate::user::{In, Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("client_qemu", "QEMU -netdev tap", qemu).needs(&[Need::Inet]),
            case("client_openvpn", "OpenVPN dev tap", openvpn).needs(&[Need::Inet]),
            case("client_openvpn_lladdr", "OpenVPN --lladdr, ifconfig tap0 link", lladdr),
            case("client_zerotier", "ZeroTier", zerotier).needs(&[Need::Inet]),
            case("client_tinc", "tinc", tinc).differs(&["F28"]).needs(&[Need::Inet]),
            case("client_rump_virtif", "rump virtif", virtif).needs(&[Need::Inet]),
            case("client_libvirt", "libvirt", libvirt),
            case("client_libtuntap", "libtuntap", libtuntap).added(),
            case("client_tun_rs", "tun-rs", tun_rs),
            case("client_tun_rs_clone", "tun-rs by the cloning node", tun_rs_clone)
                .differs(&["F28"]),
            case("client_aircrack", "aircrack-ng", aircrack).dangerous(&["F30"]),
            case("client_libnozzle", "libnozzle", libnozzle),
            case("client_syzkaller", "syzkaller's executor", syzkaller)
                .differs(&["F28"])
                .needs(&[Need::Inet]),
        ]
    }
}

/// TAPGIFNAME into memory that nobody initialised.
pub fn gifname(c: &Ctx, fd: i32, expected: &str) -> Verdict {
    let mut req = IfReq::garbage();
    c.sys.ioctl(fd, TAPGIFNAME, Out::value(&mut req)).on("TAPGIFNAME")?;
    let name = until_nul(&req.name);
    check!(name == expected.as_bytes(), "TAPGIFNAME gives {name:x?}, not {expected}");
    Ok(())
}

fn talks(c: &Ctx, fd: i32, name: &str) -> Fallible<Live> {
    c.inet(name, 1).on("SIOCAIFADDR")?;
    c.set_up(name, true).on("up")?;
    let mut live =
        Live { fd, name: crate::text::Text::of(format_args!("{name}")), mac: [0; 6], net: 1 };
    live.mac = c.greet(&live)?;
    super::read::echo(c, &live, 98, 1)?;
    Ok(live)
}

fn qemu(c: &Ctx) -> Verdict {
    for name in ["tap0", "tap1"] {
        c.create(name).on("create")?;
    }
    let first = c.open_unit(0, O_RDWR)?;
    // The next machine goes through the nodes: busy, then free; a third stops at the absent one.
    c.open(c"/dev/tap0", O_RDWR).fails_with(Errno::EBUSY, "the busy node")?;
    let second = c.open_unit(1, O_RDWR)?;
    let absent = c.node(2)?;
    c.open(absent.as_cstr(), O_RDWR).fails_with(Errno::ENXIO, "the absent unit")?;
    for (fd, name) in [(first, "tap0"), (second, "tap1")] {
        gifname(c, fd, name)?;
        c.sys.fcntl(fd, F_SETFL, O_NONBLOCK as usize).on("F_SETFL")?;
    }
    talks(c, first, "tap0").map(drop)
}

fn openvpn(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    gifname(c, fd, name.as_str())?;
    c.sys.fcntl(fd, F_SETFL, O_NONBLOCK as usize).on("F_SETFL")?;
    c.sys.fcntl(fd, F_SETFD, abi::FD_CLOEXEC as usize).on("F_SETFD")?;
    let before = c.flags(name.as_str()).on("SIOCGIFFLAGS")?;
    for cmd in [TUNSIFMODE, TUNSIFHEAD] {
        let mut value: i32 = 0x5a5a_5a5a;
        c.sys
            .ioctl(fd, cmd, Out::value(&mut value))
            .fails_with(Errno::ENOTTY, "an ioctl of tun(4)")?;
    }
    let after = c.flags(name.as_str()).on("SIOCGIFFLAGS")?;
    check!(before == after, "an ioctl of tun(4) changed the flags to {after:#x}");
    talks(c, fd, name.as_str())?;
    c.close(fd).on("close")?;
    check!(!c.exists(name.as_str()), "{name} was not destroyed at close");
    Ok(())
}

fn lladdr(c: &Ctx) -> Verdict {
    let (_, name) = c.open_clone(O_RDWR)?;
    let mut req = abi::IfLaddrReq::zeroed();
    put_name(&mut req.name, name.as_str());
    req.flags = abi::IFLR_ACTIVE;
    req.addr[..8].copy_from_slice(&[20, AF_LINK as u8, 0, 0, 0, 0, 6, 0]);
    req.addr[8..14].copy_from_slice(&[2, 0, 0x5e, 1, 2, 3]);
    let socket = c.keep(c.sys.socket(AF_LINK, abi::SOCK_DGRAM, 0).on("a link socket")?);
    c.sys.ioctl(socket, abi::SIOCALIFADDR, Out::value(&mut req)).on("SIOCALIFADDR")?;
    let now = super::lifecycle::link_address(c, name.as_str())?;
    check!(now == [2, 0, 0x5e, 1, 2, 3], "the address is {now:x?}");
    Ok(())
}

fn zerotier(c: &Ctx) -> Verdict {
    c.create("tap9993").on("create")?;
    let fd = c.open_unit(9993, O_RDWR)?;
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    c.sys.fcntl(fd, F_SETFL, (flags & !O_NONBLOCK) as usize).on("F_SETFL")?;
    super::sysctl::write(c, "tap9993", "32:a1:00:11:22:33").on("sysctl -w")?;
    c.inet("tap9993", 1).on("SIOCAIFADDR")?;
    c.set_up("tap9993", true).on("up")?;
    let mut frame = [0; 8194];
    let mut mac = None;
    // The link comes up on a thread of the stack's: until then a request finds no address.
    for _ in 0..40 {
        c.send(fd, &frames::arp_request(1)).on("write")?;
        while mac.is_none() && c.sys.select_read(fd, 250).on("select")? {
            let n = c.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
            check!(n > 0, "read returned 0");
            mac = frames::arp_reply(&frame[..n], 1);
        }
        if mac.is_some() {
            break;
        }
    }
    check!(mac == Some([0x32, 0xa1, 0, 0x11, 0x22, 0x33]), "ARP answers {mac:x?}");
    c.close(fd).on("close")?;
    c.destroy("tap9993").on("destroy after close")
}

fn tinc(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_NONBLOCK)?;
    gifname(c, fd, name.as_str())?;
    // Its result is not looked at, but it must not harm.
    let mut own = [0xa5; 144];
    c.sys.ioctl(fd, SIOCGIFADDR, Out::bytes(&mut own)).unwrap_or(0);
    check!(own[6..].iter().all(|&b| b == 0xa5), "more than tinc's six bytes were written");
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    check!(flags & O_NONBLOCK != 0, "O_NONBLOCK at open does not count");
    let live = talks(c, fd, name.as_str())?;
    c.drain(live.fd).map(drop)
}

fn virtif(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    c.set_up("tap0", true).on("up")?;
    let request = frames::arp_request(1);
    let spans = [In::bytes(&request[..14]), In::bytes(&request[14..42]), In::bytes(&request[42..])];
    let mut frame = [0; 2048];
    // As above: the first request may come before the link.
    for _ in 0..40 {
        let n = c.sys.writev(fd, &spans).on("writev")?;
        check!(n == 60, "writev returned {n}");
        loop {
            let seen = c.poll_one(fd, POLLIN, 250);
            if seen == 0 {
                break;
            }
            check!(seen == POLLIN, "poll says {seen:#x}");
            let n = c.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
            check!(n > 0, "read returned 0");
            if frames::arp_reply(&frame[..n], 1).is_some() {
                return Ok(());
            }
        }
    }
    Err(crate::case::Failure::of(format_args!("no answer to ARP")))
}

fn libvirt(c: &Ctx) -> Verdict {
    for name in ["tap0", "tap1", "tap2"] {
        c.create(name).on("create")?;
    }
    c.open_unit(0, O_RDWR)?;
    for (unit, name) in [(0, "tap0"), (1, "tap1"), (2, "tap2")] {
        let path = c.node(unit)?;
        match c.open(path.as_cstr(), O_RDWR) {
            Err(Errno::EBUSY) => check!(unit == 0, "{name} is busy"),
            Err(e) => return Err(e).on(name),
            Ok(fd) => gifname(c, fd, name)?,
        }
    }
    Ok(())
}

fn libtuntap(c: &Ctx) -> Verdict {
    for cloned in [false, true] {
        let (fd, name) = if cloned {
            c.open_clone(O_RDWR)?
        } else {
            c.create("tap0").on("create")?;
            let fd = c.open_unit(0, O_RDWR)?;
            (fd, c.ifname(fd).on("TAPGIFNAME")?)
        };
        gifname(c, fd, name.as_str())?;
        let mut req = Ctx::ifreq(name.as_str());
        c.sys.ioctl(fd, SIOCGIFFLAGS, Out::value(&mut req)).on("SIOCGIFFLAGS on the descriptor")?;
        let mac = [0x54, 0x1a, 0x13, 0xef, 0xb3, 0xb5];
        super::phyaddr::set_phyaddr(c, name.as_str(), AF_LINK as u8, mac).on("SIOCSIFPHYADDR")?;
        let now = super::lifecycle::link_address(c, name.as_str())?;
        check!(now == mac, "the address is {now:x?}");
        c.set_mtu(name.as_str(), 1400).on("mtu 1400")?;
        c.set_up(name.as_str(), true).on("up")?;
        c.close(fd).on("close")?;
        let destroyed = c.destroy(name.as_str());
        if cloned {
            destroyed.fails_with(Errno::ENXIO, "destroy of what close destroyed")?;
        } else {
            destroyed.on("destroy")?;
        }
    }
    Ok(())
}

fn tun_rs(c: &Ctx) -> Verdict {
    c.create("tap4").on("create")?;
    c.create("tap4").fails_with(Errno::EEXIST, "create again, which is fine")?;
    let fd = c.open_unit(4, O_RDWR | O_CLOEXEC)?;
    let flags = c.sys.fcntl(fd, abi::F_GETFD, 0).on("F_GETFD")?;
    check!(flags & abi::FD_CLOEXEC != 0, "F_GETFD says {flags}");
    let mac = [2, 0xff, 1, 2, 3, 4];
    super::phyaddr::set_phyaddr(c, "tap4", AF_LINK as u8, mac).on("SIOCSIFPHYADDR")?;
    c.close(fd).on("close")?;
    c.destroy("tap4").on("destroy")?;
    c.destroy("tap4").fails_with(Errno::ENXIO, "destroy of a vanished name")
}

fn tun_rs_clone(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_CLOEXEC)?;
    gifname(c, fd, name.as_str())?;
    let flags = c.sys.fcntl(fd, abi::F_GETFD, 0).on("F_GETFD")?;
    check!(flags & abi::FD_CLOEXEC != 0, "F_GETFD says {flags}");
    c.close(fd).on("close")?;
    c.destroy(name.as_str()).fails_with(Errno::ENXIO, "destroy of what close destroyed")
}

fn aircrack(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let mut st = Stat::garbage();
    c.sys.fstat(fd, Out::value(&mut st)).on("fstat")?;
    check!(st.mode & S_IFMT == S_IFCHR, "st_mode {:o}", st.mode);
    // devname(3) of st_rdev is the name by which it then asks for the interface.
    let unit = minor(st.rdev);
    let by_rdev: crate::ctx::Name = crate::text::Text::of(format_args!("tap{unit}"));
    check!(by_rdev.as_str() == name.as_str(), "st_rdev says {by_rdev}, TAPGIFNAME {name}");
    c.set_up(name.as_str(), true).on("up")?;
    let mut req = Ctx::ifreq(name.as_str());
    req.data[..8].copy_from_slice(&[16, AF_LINK as u8, 2, 1, 2, 3, 4, 5]);
    check!(c.if_ioctl(SIOCSIFADDR, req).is_err(), "SIOCSIFADDR of AF_LINK on an inet socket");
    c.destroy(name.as_str()).on("destroy before close")?;
    c.close(fd).on("close")?;
    check!(!c.exists(name.as_str()), "{name} is there");
    Ok(())
}

fn libnozzle(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    gifname(c, fd, name.as_str())?;
    c.set_mtu(name.as_str(), 1300).on("mtu")?;
    c.set_up(name.as_str(), true).on("up")?;
    c.set_up(name.as_str(), false).on("down")?;
    c.close(fd).on("close")?;
    c.destroy(name.as_str()).fails_with(Errno::ENXIO, "destroy after close")
}

fn syzkaller(c: &Ctx) -> Verdict {
    // Destroy first, as its set-up does, whether there is one or not.
    c.destroy("tap0").fails_with(Errno::ENXIO, "destroy of nothing")?;
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR | O_NONBLOCK)?;
    super::open::does_not_block(c, fd, "tap0")?;
    let high = c.keep(c.sys.dup2(fd, 61).on("dup2")?);
    c.close(fd).on("close")?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    c.set_up("tap0", true).on("up")?;
    let mut random = super::write::Random(42);
    let mut frame = [0; 1000];
    for _ in 0..200 {
        let n = random.draw() as usize % 1001;
        for byte in &mut frame[..n] {
            *byte = random.draw() as u8;
        }
        let written = c.send(high, &frame[..n]);
        check!(written == Ok(n) || n < 14, "write of {n} bytes: {written:?}");
        match c.sys.read(high, Out::bytes(&mut frame)) {
            Ok(n) => check!(n > 0, "read returned 0"),
            Err(Errno::EAGAIN) => {}
            Err(e) => return Err(e).on("read"),
        }
    }
    Ok(())
}
