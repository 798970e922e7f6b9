// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPRECV that waits: for its first frame alone, and what ends that.

use super::signals::signal_often;
use crate::abi::{SIGIO, SIGKILL};
use crate::batch::{in_order, places, receive};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::net::Live;
use crate::sys::{encode, Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_waits_for_one", "tap_rs(4): waits for its first frame only", one)
                .added()
                .needs(&[Need::Inet]),
            case("batch_no_wait", "tap_rs(4): never waits where a frame is", no_wait)
                .added()
                .needs(&[Need::Inet]),
            case("batch_two_readers", "two that wait get a frame each", two)
                .added()
                .needs(&[Need::Inet]),
            case("batch_eintr", "tap_rs(4): a caught signal ends the sleep, EINTR", eintr)
                .added()
                .needs(&[Need::Process, Need::Inet]),
            case("batch_restarts", "sigaction(2): with SA_RESTART it goes on", restarts)
                .added()
                .needs(&[Need::Process, Need::Inet]),
            case("batch_destroy_wakes", "destroy wakes a TAPRECV", destroy)
                .added()
                .needs(&[Need::Inet]),
            case("batch_down_wakes", "down wakes a TAPRECV", down).added().needs(&[Need::Inet]),
        ]
    }
}

/// A thread's work: one TAPRECV of eight places.
fn receive_eight(s: System, fd: usize) -> i64 {
    let mut rooms = [[0; 128]; 8];
    encode(receive(s, fd as i32, &mut places(&mut rooms)))
}

/// So many threads that wait for frames.
fn asleep<const N: usize>(c: &Ctx, live: &Live) -> Fallible<[usize; N]> {
    c.settled_data(live.name.as_str())?;
    c.drain(live.fd)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let mut threads = [0; N];
    for thread in &mut threads {
        *thread = c.sys.spawn(receive_eight, live.fd as usize).on("spawn")?;
    }
    c.settle();
    for thread in threads {
        let early = c.sys.joined(thread);
        check!(early.is_none(), "TAPRECV returned {early:?} before there was a frame");
    }
    Ok(threads)
}

fn one(c: &Ctx) -> Verdict {
    for live in [c.live(0, 1)?, c.live_clone(2)?] {
        let [thread] = asleep(c, &live)?;
        c.send(live.fd, &frames::arp_request(live.net)).on("write")?;
        let done = c.join(thread, "TAPRECV of one frame in eight places")?;
        check!(done == 1, "TAPRECV returned {done}");
        c.set_up(live.name.as_str(), false).on("down")?;
    }
    Ok(())
}

fn no_wait(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.drain(live.fd)?;
    c.replies(&live, 0..5)?;
    let waiting = i64::from(c.queued("tap0")?);
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let thread = c.sys.spawn(receive_eight, live.fd as usize).on("spawn")?;
    let done = c.join(thread, "TAPRECV of five frames in eight places")?;
    check!(done == waiting, "TAPRECV returned {done} with {waiting} waiting");
    Ok(())
}

fn two(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for round in 0..10 {
        let threads: [usize; 2] = asleep(c, &live)?;
        for _ in threads {
            c.send(live.fd, &frames::arp_request(1)).on("write")?;
            c.settle();
        }
        for thread in threads {
            let done = c.join(thread, "one of two that wait")?;
            check!(done == 1, "round {round}: TAPRECV returned {done}");
        }
        c.set_nonblocking(live.fd, true).on("FIONBIO")?;
    }
    Ok(())
}

/// What a child says of its TAPRECV: how many, or 100 and an errno.
fn status(s: System, fd: usize, restart: bool) -> i32 {
    if s.sigio_watch(restart).is_err() {
        return 99;
    }
    let mut rooms = [[0; 128]; 8];
    let mut entries = places(&mut rooms);
    match receive(s, fd as i32, &mut entries) {
        Ok(done) => match in_order(&rooms, &entries[..done], &mut 0) {
            Ok(()) => done as i32,
            Err(_) => 98,
        },
        Err(e) => 100 + e.0,
    }
}

fn child(s: System, fd: usize) -> i32 {
    status(s, fd, false)
}

fn child_that_restarts(s: System, fd: usize) -> i32 {
    status(s, fd, true)
}

fn eintr(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let pid = c.sys.fork(child, live.fd as usize).on("fork")?;
    let ended = signal_often(c, pid, 100)?;
    if ended.is_none() {
        c.sys.kill(pid, SIGKILL).on("kill")?;
    }
    check!(ended == Some(100 + Errno::EINTR.0), "TAPRECV ended with {ended:?}");
    // A signal after the first frame ends nothing: what came is returned.
    c.replies(&live, 0..3)?;
    let waiting = c.queued("tap0")?;
    let pid = c.sys.fork(child, live.fd as usize).on("fork")?;
    c.sys.kill(pid, SIGIO).unwrap_or(());
    let ended = super::passing::ended(c, pid)?;
    check!(ended == waiting, "TAPRECV ended with {ended}, {waiting} frames were waiting");
    c.set_nonblocking(live.fd, true).on("FIONBIO")?;
    c.greet(&live).map(drop)
}

fn restarts(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.drain(live.fd)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let pid = c.sys.fork(child_that_restarts, live.fd as usize).on("fork")?;
    let early = signal_often(c, pid, 8)?;
    check!(early.is_none(), "TAPRECV ended with {early:?} although it is to be restarted");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let ended = super::passing::ended(c, pid)?;
    check!(ended == 1, "TAPRECV ended with {ended}");
    Ok(())
}

fn destroy(c: &Ctx) -> Verdict {
    for live in [c.live(0, 1)?, c.live_clone(2)?] {
        let threads: [usize; 2] = asleep(c, &live)?;
        c.destroy(live.name.as_str()).on("destroy")?;
        for thread in threads {
            let done = c.join(thread, "TAPRECV of what is destroyed")?;
            check!(done == -i64::from(Errno::ENXIO.0), "TAPRECV returned {done}, not ENXIO");
        }
    }
    Ok(())
}

fn down(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let threads: [usize; 2] = asleep(c, &live)?;
    c.set_up("tap0", false).on("down")?;
    for thread in threads {
        let done = c.join(thread, "TAPRECV of what is down")?;
        check!(done == -i64::from(Errno::EHOSTDOWN.0), "TAPRECV returned {done}, not EHOSTDOWN");
    }
    Ok(())
}
