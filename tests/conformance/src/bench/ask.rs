// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Questions: FIONREAD, poll(2), kevent(2), each with a frame waiting and without.

use super::{work, Tally, Workload};
use crate::abi::{Kev, PollFd, EVFILT_READ, EV_ADD, FIONREAD, POLLIN};
use crate::case::{Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::frames::ARP_LEN;
use crate::net::Live;
use crate::user::Out;

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("getpid", "getpid, a system call that does nothing", getpid),
            work("fionread", "FIONREAD, a frame waiting", fionread::<true>).grows(),
            work("fionread_empty", "FIONREAD, nothing waiting", fionread::<false>),
            work("poll", "poll, a frame waiting", poll::<true>).grows(),
            work("poll_empty", "poll without waiting, nothing there", poll::<false>),
            work("kevent", "kevent, a frame waiting", kevent::<true>).grows(),
            work("kevent_empty", "kevent without waiting, nothing there", kevent::<false>),
            work("node_fionread", "FIONREAD on a node, a frame waiting", node_fionread),
            work("node_poll", "poll on a node, a frame waiting", node_poll),
        ]
    }
}

fn getpid(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    while t.again() {
        let pid = t.count(|| c.sys.getpid());
        check!(pid > 0, "process {pid}");
    }
    Ok(())
}

/// An interface of the cloning node with a frame waiting, or none.
fn live(c: &Ctx, waiting: bool) -> Fallible<Live> {
    let live = c.live_clone(1)?;
    if waiting {
        c.provoke(&live)?;
    }
    Ok(live)
}

fn node(c: &Ctx, t: &Tally<'_>) -> Fallible<Live> {
    let live = c.live(t.unit(), 1)?;
    c.provoke(&live)?;
    Ok(live)
}

fn fionread_on(c: &Ctx, fd: i32, waiting: bool, t: &mut Tally<'_>) -> Verdict {
    while t.again() {
        let mut bytes: i32 = -1;
        t.count(|| c.sys.ioctl(fd, FIONREAD, Out::value(&mut bytes))).on("FIONREAD")?;
        let expected = if waiting { ARP_LEN as i32 } else { 0 };
        check!(bytes == expected, "FIONREAD says {bytes} instead of {expected}");
    }
    Ok(())
}

fn fionread<const WAITING: bool>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    fionread_on(c, live(c, WAITING)?.fd, WAITING, t)
}

fn node_fionread(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    fionread_on(c, node(c, t)?.fd, true, t)
}

fn poll_on(c: &Ctx, fd: i32, waiting: bool, t: &mut Tally<'_>) -> Verdict {
    while t.again() {
        let mut fds = [PollFd { fd, events: POLLIN, revents: 0 }];
        let n = t.count(|| c.sys.poll(&mut fds, 0)).on("poll")?;
        check!(n == usize::from(waiting), "poll says {n}");
    }
    Ok(())
}

fn poll<const WAITING: bool>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    poll_on(c, live(c, WAITING)?.fd, WAITING, t)
}

fn node_poll(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    poll_on(c, node(c, t)?.fd, true, t)
}

fn kevent<const WAITING: bool>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, WAITING)?;
    let kq = watch(c, live.fd)?;
    while t.again() {
        let mut events = [Kev::default()];
        let n = t.count(|| c.sys.kevent(kq, &[], &mut events, 0)).on("kevent")?;
        check!(n == usize::from(WAITING), "{n} events");
    }
    Ok(())
}

/// A queue with a read event on a descriptor.
pub fn watch(c: &Ctx, fd: i32) -> Fallible<i32> {
    let kq = c.keep(c.sys.kqueue().on("kqueue")?);
    let change = Kev { ident: fd as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
    c.sys.kevent(kq, &[change], &mut [], 0).on("EV_ADD")?;
    Ok(kq)
}
