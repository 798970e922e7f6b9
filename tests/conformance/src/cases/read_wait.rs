// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reads that wait for a frame, and several readers at once.

use super::read::{read_one, up_and_empty};
use crate::abi::WAIT_FRAMES;
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN};
use crate::sys::{Need, System};
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("read_blocks_until_frame", "a blocking read gets the frame that comes", blocks)
                .guards(&["F5"])
                .needs(&[Need::Inet]),
            case("read_down_wakes", "stop wakes everybody; EHOSTDOWN", down_wakes),
            case("read_two_readers", "read never returns 0", two_readers)
                .differs(&["F6"])
                .needs(&[Need::Inet]),
            case(
                "read_nonblock_contended",
                "a frame that waits is read, whoever else asks",
                contended,
            )
            .differs(&["F5a"])
            .unseen()
            .guards(&["F7", "F5a"])
            .needs(&[Need::Inet, Need::Smp]),
            case("read_no_lost_wakeup", "a frame for every echo request, many times", wakeups)
                .guards(&["F5"])
                .needs(&[Need::Inet]),
        ]
    }
}

fn blocks(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let thread = c.sys.spawn(read_one, live.fd as usize).on("spawn")?;
    c.settle();
    let early = c.sys.joined(thread);
    check!(early.is_none(), "read returned {early:?} before there was a frame");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let value = c.join(thread, "read")?;
    check!(value == ARP_LEN as i64, "read returned {value}");
    Ok(())
}

fn down_wakes(c: &Ctx) -> Verdict {
    let fd = up_and_empty(c)?;
    let threads = [
        c.sys.spawn(read_one, fd as usize).on("spawn")?,
        c.sys.spawn(read_one, fd as usize).on("spawn")?,
    ];
    c.settle();
    c.set_up("tap0", false).on("down")?;
    for thread in threads {
        let value = c.join(thread, "read after down")?;
        check!(value == -i64::from(Errno::EHOSTDOWN.0), "read returned {value}, not EHOSTDOWN");
    }
    Ok(())
}

fn two_readers(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    for round in 0..10 {
        let threads = [
            c.sys.spawn(read_one, live.fd as usize).on("spawn")?,
            c.sys.spawn(read_one, live.fd as usize).on("spawn")?,
        ];
        c.settle();
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        c.settle();
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        for thread in threads {
            let value = c.join(thread, "read")?;
            check!(value == ARP_LEN as i64, "round {round}: a read returned {value}");
        }
        c.set_nonblocking(live.fd, true).on("FIONBIO")?;
        c.drain(live.fd)?;
        c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    }
    Ok(())
}

fn keep_asking(s: System, fd: usize) -> i64 {
    for _ in 0..60_000 {
        let mut n: i32 = 0;
        if s.ioctl(fd as i32, crate::abi::FIONREAD, Out::value(&mut n)).is_err() {
            return -1;
        }
    }
    0
}

fn contended(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let thread = c.sys.spawn(keep_asking, live.fd as usize).on("spawn")?;
    let mut frame = [0; 2048];
    for _ in 0..600 {
        c.provoke(&live)?;
        c.sys.read(live.fd, Out::bytes(&mut frame)).on("read of a frame that waits")?;
    }
    let value = c.join_long(thread, "FIONREAD in a loop")?;
    check!(value == 0, "FIONREAD failed");
    Ok(())
}

fn read_many(s: System, fd: usize) -> i64 {
    let mut frame = [0; 256];
    let mut answers = 0;
    while answers < WAIT_FRAMES {
        match s.read(fd as i32, Out::bytes(&mut frame)) {
            Ok(0) => return 0,
            Ok(n) => answers += i64::from(n == ARP_LEN && frame[21] == 2),
            Err(e) => return -i64::from(e.0),
        }
    }
    answers
}

fn wakeups(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let thread = c.sys.spawn(read_many, live.fd as usize).on("spawn")?;
    // At most twenty on their way at once: the stack's own queue for ARP takes fifty.
    for i in 0..WAIT_FRAMES {
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        if i % 20 == 19 {
            let waited = c.wait_for(|| c.data("tap0").is_ok_and(|d| d.opackets as i64 > i));
            check!(waited, "the stack answered fewer than {i} requests");
        }
    }
    let value = c.join(thread, "reader of many frames")?;
    check!(value == WAIT_FRAMES, "the reader returned {value}");
    Ok(())
}
