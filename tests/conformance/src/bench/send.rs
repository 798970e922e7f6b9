// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames that the stack sends: to nobody, to a descriptor that nobody waits on, and to one that
//! somebody sleeps on in one way or another.
//!
//! Where somebody sleeps, a thread takes each frame and sleeps again. Whether it does so before the
//! sender's call returns is the kernel's choice, and part of the count if so.

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use super::{ask, work, Tally, Workload};
use crate::abi::{Kev, PollFd, BIOCSDIRECTION, BIOCSETIF, BPF_D_IN, O_RDWR, POLLIN};
use crate::case::{Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::frames::{self, PEER_MAC};
use crate::net::Live;
use crate::sys::{encode, Need, System};
use crate::text::Text;
use crate::user::Out;

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("bpf_60_closed", "60 B sent through bpf, node closed", closed)
                .needs(&[Need::Inet, Need::Bpf]),
            work("bpf_60_open", "the same, node open, nobody waits", open_bpf)
                .needs(&[Need::Inet, Need::Bpf]),
            work("send_60_open", "60 B of UDP sent, nobody waits", open::<60>).grows(),
            work("send_1514_open", "1514 B of UDP sent, nobody waits", open::<1514>),
            work("send_60_knote", "60 B of UDP sent, a knote there, nobody sleeps", knote),
            work("send_60_read", "60 B of UDP sent, a thread sleeps in read", to::<READ>)
                .rounds(101),
            work("send_60_poll", "60 B of UDP sent, a thread sleeps in poll", to::<POLL>)
                .rounds(101),
            work("send_60_kevent", "60 B of UDP sent, a thread sleeps in kevent", to::<KEVENT>)
                .rounds(101),
        ]
    }
}

const UDP_HEADERS: usize = 42;

fn counted_send(c: &Ctx, fd: i32, length: usize, t: &mut Tally<'_>) -> Verdict {
    let payload = [0x5a; 1500];
    t.count(|| c.send(fd, &payload[..length - UDP_HEADERS])).on("a datagram").map(drop)
}

/// One frame waits, and is taken away.
fn take(c: &Ctx, live: &Live, length: usize) -> Verdict {
    let mut frame = [0; 2048];
    let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
    check!(n == length, "a frame of {n} bytes instead of {length}");
    Ok(())
}

/// Sends through bpf(4): the stack sends nothing of its own accord over an interface without link.
fn through_bpf(c: &Ctx, live: &Live) -> Fallible<i32> {
    let bpf = c.open(c"/dev/bpf", O_RDWR).on("/dev/bpf")?;
    let mut req = Ctx::ifreq(live.name.as_str());
    c.sys.ioctl(bpf, BIOCSETIF, Out::value(&mut req)).on("BIOCSETIF")?;
    // It has no eye for what goes out, so that it costs the driver's bpf_mtap little.
    let mut direction = BPF_D_IN;
    c.sys.ioctl(bpf, BIOCSDIRECTION, Out::value(&mut direction)).on("BIOCSDIRECTION")?;
    Ok(bpf)
}

fn closed(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live(t.unit(), 1)?;
    let bpf = through_bpf(c, &live)?;
    c.close(live.fd).on("close")?;
    // The stack is told of the lost link later, in a thread of its own.
    c.settled_data(live.name.as_str())?;
    let before = ended(c, &live)?;
    let mut frame = [0; 60];
    frames::plain(&mut frame, PEER_MAC);
    let mut sent = 0;
    while t.again() {
        t.count(|| c.send(bpf, &frame)).on("write on bpf")?;
        sent += 1;
    }
    let seen = ended(c, &live)? - before;
    check!(seen >= sent, "the driver has seen {seen} of {sent} frames");
    Ok(())
}

fn open_bpf(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live(t.unit(), 1)?;
    let bpf = through_bpf(c, &live)?;
    let mut frame = [0; 60];
    frames::plain(&mut frame, PEER_MAC);
    while t.again() {
        t.count(|| c.send(bpf, &frame)).on("write on bpf")?;
        take(c, &live, 60)?;
    }
    Ok(())
}

/// Frames that the driver was given: counted as drops, or as sent, as the C driver has it.
fn ended(c: &Ctx, live: &Live) -> Fallible<u64> {
    let data = c.data(live.name.as_str())?;
    let name: Text<64> = Text::of(format_args!("net.interfaces.{}.sndq.drops", live.name));
    let mut drops: u64 = 0;
    c.sys.sysctl_get(name.as_str(), Out::value(&mut drops)).on(name.as_str())?;
    Ok(drops + data.opackets + data.oerrors)
}

fn open<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    while t.again() {
        counted_send(c, sender, N, t)?;
        take(c, &live, N)?;
    }
    Ok(())
}

fn knote(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let kq = ask::watch(c, live.fd)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    while t.again() {
        counted_send(c, sender, 60, t)?;
        let mut events = [Kev::default()];
        let n = c.sys.kevent(kq, &[], &mut events, 0).on("kevent")?;
        check!(n == 1, "{n} events");
        take(c, &live, 60)?;
        // The knote leaves the queue of the ready ones when it is asked with nothing there.
        let n = c.sys.kevent(kq, &[], &mut events, 0).on("kevent")?;
        check!(n == 0, "{n} events with nothing there");
    }
    Ok(())
}

const READ: u8 = 0;
const POLL: u8 = 1;
const KEVENT: u8 = 2;

/// What the thread that takes the frames is told, and tells.
struct Taker {
    fd: AtomicI32,
    kq: AtomicI32,
    taken: AtomicU32,
    stop: AtomicBool,
}

static TAKER: Taker = Taker {
    fd: AtomicI32::new(-1),
    kq: AtomicI32::new(-1),
    taken: AtomicU32::new(0),
    stop: AtomicBool::new(false),
};

/// Sleeps until there is a frame, in the given way, and takes it.
fn take_one(sys: System, how: u8) -> crate::errno::Result<usize> {
    let fd = TAKER.fd.load(Ordering::Relaxed);
    match how {
        POLL => {
            sys.poll(&mut [PollFd { fd, events: POLLIN, revents: 0 }], -1)?;
        }
        KEVENT => {
            let kq = TAKER.kq.load(Ordering::Relaxed);
            sys.kevent(kq, &[], &mut [Kev::default()], -1)?;
        }
        _ => {}
    }
    sys.read(fd, Out::bytes(&mut [0; 2048]))
}

fn taker(sys: System, how: usize) -> i64 {
    loop {
        match take_one(sys, how as u8) {
            Ok(_) => TAKER.taken.fetch_add(1, Ordering::Relaxed),
            failed => return encode(failed),
        };
        if TAKER.stop.load(Ordering::Relaxed) {
            return 0;
        }
    }
}

/// Waits until the thread has taken so many frames, and gives it time to sleep again.
fn taken(c: &Ctx, wanted: u32) -> Verdict {
    let done = c.wait_for(|| TAKER.taken.load(Ordering::Relaxed) >= wanted);
    check!(done, "a frame was not taken");
    c.sys.sleep_ms(1);
    Ok(())
}

fn to<const HOW: u8>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    let thread = start_taker(c, &live, HOW)?;
    let mut sent = 0;
    while t.again() {
        counted_send(c, sender, 60, t)?;
        sent += 1;
        taken(c, sent)?;
    }
    TAKER.stop.store(true, Ordering::Relaxed);
    c.send(sender, &[0; 18]).on("the last datagram")?;
    let ended = c.join(thread, "the thread that takes")?;
    check!(ended == 0, "the thread that takes: errno {}", -ended);
    Ok(())
}

fn start_taker(c: &Ctx, live: &Live, how: u8) -> Fallible<usize> {
    c.set_nonblocking(live.fd, how != READ).on("FIONBIO")?;
    let kq = if how == KEVENT { ask::watch(c, live.fd)? } else { -1 };
    TAKER.fd.store(live.fd, Ordering::Relaxed);
    TAKER.kq.store(kq, Ordering::Relaxed);
    TAKER.taken.store(0, Ordering::Relaxed);
    TAKER.stop.store(false, Ordering::Relaxed);
    let thread = c.sys.spawn(taker, usize::from(how)).on("a thread")?;
    c.settle();
    Ok(thread)
}
