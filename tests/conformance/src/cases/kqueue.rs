// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kevent(2).

use crate::abi::{
    Kev, EVFILT_READ, EVFILT_VNODE, EVFILT_WRITE, EV_ADD, EV_CLEAR, EV_DELETE, EV_DISABLE,
    EV_ENABLE, EV_EOF, EV_ERROR, EV_ONESHOT, O_RDWR,
};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames::{self, ARP_LEN};
use crate::sys::{Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("kqueue_read", "EVFILT_READ with the frame's length in data", read)
                .needs(&[Need::Inet]),
            case("kqueue_write", "EVFILT_WRITE always", write).guards(&["F9"]),
            case("kqueue_write_beside_read", "a write knote is not on the read list", beside)
                .guards(&["F9"])
                .needs(&[Need::Inet]),
            case("kqueue_clear", "EV_CLEAR edges exact", clear)
                .guards(&["F23"])
                .needs(&[Need::Inet]),
            case(
                "kqueue_clear_down_up",
                "EV_CLEAR edges after down and up with an unread frame",
                clear_down_up,
            )
            .differs(&["F23"])
            .needs(&[Need::Inet]),
            case("kqueue_oneshot", "EV_ONESHOT reports once", oneshot).needs(&[Need::Inet]),
            case("kqueue_disable", "EV_DISABLE keeps quiet, EV_ENABLE tells", disable)
                .needs(&[Need::Inet]),
            case("kqueue_other_filter", "other filters are EINVAL", other),
            case("kqueue_wakes", "a sleeping kevent wakes with the frame", wakes)
                .differs(&["F26"])
                .needs(&[Need::Inet]),
            case("kqueue_close_descriptor", "close takes the knote away", closed),
            case(
                "kqueue_close_first",
                "the queue may be closed before the descriptor",
                queue_first,
            ),
            case("kqueue_eof", "EV_EOF when gone", eof).dangerous(&["F19"]),
            case("kqueue_eof_sleeping", "destroy under a sleeping kevent: EV_EOF", eof_sleeping)
                .dangerous(&["F19"]),
            case(
                "kqueue_knote_survives",
                "a knote survives the interface without freed memory",
                survives,
            )
            .dangerous(&["F19"]),
        ]
    }
}

fn queue(c: &Ctx) -> Fallible<i32> {
    Ok(c.keep(c.sys.kqueue().on("kqueue")?))
}

fn change(c: &Ctx, kq: i32, fd: i32, filter: u32, flags: u32) -> Result<()> {
    let change = Kev { ident: fd as usize, filter, flags, udata: 0x1234, ..Kev::default() };
    c.sys.kevent(kq, &[change], &mut [], 0).map(drop)
}

/// One event, if there is one within the time.
fn event(c: &Ctx, kq: i32, ms: i32) -> Fallible<Option<Kev>> {
    let mut events = [Kev::default(); 4];
    let n = c.sys.kevent(kq, &[], &mut events, ms).on("kevent")?;
    check!(n < 2, "{n} events for one knote");
    check!(n == 0 || events[0].flags & EV_ERROR == 0, "EV_ERROR, {}", events[0].data);
    Ok((n == 1).then_some(events[0]))
}

fn none(c: &Ctx, kq: i32, when: &str) -> Verdict {
    let seen = event(c, kq, 50)?;
    check!(seen.is_none(), "an event {when}");
    Ok(())
}

fn some(c: &Ctx, kq: i32, when: &str) -> Fallible<Kev> {
    let seen = event(c, kq, 6000)?;
    seen.ok_or_else(|| crate::case::Failure::of(format_args!("no event {when}")))
}

fn read(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
    none(c, kq, "with nothing waiting")?;
    c.provoke(&live)?;
    for _ in 0..2 {
        let e = some(c, kq, "with a frame waiting")?;
        check!(e.data == ARP_LEN as i64, "data {}", e.data);
        check!(e.flags & EV_EOF == 0, "EV_EOF on a living interface");
        check!(e.ident == live.fd as usize && e.udata == 0x1234, "not this knote's event");
    }
    c.drain(live.fd)?;
    none(c, kq, "after the frame was read")?;
    change(c, kq, live.fd, EVFILT_READ, EV_DELETE).on("EV_DELETE")?;
    c.provoke(&live)?;
    none(c, kq, "after EV_DELETE")
}

fn write(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let kq = queue(c)?;
    change(c, kq, fd, EVFILT_WRITE, EV_ADD).on("EV_ADD")?;
    for _ in 0..2 {
        some(c, kq, "for writing")?;
    }
    c.set_up("tap0", true).on("up")?;
    some(c, kq, "for writing while up").map(drop)
}

fn beside(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let (reads, writes) = (queue(c)?, queue(c)?);
    change(c, writes, live.fd, EVFILT_WRITE, EV_ADD | EV_CLEAR).on("EV_ADD write")?;
    change(c, reads, live.fd, EVFILT_READ, EV_ADD | EV_CLEAR).on("EV_ADD read")?;
    some(c, writes, "for writing")?;
    c.provoke(&live)?;
    none(c, writes, "for writing, of a frame that came")?;
    change(c, writes, live.fd, EVFILT_WRITE, EV_DELETE).on("EV_DELETE write")?;
    some(c, reads, "for reading").map(drop)
}

fn clear(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD | EV_CLEAR).on("EV_ADD")?;
    for _ in 0..3 {
        // No poll(2) on the way: whoever tells pollers might tell knotes only then.
        c.send(live.fd, &frames::arp_request(1)).on("write of an ARP request")?;
        some(c, kq, "for a frame")?;
        none(c, kq, "for the same frame")?;
        c.drain(live.fd)?;
        none(c, kq, "with nothing waiting")?;
    }
    Ok(())
}

fn clear_down_up(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD | EV_CLEAR).on("EV_ADD")?;
    c.provoke(&live)?;
    some(c, kq, "for the first frame")?;
    c.set_up("tap0", false).on("down")?;
    c.set_up("tap0", true).on("up")?;
    // Whatever down and up reported is not what is asked here.
    event(c, kq, 0)?;
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    some(c, kq, "for a frame after down and up").map(drop)
}

fn oneshot(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD | EV_ONESHOT).on("EV_ADD")?;
    c.provoke(&live)?;
    some(c, kq, "for a frame")?;
    none(c, kq, "after the one shot")?;
    change(c, kq, live.fd, EVFILT_READ, EV_DELETE).fails_with(Errno::ENOENT, "EV_DELETE after it")
}

fn disable(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
    change(c, kq, live.fd, EVFILT_READ, EV_DISABLE).on("EV_DISABLE")?;
    c.provoke(&live)?;
    none(c, kq, "while disabled")?;
    change(c, kq, live.fd, EVFILT_READ, EV_ENABLE).on("EV_ENABLE")?;
    some(c, kq, "once enabled").map(drop)
}

fn other(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDWR)?;
    let kq = queue(c)?;
    let result = change(c, kq, fd, EVFILT_VNODE, EV_ADD);
    result.fails_with(Errno::EINVAL, "EVFILT_VNODE")
}

fn wait_event(s: System, kq: usize) -> i64 {
    let mut events = [Kev::default(); 1];
    match s.kevent(kq as i32, &[], &mut events, 20_000) {
        Ok(0) => 0,
        Ok(_) => i64::from(events[0].flags & EV_EOF) << 16 | 1,
        Err(e) => -i64::from(e.0),
    }
}

const EOF: i64 = (EV_EOF as i64) << 16;

fn wakes(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = queue(c)?;
    change(c, kq, live.fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
    let thread = c.sys.spawn(wait_event, kq as usize).on("spawn")?;
    c.settle();
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let value = c.join(thread, "kevent")?;
    check!(value == 1, "kevent returned {value:#x}");
    Ok(())
}

fn closed(c: &Ctx) -> Verdict {
    let kq = queue(c)?;
    for _ in 0..20 {
        let (fd, name) = c.open_clone(O_RDWR)?;
        change(c, kq, fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
        change(c, kq, fd, EVFILT_WRITE, EV_ADD | EV_CLEAR).on("EV_ADD")?;
        c.close(fd).on("close")?;
        check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    }
    none(c, kq, "from a closed descriptor")
}

fn queue_first(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    for _ in 0..20 {
        let kq = queue(c)?;
        change(c, kq, fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
        c.close(kq).on("close of the queue")?;
    }
    c.set_up(name.as_str(), true).on("up")?;
    c.close(fd).on("close")
}

fn eof(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let kq = queue(c)?;
    change(c, kq, fd, EVFILT_READ, EV_ADD).on("EV_ADD")?;
    c.destroy(name.as_str()).on("destroy")?;
    let e = some(c, kq, "after destroy")?;
    check!(e.flags & EV_EOF != 0, "flags {:#x} without EV_EOF", e.flags);
    change(c, kq, fd, EVFILT_READ, EV_DELETE).on("EV_DELETE after destroy")
}

fn eof_sleeping(c: &Ctx) -> Verdict {
    for flags in [EV_ADD, EV_ADD | EV_CLEAR] {
        let (fd, name) = c.open_clone(O_RDWR)?;
        let kq = queue(c)?;
        change(c, kq, fd, EVFILT_READ, flags).on("EV_ADD")?;
        let thread = c.sys.spawn(wait_event, kq as usize).on("spawn")?;
        c.settle();
        c.destroy(name.as_str()).on("destroy under a kevent")?;
        let value = c.join(thread, "kevent after destroy")?;
        check!(value & EOF != 0, "kevent returned {value:#x}, no EV_EOF");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn survives(c: &Ctx) -> Verdict {
    let kq = queue(c)?;
    for round in 0..10 {
        let fd = if round % 2 == 0 {
            c.open_clone(O_RDWR)?.0
        } else {
            c.create("tap0").on("create")?;
            c.open_unit(0, O_RDWR)?
        };
        let name = c.ifname(fd).on("TAPGIFNAME")?;
        change(c, kq, fd, EVFILT_READ, EV_ADD).on("EV_ADD read")?;
        change(c, kq, fd, EVFILT_WRITE, EV_ADD | EV_CLEAR).on("EV_ADD write")?;
        c.destroy(name.as_str()).on("destroy")?;
        // The name's successor must not wake the old knotes, nor they touch it.
        c.create(name.as_str()).on("create of a successor")?;
        let mut events = [Kev::default(); 2];
        let n = c.sys.kevent(kq, &[], &mut events, 6000).on("kevent")?;
        let ended = events[..n].iter().all(|e| e.flags & EV_EOF != 0);
        check!(n > 0 && ended, "{n} events after destroy, or one without EV_EOF");
        change(c, kq, fd, EVFILT_READ, EV_DELETE).on("EV_DELETE read")?;
        c.close(fd).on("close")?;
        c.destroy(name.as_str()).on("destroy of the successor")?;
    }
    Ok(())
}
