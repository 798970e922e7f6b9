// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces that go with the close of their device, or stay, as they were told.

use crate::abi::{Kev, EVFILT_READ, EV_ADD, EV_EOF, LINK_STATE_DOWN, LINK_STATE_UP};
use crate::abi::{O_RDWR, TAPGTRANSIENT, TAPSTRANSIENT};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames;
use crate::sys::{Need, System};
use crate::user::{Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("transient_default", "tap_rs(4): 1 after an open of /dev/tap, 0 of a node", first)
                .added(),
            case("transient_argument", "an int, and no byte more; any number but 0 is 1", argument)
                .added(),
            case("transient_gone", "what is gone has no such setting", gone).added(),
            case("transient_stays", "a cloned interface stays when told to, its link down", stays)
                .added(),
            case(
                "transient_stays_whole",
                "what stayed is opened, used, destroyed and unloaded like any other",
                whole,
            )
            .added()
            .needs(&[Need::Inet]),
            case("transient_goes", "a node's interface goes when told to, with all of it", goes)
                .guards(&["F48"])
                .added(),
        ]
    }
}

/// TAPGTRANSIENT.
pub fn get(s: System, fd: i32) -> Result<i32> {
    let mut value = -1;
    s.ioctl(fd, TAPGTRANSIENT, Out::value(&mut value)).map(|_| value)
}

/// TAPSTRANSIENT.
pub fn set(s: System, fd: i32, value: i32) -> Result<()> {
    let mut value = value;
    s.ioctl(fd, TAPSTRANSIENT, Out::value(&mut value)).map(drop)
}

/// Says what the interface of a descriptor is to do at the close, which must be what it then says.
pub fn tell(c: &Ctx, fd: i32, value: i32) -> Verdict {
    set(c.sys, fd, value).on("TAPSTRANSIENT")?;
    let now = get(c.sys, fd).on("TAPGTRANSIENT")?;
    check!(now == value, "TAPGTRANSIENT says {now} instead of {value}");
    Ok(())
}

/// tap0, made by name, and open; it goes with the close.
pub fn going(c: &Ctx) -> Fallible<i32> {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    tell(c, fd, 1)?;
    Ok(fd)
}

/// The thread that destroys it comes soon.
pub fn goes_soon(c: &Ctx, after: &str) -> Verdict {
    let gone = c.wait_for(|| !c.exists("tap0"));
    check!(gone, "tap0 outlived {after}");
    Ok(())
}

fn first(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let node = c.open_unit(0, O_RDWR)?;
    let (clone, _) = c.open_clone(O_RDWR)?;
    for (fd, wanted) in [(node, 0), (clone, 1)] {
        let value = get(c.sys, fd).on("TAPGTRANSIENT")?;
        check!(value == wanted, "{value} instead of {wanted}");
    }
    c.close(node).on("close of the node")?;
    check!(c.exists("tap0"), "tap0 went with its node, untold");
    c.close(clone).on("close of the clone")?;
    check!(!c.exists("tap1"), "tap1 outlived its descriptor, untold");
    Ok(())
}

/// An int between guard bytes.
#[repr(C)]
#[derive(Clone, Copy)]
struct Guarded {
    before: [u8; 64],
    value: i32,
    after: [u8; 64],
}
// SAFETY: bytes only.
unsafe impl Plain for Guarded {}

fn argument(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDWR)?;
    for (value, wanted) in [(0, 0), (1, 1), (0, 0), (2, 1), (-1, 1), (i32::MIN, 1), (0, 0)] {
        let mut guarded = Guarded::garbage();
        guarded.value = value;
        c.sys.ioctl(fd, TAPSTRANSIENT, Out::value(&mut guarded.value)).on("TAPSTRANSIENT")?;
        check!(guarded.value == value, "TAPSTRANSIENT changed its argument");
        c.sys.ioctl(fd, TAPGTRANSIENT, Out::value(&mut guarded.value)).on("TAPGTRANSIENT")?;
        check!(guarded.value == wanted, "{value} set, {} got", guarded.value);
        let kept = |bytes: &[u8]| bytes.iter().all(|&b| b == 0xa5);
        check!(kept(&guarded.before) && kept(&guarded.after), "guard bytes were written");
    }
    for command in [TAPSTRANSIENT, TAPGTRANSIENT] {
        let bad = c.sys.ioctl(fd, command, Out::bad(8));
        bad.fails_with(Errno::EFAULT, "a bad address")?;
        // The same command with an argument of two bytes.
        let short = c.sys.ioctl(fd, command & !0x1fff_0000 | 2 << 16, Out::bytes(&mut [1; 2]));
        short.fails_with(Errno::ENOTTY, "an argument of two bytes")?;
    }
    let now = get(c.sys, fd).on("TAPGTRANSIENT")?;
    check!(now == 0, "a refused TAPSTRANSIENT set it to {now}");
    Ok(())
}

fn gone(c: &Ctx) -> Verdict {
    let node = going(c)?;
    let (clone, name) = c.open_clone(O_RDWR)?;
    tell(c, clone, 0)?;
    c.destroy("tap0").on("destroy of the node's")?;
    c.destroy(name.as_str()).on("destroy of the clone's")?;
    for result in [get(c.sys, clone).map(drop), set(c.sys, clone, 1)] {
        result.fails_with(Errno::ENXIO, "on a cloned descriptor after destroy")?;
    }
    for result in [get(c.sys, node).map(drop), set(c.sys, node, 1)] {
        check!(result.is_err(), "it succeeds on a node after destroy");
    }
    // The closes have nothing to destroy, and above all not what came after.
    c.create("tap0").on("create of a successor")?;
    c.create(name.as_str()).on("create of a successor")?;
    let index = c.index("tap0").on("SIOCGIFINDEX")?;
    c.close(node).on("close of the node")?;
    c.close(clone).on("close of the clone")?;
    c.settle();
    check!(c.index("tap0") == Ok(index), "the close of a dead node took the successor along");
    check!(c.exists(name.as_str()), "so did that of a dead clone");
    Ok(())
}

fn stays(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    tell(c, fd, 0)?;
    let index = c.index(name.as_str()).on("SIOCGIFINDEX")?;
    let is = |state| c.wait_for(|| c.data(name.as_str()).is_ok_and(|d| d.link_state == state));
    check!(is(LINK_STATE_UP), "link is not up while open");
    c.close(fd).on("close")?;
    check!(c.index(name.as_str()) == Ok(index), "{name} went although it was told to stay");
    check!(is(LINK_STATE_DOWN), "link is not down after close");
    // Another one takes the next number.
    let (fd, other) = c.open_clone(O_RDWR)?;
    check!(other.as_str() == "tap1", "{other} beside {name}");
    c.close(fd).on("close")?;
    check!(!c.exists(other.as_str()), "{other} stays because another one did");
    c.destroy(name.as_str()).on("destroy")
}

fn whole(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    tell(c, fd, 0)?;
    c.close(fd).on("close")?;
    c.unload().fails_with(Errno::EBUSY, "unload with an interface that stayed")?;
    check!(c.exists(name.as_str()), "{name} went with a refused unload");
    // Its node leads to it, and does not take it along.
    for _ in 0..2 {
        let fd = c.open_unit(0, O_RDWR)?;
        let value = get(c.sys, fd).on("TAPGTRANSIENT")?;
        check!(value == 0, "its node begins with {value}");
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        // With no memory for an answer there is none to wait for.
        c.set_nonblocking(fd, true).on("FIONBIO")?;
        c.send(fd, &frames::arp_request(1)).on("write")?;
        check!(c.readable(fd, 1000), "no answer");
        let mut frame = [0; 2048];
        c.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
        c.close(fd).on("close")?;
        check!(c.exists("tap0"), "it went with its node, untold");
    }
    c.destroy("tap0").on("destroy")?;
    super::module::unloads(c, "after an interface that stayed")
}

fn goes(c: &Ctx) -> Verdict {
    for round in 0..10 {
        let fd = going(c)?;
        c.set_up("tap0", true).on("up")?;
        let kq = c.keep(c.sys.kqueue().on("kqueue")?);
        let other = c.sys.dup2(fd, 60).map(|fd| c.keep(fd)).on("dup2")?;
        let read =
            Kev { ident: other as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
        c.sys.kevent(kq, &[read], &mut [], 0).on("EV_ADD")?;
        if round % 2 == 0 {
            c.close(other).on("close")?;
            c.close(fd).on("close")?;
        } else {
            c.destroy("tap0").on("destroy from outside")?;
            let mut end = [Kev::default()];
            let count = c.sys.kevent(kq, &[], &mut end, 0).on("kevent")?;
            check!(count == 1 && end[0].flags & EV_EOF != 0, "no end for a knote");
            c.close(other).on("close")?;
            c.close(fd).on("close")?;
        }
        goes_soon(c, "the close of its node")?;
        c.close(kq).on("close of the queue")?;
    }
    super::module::unloads(c, "after interfaces that went with their node")
}
