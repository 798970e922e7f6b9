// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctls of a descriptor.

use crate::abi::{
    self, IfReq, FIOASYNC, FIOGETOWN, FIONBIO, FIONREAD, FIOSETOWN, OTAPGIFNAME, O_RDWR,
    SIOCGIFADDR, SIOCGIFFLAGS, TAPGIFNAME, TIOCGPGRP, TIOCSPGRP, TUNSIFHEAD, TUNSIFMODE,
    UNKNOWN_IOCTL,
};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames::ARP_LEN;
use crate::sys::Need;
use crate::user::{Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("fionread", "tap(4): the length of the first frame, 0 when none", waiting)
                .guards(&["F21"])
                .needs(&[Need::Inet]),
            case("enotty", "an unknown ioctl is ENOTTY", unknown).guards(&["F1"]),
            case("ioctl_efault", "ioctl(2) with a bad address", efault),
            case(
                "tapgifname_guard_bytes",
                "rr: guard bytes around the argument; zero-filled",
                guarded,
            )
            .guards(&["F37"]),
            case("tapgifname_node", "tap(4): TAPGIFNAME on a node", on_node),
            case("owner_set_get", "FIOSETOWN and FIOGETOWN; TIOCSPGRP and TIOCGPGRP", owner),
            case(
                "owner_absent_process",
                "fsetown(9): no such process is ESRCH, no such group EINVAL",
                no_process,
            ),
            case("close_resets_owner", "the owner ends with close", owner_reset).differs(&["F12"]),
            case(
                "courtesy_siocgifflags",
                "libtuntap: SIOCGIFFLAGS on the descriptor succeeds",
                flags,
            )
            .added(),
            case("courtesy_siocgifaddr", "tinc: SIOCGIFADDR has room for six bytes", address)
                .guards(&["F47"])
                .added(),
            case("otapgifname", "TAPGIFNAME of programs for NetBSD 4 and before", old_name).added(),
            case(
                "ioctl_after_destroy",
                "Linux tun_deleted: every ioctl after deletion fails",
                deleted,
            )
            .dangerous(&["F22"]),
            case("ioctl_storm", "any command, any argument bytes, guard bytes kept", storm),
        ]
    }
}

/// FIONREAD.
pub fn fionread(c: &Ctx, fd: i32) -> Result<i32> {
    let mut n: i32 = -1;
    c.sys.ioctl(fd, FIONREAD, Out::value(&mut n))?;
    Ok(n)
}

fn waiting(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let n = fionread(c, live.fd).on("FIONREAD")?;
    check!(n == 0, "{n} with nothing waiting");
    c.provoke(&live)?;
    let n = fionread(c, live.fd).on("FIONREAD")?;
    check!(n == ARP_LEN as i32, "{n} with an ARP reply waiting");
    let mut frame = [0; 2048];
    let read = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
    check!(read as i32 == n, "FIONREAD said {n}, read gave {read}");
    let n = fionread(c, live.fd).on("FIONREAD")?;
    check!(n == 0, "{n} after the frame was read");
    Ok(())
}

/// A node's descriptor and a cloned one.
fn both(c: &Ctx) -> Fallible<[i32; 2]> {
    c.create("tap0").on("create")?;
    let node = c.open_unit(0, O_RDWR)?;
    let (clone, _) = c.open_clone(O_RDWR)?;
    Ok([node, clone])
}

fn unknown(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        for cmd in
            [UNKNOWN_IOCTL, TUNSIFMODE, TUNSIFHEAD, abi::SIOCIFDESTROY, 0, u64::from(u32::MAX)]
        {
            let mut req = IfReq::zeroed();
            let result = c.sys.ioctl(fd, cmd, Out::value(&mut req));
            result.fails_with(Errno::ENOTTY, "an unknown ioctl")?;
        }
        c.ifname(fd).on("TAPGIFNAME afterwards")?;
    }
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        for cmd in [TAPGIFNAME, FIONREAD, FIONBIO, FIOASYNC, FIOSETOWN, FIOGETOWN] {
            c.sys
                .ioctl(fd, cmd, Out::bad(8))
                .fails_with(Errno::EFAULT, "ioctl with a bad address")?;
        }
    }
    Ok(())
}

/// An ifreq between guard bytes.
#[repr(C)]
#[derive(Clone, Copy)]
struct Guarded {
    before: [u8; 64],
    req: IfReq,
    after: [u8; 64],
}
// SAFETY: bytes only.
unsafe impl Plain for Guarded {}

fn guarded(c: &Ctx) -> Verdict {
    for (fd, expected) in both(c)?.into_iter().zip(["tap0", "tap1"]) {
        let mut guarded = Guarded::garbage();
        c.sys.ioctl(fd, TAPGIFNAME, Out::value(&mut guarded.req)).on("TAPGIFNAME")?;
        let name = &guarded.req.name;
        check!(name[..4] == *expected.as_bytes(), "the name is {:x?}", &name[..5]);
        check!(name[4..].iter().all(|&b| b == 0), "the field is not zero-filled: {:x?}", name);
        let kept = |bytes: &[u8]| bytes.iter().all(|&b| b == 0xa5);
        check!(kept(&guarded.before) && kept(&guarded.after), "guard bytes were written");
    }
    Ok(())
}

fn on_node(c: &Ctx) -> Verdict {
    c.create("tap12").on("create")?;
    let fd = c.open_unit(12, O_RDWR)?;
    let name = c.ifname(fd).on("TAPGIFNAME")?;
    check!(name.as_str() == "tap12", "the name is {name}");
    Ok(())
}

fn get(c: &Ctx, fd: i32, cmd: u64) -> Result<i32> {
    let mut value: i32 = 0x5a5a_5a5a;
    c.sys.ioctl(fd, cmd, Out::value(&mut value))?;
    Ok(value)
}

fn set(c: &Ctx, fd: i32, cmd: u64, value: i32) -> Result<()> {
    let mut value = value;
    c.sys.ioctl(fd, cmd, Out::value(&mut value)).map(drop)
}

fn owner(c: &Ctx) -> Verdict {
    let me = c.sys.getpid();
    for fd in both(c)? {
        let none = get(c, fd, FIOGETOWN).on("FIOGETOWN")?;
        check!(none == 0, "a fresh descriptor is owned by {none}");
        set(c, fd, FIOSETOWN, me).on("FIOSETOWN")?;
        let now = get(c, fd, FIOGETOWN).on("FIOGETOWN")?;
        check!(now == me, "FIOGETOWN gives {now}, not {me}");
        // The two families name one owner, with opposite signs.
        let group = get(c, fd, TIOCGPGRP).on("TIOCGPGRP")?;
        check!(group == -me, "TIOCGPGRP gives {group}, not {}", -me);
        set(c, fd, FIOSETOWN, 0).on("FIOSETOWN 0")?;
        let now = get(c, fd, FIOGETOWN).on("FIOGETOWN")?;
        check!(now == 0, "FIOGETOWN gives {now} after clearing");
        let fcntl = c.sys.fcntl(fd, abi::F_SETOWN, me as usize);
        fcntl.on("F_SETOWN")?;
        let now = c.sys.fcntl(fd, abi::F_GETOWN, 0).on("F_GETOWN")?;
        check!(now == me, "F_GETOWN gives {now}, not {me}");
    }
    Ok(())
}

fn no_process(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        let result = set(c, fd, FIOSETOWN, 29_999);
        result.fails_with(Errno::ESRCH, "FIOSETOWN of no process")?;
        let result = set(c, fd, TIOCSPGRP, 29_999);
        result.fails_with(Errno::EINVAL, "TIOCSPGRP of no group")?;
    }
    Ok(())
}

fn owner_reset(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    set(c, fd, FIOSETOWN, c.sys.getpid()).on("FIOSETOWN")?;
    c.close(fd).on("close")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let now = get(c, fd, FIOGETOWN).on("FIOGETOWN")?;
    check!(now == 0, "the next opener's descriptor is owned by {now}");
    Ok(())
}

fn flags(c: &Ctx) -> Verdict {
    let fds = both(c)?;
    for (fd, name) in fds.into_iter().zip(["tap0", "tap1"]) {
        c.set_up(name, true).on("up")?;
        let mut req = Ctx::ifreq(name);
        c.sys.ioctl(fd, SIOCGIFFLAGS, Out::value(&mut req)).on("SIOCGIFFLAGS on the descriptor")?;
        let seen = i16::from_ne_bytes([req.data[0], req.data[1]]);
        let flags = c.flags(name).on("SIOCGIFFLAGS on a socket")?;
        check!(seen == flags, "the descriptor says {seen:#x}, the socket {flags:#x}");
    }
    Ok(())
}

fn address(c: &Ctx) -> Verdict {
    let fd = c.open_clone(O_RDWR)?.0;
    let mac = super::lifecycle::link_address(c, "tap0")?;
    only_octets(c, fd, mac)
}

/// SIOCGIFADDR on a descriptor, into the six bytes that tinc has for it: what the kernel copies out
/// beyond them must be what stood there.
pub(super) fn only_octets(c: &Ctx, fd: i32, mac: [u8; 6]) -> Verdict {
    let mut guarded = Guarded::garbage();
    c.sys.ioctl(fd, SIOCGIFADDR, Out::value(&mut guarded)).on("SIOCGIFADDR on the descriptor")?;
    let (octets, behind) = guarded.as_bytes().split_at(6);
    check!(octets == mac, "{octets:x?} instead of the address {mac:x?}");
    check!(behind.iter().all(|&b| b == 0xa5), "more than six bytes were written");
    Ok(())
}

fn old_name(c: &Ctx) -> Verdict {
    for (fd, expected) in both(c)?.into_iter().zip(["tap0", "tap1"]) {
        let mut guarded = Guarded::garbage();
        c.sys.ioctl(fd, OTAPGIFNAME, Out::value(&mut guarded)).on("the old TAPGIFNAME")?;
        // The kernel's own buffer is zero-filled, and copied out whole.
        let (req, behind) = guarded.as_bytes().split_at(32);
        check!(&req[..4] == expected.as_bytes(), "the name is {:x?}", &req[..16]);
        check!(req[4..].iter().all(|&b| b == 0), "it is not zero-filled: {req:x?}");
        check!(behind.iter().all(|&b| b == 0xa5), "more than a name was written");
    }
    Ok(())
}

fn deleted(c: &Ctx) -> Verdict {
    let [node, clone] = both(c)?;
    c.destroy("tap0").on("destroy of the node's")?;
    c.destroy("tap1").on("destroy of the clone's")?;
    let commands = [
        TAPGIFNAME,
        FIONREAD,
        FIOGETOWN,
        TIOCGPGRP,
        SIOCGIFFLAGS,
        FIONBIO,
        FIOASYNC,
        UNKNOWN_IOCTL,
    ];
    for cmd in commands {
        let mut req = IfReq::zeroed();
        // FIONBIO and FIOASYNC are noted by the descriptor layer, but the driver's answer counts.
        let result = c.sys.ioctl(clone, cmd, Out::value(&mut req));
        result.fails_with(Errno::ENXIO, "ioctl on a cloned descriptor after destroy")?;
        let result = c.sys.ioctl(node, cmd, Out::value(&mut req));
        check!(result.is_err(), "ioctl {cmd:#x} on a node succeeded after destroy");
    }
    Ok(())
}

fn storm(c: &Ctx) -> Verdict {
    let fds = both(c)?;
    c.sys.sigio_watch(false).on("sigaction")?;
    let mut random = super::write::Random(7);
    let known =
        [FIONREAD, FIONBIO, FIOASYNC, FIOGETOWN, TIOCGPGRP, TAPGIFNAME, SIOCGIFFLAGS, SIOCGIFADDR];
    for round in 0..3000 {
        let mut guarded = Guarded::garbage();
        for byte in &mut guarded.req.data {
            *byte = random.draw() as u8;
        }
        let size = u64::from(random.draw()) % 145;
        let direction =
            [0x2000_0000, 0x4000_0000, 0x8000_0000, 0xc000_0000][random.draw() as usize % 4];
        let group = [b'e', b'f', b't', b'i', b'T'][random.draw() as usize % 5];
        let made_up =
            direction | (size << 16) | (u64::from(group) << 8) | u64::from(random.draw() % 128);
        let cmd =
            if round % 3 == 0 { known[random.draw() as usize % known.len()] } else { made_up };
        let fd = fds[round % 2];
        // Whatever the answer, it must not touch what surrounds its argument.
        c.sys.ioctl(fd, cmd, Out::value(&mut guarded.req)).unwrap_or(0);
        let kept = |bytes: &[u8]| bytes.iter().all(|&b| b == 0xa5);
        check!(kept(&guarded.before) && kept(&guarded.after), "{cmd:#x} wrote past its argument");
    }
    for (fd, expected) in fds.into_iter().zip(["tap0", "tap1"]) {
        let name = c.ifname(fd).on("TAPGIFNAME after the storm")?;
        check!(name.as_str() == expected, "{expected} became {name}");
    }
    Ok(())
}
