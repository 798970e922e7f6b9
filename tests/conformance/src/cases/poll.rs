// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2) and select(2).

use crate::abi::{O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, WAIT_FRAMES};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::sys::{Need, System};
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("poll_edges", "POLLIN when a frame waits, not otherwise", edges)
                .needs(&[Need::Inet]),
            case("poll_out_always", "POLLOUT always while alive", out),
            case("poll_wakes", "a sleeping poll wakes with the frame", wakes)
                .guards(&["F5"])
                .needs(&[Need::Inet]),
            case("poll_down_sleeps", "while down a poll sleeps on, no POLLHUP", down),
            case("poll_down_with_frame", "down with frames queued: not readable", down_with_frame)
                .guards(&["F24"])
                .needs(&[Need::Inet]),
            case(
                "down_up_wakes",
                "after down and up with an unread frame pollers wake again",
                down_up,
            )
            .guards(&["F23"])
            .needs(&[Need::Inet]),
            case("poll_no_lost_wakeup", "look and record under one lock", no_lost)
                .differs(&["F5a"])
                .unseen()
                .needs(&[Need::Inet]),
            case("select_read", "ZeroTier: select, then a blocking read", select)
                .needs(&[Need::Inet]),
            case("destroy_while_polling", "POLLHUP when gone", destroyed).dangerous(&["F19"]),
            case(
                "poll_for_the_end",
                "poll of no events, a frame waiting: woken by the end alone",
                for_the_end,
            )
            .dangerous(&["F19"])
            .needs(&[Need::Inet]),
            case(
                "poll_beside_another",
                "a poller who wants other events takes nobody's wake-up",
                beside_another,
            )
            .dangerous(&["F19"])
            .needs(&[Need::Inet]),
            case("poll_after_destroy", "POLLHUP when gone, at once", after_destroy)
                .dangerous(&["F19"]),
        ]
    }
}

fn edges(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let both = POLLIN | POLLRDNORM;
    let seen = c.poll_one(live.fd, both, 0);
    check!(seen == 0, "revents {seen:#x} with nothing waiting");
    c.provoke(&live)?;
    let seen = c.poll_one(live.fd, both, 0);
    check!(seen == both, "revents {seen:#x} with a frame waiting");
    let seen = c.poll_one(live.fd, POLLIN, 0);
    check!(seen == POLLIN, "revents {seen:#x}: only what was asked");
    c.drain(live.fd)?;
    let seen = c.poll_one(live.fd, both, 0);
    check!(seen == 0, "revents {seen:#x} after the frame was read");
    Ok(())
}

fn out(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let seen = c.poll_one(fd, POLLOUT | POLLIN, 0);
    check!(seen == POLLOUT, "revents {seen:#x} while down");
    c.set_up("tap0", true).on("up")?;
    let seen = c.poll_one(fd, POLLOUT, -1);
    check!(seen == POLLOUT, "revents {seen:#x} while up");
    Ok(())
}

/// Waits for events for as long as it takes; revents.
fn wait(s: System, fd: usize, events: i16) -> i64 {
    let mut fds = [crate::abi::PollFd { fd: fd as i32, events, revents: 0 }];
    match s.poll(&mut fds, 20_000) {
        Ok(0) => 0,
        Ok(_) => i64::from(fds[0].revents),
        Err(e) => -i64::from(e.0),
    }
}

/// A thread's work: [`wait`] for POLLIN.
pub fn wait_in(s: System, fd: usize) -> i64 {
    wait(s, fd, POLLIN)
}

/// A thread's work: [`wait`] for what is always reported, and nothing else.
fn wait_end(s: System, fd: usize) -> i64 {
    wait(s, fd, 0)
}

fn for_the_end(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let thread = c.sys.spawn(wait_end, live.fd as usize).on("spawn")?;
    c.settle();
    let early = c.sys.joined(thread);
    check!(early.is_none(), "poll of no events returned {early:?}");
    c.destroy("tap0").on("destroy under a poll")?;
    let revents = c.join(thread, "poll of no events")?;
    check!(revents != 0, "poll slept through the end");
    Ok(())
}

fn beside_another(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let first = c.sys.spawn(wait_end, live.fd as usize).on("spawn")?;
    c.settle();
    for _ in 0..3 {
        let second = c.sys.spawn(wait_in, live.fd as usize).on("spawn")?;
        c.settle();
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        let revents = c.join(second, "poll beside another")?;
        check!(revents == i64::from(POLLIN), "revents {revents:#x}");
        c.greet(&live)?;
    }
    let early = c.sys.joined(first);
    check!(early.is_none(), "poll of no events returned {early:?}");
    c.destroy("tap0").on("destroy")?;
    c.join(first, "poll of no events").map(drop)
}

fn wakes(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let threads = [
        c.sys.spawn(wait_in, live.fd as usize).on("spawn")?,
        c.sys.spawn(wait_in, live.fd as usize).on("spawn")?,
    ];
    c.settle();
    for thread in threads {
        let early = c.sys.joined(thread);
        check!(early.is_none(), "poll returned {early:?} before there was a frame");
    }
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    for thread in threads {
        let revents = c.join(thread, "poll")?;
        check!(revents == i64::from(POLLIN), "revents {revents:#x}");
    }
    Ok(())
}

fn down(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let seen = c.poll_one(fd, POLLIN, 100);
    check!(seen == 0, "revents {seen:#x} while down");
    c.set_up("tap0", true).on("up")?;
    c.set_up("tap0", false).on("down")?;
    let seen = c.poll_one(fd, POLLIN, 100);
    check!(seen == 0, "revents {seen:#x} while down again");
    Ok(())
}

fn down_with_frame(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    c.set_up("tap0", false).on("down")?;
    let seen = c.poll_one(live.fd, POLLIN, 50);
    check!(seen == 0, "revents {seen:#x} although read must say EHOSTDOWN");
    let mut frame = [0; 2048];
    c.sys.read(live.fd, Out::bytes(&mut frame)).fails_with(Errno::EHOSTDOWN, "read while down")
}

fn down_up(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for round in 0..3 {
        c.provoke(&live)?;
        c.set_up("tap0", false).on("down")?;
        c.set_up("tap0", true).on("up")?;
        let thread = c.sys.spawn(wait_in, live.fd as usize).on("spawn")?;
        c.settle();
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        let revents = c.join(thread, "poll after down and up")?;
        check!(revents == i64::from(POLLIN), "round {round}: revents {revents:#x}");
        c.greet(&live)?;
    }
    Ok(())
}

fn no_lost(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let mut frame = [0; 2048];
    for i in 0..WAIT_FRAMES {
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        let seen = c.poll_one(live.fd, POLLIN, 8000);
        check!(seen == POLLIN, "no wake-up for frame {i}");
        c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
    }
    Ok(())
}

fn select(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    check!(!c.sys.select_read(live.fd, 50).on("select")?, "readable with nothing waiting");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    check!(c.sys.select_read(live.fd, 4000).on("select")?, "select slept through a frame");
    Ok(())
}

fn destroyed(c: &Ctx) -> Verdict {
    for cloned in [false, true] {
        let (fd, name) = if cloned {
            c.open_clone(O_RDWR)?
        } else {
            c.create("tap0").on("create")?;
            let fd = c.open_unit(0, O_RDWR)?;
            (fd, c.ifname(fd).on("TAPGIFNAME")?)
        };
        c.set_up(name.as_str(), true).on("up")?;
        let thread = c.sys.spawn(wait_in, fd as usize).on("spawn")?;
        c.settle();
        c.destroy(name.as_str()).on("destroy under a poll")?;
        let revents = c.join(thread, "poll after destroy")? as i16;
        let gone = revents & (POLLHUP | POLLERR | crate::abi::POLLNVAL) != 0;
        check!(gone, "revents {revents:#x} after destroy");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn after_destroy(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.destroy(name.as_str()).on("destroy")?;
    let revents = c.poll_one(fd, POLLIN, 2000);
    check!(revents & POLLHUP != 0, "revents {revents:#x} after destroy");
    Ok(())
}
