// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The queue of frames that wait for a reader: its bound, its counters, and who waits for it.

use crate::abi::{Kev, EVFILT_READ, EV_ADD, EV_CLEAR, EV_EOF, POLLHUP, POLLIN, SIOCZIFDATA};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN};
use crate::net::Live;
use crate::run::set_int;
use crate::sys::{Need, System};
use crate::user::{In, Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "init_again",
                "ether_ioctl: if_init of what runs keeps the queue, and makes no edge",
                init_again,
            )
            .differs(&["F23"])
            .needs(&[Need::Inet]),
            case(
                "queue_maxlen",
                "sysctl net.interfaces.tapN.sndq.maxlen: none, one, fewer than none",
                maxlen,
            )
            .needs(&[Need::Inet]),
            case(
                "queue_maxlen_lowered",
                "a bound below what waits refuses frames, and takes none away",
                lowered,
            )
            .needs(&[Need::Inet]),
            case(
                "queue_long_frames",
                "tap_rs(4): long frames leave three quarters of the queue to others",
                long_ones,
            )
            .added()
            .needs(&[Need::Inet]),
            case(
                "stats_zeroed",
                "SIOCZIFDATA under traffic: no counter goes wrong, and then all count from 0",
                zeroed,
            )
            .differs(&["F20"])
            .needs(&[Need::Inet]),
            case(
                "six_waiters",
                "two readers, two pollers, two kqueues on one descriptor: all are woken",
                six,
            )
            .dangerous(&["F6", "F19"])
            .needs(&[Need::Inet]),
        ]
    }
}

const MAXLEN: &str = "net.interfaces.tap0.sndq.maxlen";

fn bound(c: &Ctx, frames: i32) -> Verdict {
    set_int(c.sys, MAXLEN, frames).on(MAXLEN)
}

/// Has the stack answer so many requests, and gives it the time; how many answers wait.
fn answers(c: &Ctx, live: &Live, requests: u32) -> Fallible<u64> {
    for _ in 0..requests {
        c.send(live.fd, &frames::arp_request(live.net)).on("write of an ARP request")?;
    }
    c.settled_data("tap0")?;
    Ok(c.drain(live.fd)?.0)
}

fn waiting(c: &Ctx, live: &Live, requests: u32, expected: u64) -> Verdict {
    let seen = answers(c, live, requests)?;
    check!(seen == expected, "of {requests} answers {seen} wait, not {expected}");
    Ok(())
}

fn init_again(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let kq = c.keep(c.sys.kqueue().on("kqueue")?);
    let flags = EV_ADD | EV_CLEAR;
    let change = Kev { ident: live.fd as usize, filter: EVFILT_READ, flags, ..Kev::default() };
    let mut events = [Kev::default(); 2];
    c.sys.kevent(kq, &[change], &mut events, 0).on("EV_ADD")?;
    c.provoke(&live)?;
    let n = c.sys.kevent(kq, &[], &mut events, 4000).on("kevent")?;
    check!(n == 1, "{n} events for a frame");
    // Each of these has ether_ioctl call if_init, of an interface that is up and runs.
    c.set_up("tap0", true).on("up, which it is")?;
    c.set_mtu("tap0", 1400).on("mtu 1400")?;
    c.set_mtu("tap0", 1500).on("mtu 1500")?;
    let n = c.sys.kevent(kq, &[], &mut events, 100).on("kevent")?;
    check!(n == 0, "an edge, and no frame has come");
    let mut frame = [0; 2048];
    let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read of the frame that waited")?;
    check!(n == ARP_LEN, "{n} bytes");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let n = c.sys.kevent(kq, &[], &mut events, 4000).on("kevent")?;
    check!(n == 1, "{n} events for the next frame");
    Ok(())
}

fn maxlen(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for (frames, expected) in [(0, 0), (1, 1), (-1, 0), (i32::MIN, 0), (2, 2), (i32::MAX, 5)] {
        bound(c, frames)?;
        waiting(c, &live, 5, expected)?;
    }
    bound(c, crate::abi::IFQ_MAXLEN as i32)?;
    c.greet(&live).map(drop)
}

fn lowered(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for _ in 0..5 {
        c.send(live.fd, &frames::arp_request(1)).on("write of an ARP request")?;
    }
    c.settled_data("tap0")?;
    bound(c, 2)?;
    // Five wait already; what comes now has no room.
    waiting(c, &live, 3, 5)?;
    waiting(c, &live, 3, 2)?;
    bound(c, 0)?;
    waiting(c, &live, 1, 0)?;
    bound(c, crate::abi::IFQ_MAXLEN as i32)?;
    waiting(c, &live, 5, 5)
}

const SENT: u64 = 500;

fn send_and_read(s: System, fd: usize) -> i64 {
    let request = frames::arp_request(1);
    let mut frame = [0; 2048];
    for _ in 0..SENT {
        if s.write(fd as i32, In::bytes(&request)).is_err() {
            return -1;
        }
        s.read(fd as i32, Out::bytes(&mut frame)).unwrap_or(0);
    }
    0
}

fn zero(c: &Ctx) -> Fallible<crate::abi::IfDataReq> {
    let mut req = crate::abi::IfDataReq::zeroed();
    put_name(&mut req.name, "tap0");
    c.sys.ioctl(c.socket, SIOCZIFDATA, Out::value(&mut req)).on("SIOCZIFDATA")?;
    Ok(req)
}

fn zeroed(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.settled_data("tap0")?;
    zero(c)?;
    let thread = c.sys.spawn(send_and_read, live.fd as usize).on("spawn")?;
    let mut sum = 0;
    let value = loop {
        if let Some(value) = c.sys.joined(thread) {
            break value;
        }
        let data = zero(c)?;
        let (frames, bytes) = (data.ipackets.max(data.opackets), data.ibytes);
        check!(frames <= SENT && bytes <= SENT * 60, "{frames} frames, {bytes} bytes at once");
        sum += data.ipackets;
    };
    check!(value == 0, "a write failed");
    sum += c.settled_data("tap0")?.ipackets;
    // A frame that is counted between the kernel's look and its zero is in no sum.
    check!(sum <= SENT, "{SENT} frames were written, {sum} counted");
    c.drain(live.fd)?;
    zero(c)?;
    let seen = answers(c, &live, 10)?;
    let data = c.settled_data("tap0")?;
    check!(data.ipackets == 10 && data.ibytes == 600, "{} frames in", data.ipackets);
    check!(seen == 10 && data.opackets == 10, "{} frames out, {seen} read", data.opackets);
    Ok(())
}

/// Waits for one event; EV_EOF or not.
fn one_event(s: System, fd: usize) -> i64 {
    let Ok(kq) = s.kqueue() else { return -1 };
    let change = Kev { ident: fd, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
    let mut events = [Kev::default(); 1];
    let n = s.kevent(kq, &[change], &mut events, 20_000);
    s.close(kq).unwrap_or(());
    match n {
        Ok(1) => i64::from(events[0].flags & EV_EOF),
        _ => -2,
    }
}

/// Six threads that sleep: readers, pollers and kqueues, two of each.
fn sleepers(c: &Ctx, fd: i32) -> Fallible<[usize; 6]> {
    let jobs: [fn(System, usize) -> i64; 3] =
        [super::read::read_one, super::poll::wait_in, one_event];
    let mut threads = [0; 6];
    for (at, thread) in threads.iter_mut().enumerate() {
        *thread = c.sys.spawn(jobs[at % jobs.len()], fd as usize).on("spawn")?;
    }
    c.settle();
    for thread in threads {
        let early = c.sys.joined(thread);
        check!(early.is_none(), "one of six returned {early:?} before there was a frame");
    }
    Ok(threads)
}

fn six(c: &Ctx) -> Verdict {
    let live = c.live_clone(1)?;
    let result = both_ways(c, &live);
    if result.is_err() {
        // Whoever still sleeps hears of that, and not of a close.
        c.destroy(live.name.as_str()).unwrap_or(());
        c.settle();
    }
    result
}

/// Frames wake the six, and then the interface's end.
fn both_ways(c: &Ctx, live: &Live) -> Verdict {
    let fd = live.fd;
    c.set_nonblocking(fd, false).on("FIONBIO off")?;
    let threads = sleepers(c, fd)?;
    let mut ended = [None; 6];
    let all = c.wait_for(|| {
        // A frame that a reader has taken is one that a poller may have come too late for.
        c.send(fd, &frames::arp_request(1)).unwrap_or(0);
        for (value, thread) in ended.iter_mut().zip(threads) {
            *value = value.or_else(|| c.sys.joined(thread));
        }
        ended.iter().all(Option::is_some)
    });
    check!(all, "frames came, and the six returned {ended:?}");
    all_are(ended, [ARP_LEN as i64, i64::from(POLLIN), 0])?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.settled_data(live.name.as_str())?;
    c.drain(fd)?;
    c.set_nonblocking(fd, false).on("FIONBIO off")?;
    let threads = sleepers(c, fd)?;
    c.destroy(live.name.as_str()).on("destroy under six")?;
    for (value, thread) in ended.iter_mut().zip(threads) {
        *value = Some(c.join(thread, "one of six after destroy")?);
    }
    all_are(ended, [-i64::from(Errno::ENXIO.0), i64::from(POLLHUP), i64::from(EV_EOF)])?;
    c.close(fd).on("close")
}

/// What the six returned, by what they did.
fn all_are(values: [Option<i64>; 6], expected: [i64; 3]) -> Verdict {
    for (at, value) in values.into_iter().enumerate() {
        let expected = expected[at % expected.len()];
        check!(value == Some(expected), "thread {at} of six returned {value:?}, not {expected}");
    }
    Ok(())
}

fn long_ones(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_mtu("tap0", 65521).on("SIOCSIFMTU")?;
    bound(c, 8)?;
    let mut room = [0; 16385];
    for (size, expected) in [(16384, 8), (16385, 2)] {
        let request = &mut room[..size];
        frames::echo_request(request, live.mac, live.net, 1);
        for _ in 0..10 {
            c.send(live.fd, request).on("write of an echo request")?;
            c.settled_data("tap0")?;
        }
        let (waited, _) = c.drain(live.fd)?;
        check!(waited == expected, "of 10 frames of {size} bytes {waited} wait, not {expected}");
    }
    Ok(())
}
