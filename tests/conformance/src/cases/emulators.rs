// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Emulators of machines, whose network cards are taps.
//!
//! As in [`super::clients`] each case is named after its program, and does what that one does.

use crate::abi::{
    IfReq, FIOASYNC, F_SETOWN, IFF_UP, O_RDWR, POLLERR, POLLIN, POLLOUT, POLLWRNORM, SIOCDIFADDR,
    SIOCGIFFLAGS, SIOCSIFFLAGS,
};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::net::Live;
use crate::sys::Need;
use crate::text::Text;
use crate::user::{In, Out};

use super::clients::gifname;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "client_usermode",
                "NetBSD/usermode: SIGIO before there is an owner, and after",
                usermode,
            )
            .differs(&["F25"])
            .unseen()
            .needs(&[Need::Inet]),
            case("client_klh10", "KLH10: bridged, and destroyed while open", klh10)
                .dangerous(&["F19"])
                .needs(&[Need::Bridge]),
            case("client_xm6", "XM6 TypeG: poll, then read of a full frame", xm6)
                .needs(&[Need::Inet]),
            case(
                "client_1984",
                "1984: modload if_tap, a node of its own, then unprivileged",
                nineteen_eighty_four,
            )
            .guards(&["F44"])
            .needs(&[Need::Inet, Need::Privilege]),
        ]
    }
}

/// What its signal handler does: reads all there is, each frame as long as FIONREAD says.
fn take_all(c: &Ctx, fd: i32) -> crate::case::Fallible<u32> {
    let mut frame = [0; 2048];
    let mut taken = 0;
    loop {
        let len = super::ioctl_fd::fionread(c, fd).on("FIONREAD")?;
        if len == 0 {
            return Ok(taken);
        }
        let n = c.sys.read(fd, Out::bytes(&mut frame[..len as usize])).on("read")?;
        check!(n == len as usize, "FIONREAD said {len}, read gave {n}");
        taken += 1;
    }
}

/// What it does before it sends.
fn may_write(c: &Ctx, fd: i32) -> Verdict {
    let mut fds = [crate::abi::PollFd { fd, events: POLLOUT | POLLWRNORM, revents: 0 }];
    let found = c.sys.poll(&mut fds, 0).on("poll")?;
    check!(found == 1, "poll for writing gives {found}");
    check!(fds[0].revents == POLLOUT, "poll for writing says {:#x}", fds[0].revents);
    Ok(())
}

fn usermode(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    c.set_up("tap0", true).on("up")?;
    c.sys.sigio_watch(false).on("sigaction")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let mut on: i32 = 1;
    c.sys.ioctl(fd, FIOASYNC, Out::value(&mut on)).on("FIOASYNC before there is an owner")?;
    let live = Live { fd, name: Text::of(format_args!("tap0")), mac: [0; 6], net: 1 };
    c.greet(&live)?;
    c.provoke(&live)?;
    c.settle();
    let early = c.sys.sigio_take();
    check!(early.count == 0, "{} signals before there was an owner", early.count);
    c.sys.fcntl(fd, F_SETOWN, c.sys.getpid() as usize).on("F_SETOWN")?;
    take_all(c, fd)?;
    for round in 0..20 {
        c.settle();
        c.sys.sigio_take();
        take_all(c, fd)?;
        may_write(c, fd)?;
        c.send(fd, &frames::arp_request(1)).on("write")?;
        let came = c.wait_for(|| c.sys.sigio_take().count > 0);
        check!(came, "round {round}: no signal for a frame");
        let taken = take_all(c, fd)?;
        check!(taken > 0, "round {round}: a signal, and no frame");
    }
    c.settle();
    Ok(())
}

/// SIOCGIFFLAGS, and SIOCSIFFLAGS if it is not up.
fn iff_up(c: &Ctx, name: &str) -> Verdict {
    let mut req = c.if_ioctl(SIOCGIFFLAGS, Ctx::ifreq(name)).on("SIOCGIFFLAGS")?;
    if req.data[0] & IFF_UP as u8 == 0 {
        req.data[0] |= IFF_UP as u8;
        c.if_ioctl(SIOCSIFFLAGS, req).on("SIOCSIFFLAGS")?;
    }
    Ok(())
}

fn klh10(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.create("tap0").fails_with(Errno::EEXIST, "create again, which is fine")?;
    iff_up(c, "tap0")?;
    let fd = c.open_unit(0, O_RDWR)?;
    gifname(c, fd, "tap0")?;
    // A bare ifreq: the first address, of which a new interface has none.
    let first = c.if_ioctl(SIOCDIFADDR, Ctx::ifreq("tap0")).map(drop);
    first.fails_with(Errno::EADDRNOTAVAIL, "SIOCDIFADDR of a new interface")?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    c.if_ioctl(SIOCDIFADDR, Ctx::ifreq("tap0")).on("SIOCDIFADDR of the only address")?;
    iff_up(c, "tap0")?;
    c.fresh("bridge77")?;
    super::foreign::bridge(c, crate::abi::BRDGADD, "tap0").on("BRDGADD")?;
    c.set_up("bridge77", true).on("bridge up")?;
    let mut frame = [0; 1514];
    frames::plain(&mut frame, frames::BROADCAST);
    let n = c.send(fd, &frame).on("write")?;
    check!(n == frame.len(), "write returned {n}");
    // It destroys both on its way out, and only its exit closes the descriptor.
    c.destroy("bridge77").on("destroy of the bridge")?;
    c.destroy("tap0").on("destroy with the descriptor open")?;
    c.close(fd).on("close")?;
    check!(!c.exists("tap0"), "tap0 is there after all");
    Ok(())
}

fn xm6(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let name = name.as_str();
    gifname(c, fd, name)?;
    let mac = super::lifecycle::link_address(c, name)?;
    // It asks before every frame that it might read, from the start: down, then up.
    let asks = || c.poll_one(fd, POLLIN | POLLERR, 0);
    check!(asks() == 0, "poll says {:#x} while down", asks());
    c.inet(name, 1).on("SIOCAIFADDR")?;
    c.set_up(name, true).on("up")?;
    let live = Live { fd, name: Text::of(format_args!("{name}")), mac, net: 1 };
    let seen = c.greet(&live)?;
    check!(seen == mac, "ARP answers {seen:x?}, the interface is {mac:x?}");
    check!(asks() == 0, "poll says {:#x} with nothing waiting", asks());
    let mut frame = [0; 1514];
    frames::echo_request(&mut frame, mac, 1, 5);
    c.send(fd, &frame).on("write of a full frame")?;
    check!(c.wait_for(|| asks() == POLLIN), "poll says {:#x} of a full answer", asks());
    let n = c.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
    check!(n == 1514 && frames::is_echo_reply(&frame, 5), "{n} bytes, not the whole answer");
    c.close(fd).on("close")?;
    check!(!c.exists(name), "{name} outlived its descriptor");
    Ok(())
}

fn nineteen_eighty_four(c: &Ctx) -> Verdict {
    // `modload if_tap || true`: beside this driver the other one must not load.
    if c.sys.has(Need::StockFile) {
        super::module::refuses_stock(c, "modload if_tap")?;
    }
    c.create("tap0").on("create")?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    c.set_up("tap0", true).on("up")?;
    let path = c.node(0)?;
    c.sys.chown(path.as_cstr(), 1).on("chown")?;
    c.sys.seteuid(1).on("seteuid")?;
    let used = by_anybody(c, path.as_cstr());
    c.sys.seteuid(0).on("seteuid back")?;
    used
}

/// What an unprivileged user may do who may open the node.
fn by_anybody(c: &Ctx, path: &core::ffi::CStr) -> Verdict {
    let fd = c.open(path, O_RDWR).on("open by another user")?;
    gifname(c, fd, "tap0")?;
    let live = Live { fd, name: Text::of(format_args!("tap0")), mac: [0; 6], net: 1 };
    let mac = c.greet(&live)?;
    check!(mac[..3] == [0xf2, 0x0b, 0xa4], "ARP answers {mac:x?}");
    let mut req: IfReq = Ctx::ifreq("tap0");
    req.data[..2].copy_from_slice(&0_i16.to_ne_bytes());
    c.if_ioctl(SIOCSIFFLAGS, req).map(drop).fails_with(Errno::EPERM, "down by another user")?;
    c.destroy("tap0").fails_with(Errno::EPERM, "destroy by another user")?;
    let mut frame = [0; 60];
    frames::plain(&mut frame, frames::BROADCAST);
    c.sys.write(fd, In::bytes(&frame)).on("write by another user")?;
    c.close(fd).on("close")
}
