// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND: frames as the program gives them, in their order, up to the first with an error.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::abi::offload::{TapFrame, BATCH_MAX, TAPSEND};
use crate::abi::O_RDWR;
use crate::batch::{batch_at, send, ECHO};
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, BROADCAST, LONGEST};
use crate::sys::{Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_send_order", "tap_rs(4): frames are passed up in order", order)
                .added()
                .needs(&[Need::Inet]),
            case("batch_send_gather", "tap_rs(4): a frame may be in many pieces", gather)
                .added()
                .needs(&[Need::Inet]),
            case("batch_send_longest", "tap_rs(4): a frame of 1024 entries", longest).added(),
            case("batch_send_stops", "tap_rs(4): stops at a frame with an error", stops).added(),
            case("batch_send_many", "tap_rs(4): 256 frames at a time are not lost", many).added(),
            case("batch_send_long_ones", "tap_rs(4): nor are 64 long ones", long_ones).added(),
            case("batch_changed", "an array that somebody changes meanwhile", changed).added(),
        ]
    }
}

fn order(c: &Ctx) -> Verdict {
    c.keep_order()?;
    let live = c.live(0, 1)?;
    let before = c.settled_data("tap0")?;
    let mut rooms = [[0; ECHO]; 40];
    for (number, room) in rooms.iter_mut().enumerate() {
        frames::echo_request(room, live.mac, live.net, number as u16);
    }
    let mut entries = rooms.each_ref().map(|room| TapFrame::of(room));
    let given = entries;
    let done = send(c.sys, live.fd, &mut entries).on("TAPSEND")?;
    check!(done == 40 && entries == given, "TAPSEND used {done} of 40, or changed its array");
    let after = c.settled_data("tap0")?;
    let seen = (after.ipackets - before.ipackets, after.ibytes - before.ibytes);
    check!(seen == (40, 40 * ECHO as u64), "{seen:?} frames and bytes are counted of 40");
    c.receive_replies(live.fd, 0, 40)
}

fn gather(c: &Ctx) -> Verdict {
    c.keep_order()?;
    let live = c.live(0, 1)?;
    let mut frame = [0; ECHO];
    for (number, piece) in [1, 2, 3, 4, 6, 13, 14, 15, 30, 59].into_iter().enumerate() {
        let number = number as u16 * 2;
        // Two frames a call, so that the second shows where the first ended.
        let mut second = [0; ECHO];
        frames::echo_request(&mut frame, live.mac, live.net, number);
        frames::echo_request(&mut second, live.mac, live.net, number + 1);
        let mut entries = [TapFrame::of(&second); 2 * ECHO + 2];
        let mut count = 0;
        for part in frame.chunks(piece) {
            // A piece of nothing is one too.
            entries[count] = TapFrame::of(&part[..0]).more();
            entries[count + 1] = TapFrame::of(part).more();
            count += 2;
        }
        entries[count - 1].flags = 0;
        let done = send(c.sys, live.fd, &mut entries[..count + 1]).on("TAPSEND")?;
        check!(done == count + 1, "TAPSEND used {done} of {} entries", count + 1);
        c.settled_data("tap0")?;
    }
    c.receive_replies(live.fd, 0, 20)
}

fn longest(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; BATCH_MAX];
    frames::plain(&mut frame, BROADCAST);
    let mut entries = [TapFrame::of(&frame); BATCH_MAX];
    for (entry, byte) in entries.iter_mut().zip(&frame) {
        *entry = TapFrame::of(core::slice::from_ref(byte)).more();
    }
    entries[BATCH_MAX - 1].flags = 0;
    let done = send(c.sys, fd, &mut entries).on("TAPSEND")?;
    check!(done == BATCH_MAX, "TAPSEND used {done}");
    let after = c.settled_data("tap0")?;
    let seen = (after.ipackets - before.ipackets, after.ibytes - before.ibytes);
    check!(seen == (1, BATCH_MAX as u64), "{seen:?} frames and bytes are counted of one");
    Ok(())
}

static TOO_LONG: [u8; LONGEST + 1] = [0xff; LONGEST + 1];

fn stops(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let mut frame = [0; ECHO];
    frames::plain(&mut frame, BROADCAST);
    let good = TapFrame::of(&frame);
    let edge = c.sys.edge();
    for (bad, errno) in [
        (TapFrame::of(&frame[..13]), Errno::EINVAL),
        (TapFrame::of(&frame[..0]), Errno::EINVAL),
        (TapFrame::of(&TOO_LONG), Errno::EMSGSIZE),
        (TapFrame::at(8, u32::MAX as usize), Errno::EMSGSIZE),
        (TapFrame::at(8, 60), Errno::EFAULT),
        (TapFrame::at(edge - 59, 60), Errno::EFAULT),
        (TapFrame::at(usize::MAX - 20, 60), Errno::EFAULT),
    ] {
        for at in [0, 1, 15, 16, 19] {
            let before = c.settled_data("tap0")?;
            let mut entries = [good; 20];
            entries[at] = bad;
            let done = send(c.sys, fd, &mut entries);
            if at == 0 {
                check!(done == Err(errno), "TAPSEND of {bad:?} first: {done:?}");
            } else {
                check!(done == Ok(at), "TAPSEND of {bad:?} at {at}: {done:?}");
            }
            let after = c.settled_data("tap0")?;
            let seen = (after.ipackets - before.ipackets) as usize;
            check!(seen == at, "{seen} frames went up before {bad:?} at {at}");
            check!(after.ierrors == before.ierrors, "ierrors rose");
        }
    }
    // The frame with the error is of two entries: neither of them is used up.
    let mut entries = [good, good.more(), TapFrame::at(8, 1), good];
    let done = send(c.sys, fd, &mut entries);
    check!(done == Ok(1), "TAPSEND of a frame whose second entry is bad: {done:?}");
    Ok(())
}

/// Sends so many frames of a length in one call, and gives what came up.
fn at_once(c: &Ctx, fd: i32, count: usize, frame: &[u8]) -> Fallible<u64> {
    let before = c.settled_data("tap0")?;
    let mut entries = [TapFrame::of(frame); BATCH_MAX];
    let done = send(c.sys, fd, &mut entries[..count]).on("TAPSEND")?;
    check!(done == count, "TAPSEND used {done} of {count}");
    let after = c.settled_data("tap0")?;
    let (up, drops) = (after.ipackets - before.ipackets, after.iqdrops - before.iqdrops);
    let bytes = after.ibytes - before.ibytes;
    check!(up + drops == count as u64, "of {count} frames {up} came up, and {drops} are dropped");
    check!(bytes == up * frame.len() as u64, "{bytes} bytes of {up} frames");
    Ok(up)
}

/// More frames than may wait go up, for the first of them do so while the call goes on. It is a
/// matter of time where that is another thread's work.
fn more_than(c: &Ctx, fd: i32, wait: u64, count: usize, frame: &[u8]) -> Verdict {
    for _ in 0..40 {
        if at_once(c, fd, count, frame)? > wait {
            return Ok(());
        }
    }
    Err(Failure::of(format_args!("of {count} frames never more than {wait} came up")))
}

fn many(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let mut frame = [0; ECHO];
    frames::plain(&mut frame, BROADCAST);
    for count in [1, 128, 129, 255, 256] {
        let up = at_once(c, fd, count, &frame)?;
        check!(up == count as u64, "of {count} frames {up} came up");
    }
    more_than(c, fd, 256, BATCH_MAX, &frame)
}

fn long_ones(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_mtu("tap0", 65521).on("SIOCSIFMTU")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let mut frame = [0; 20_000];
    frames::plain(&mut frame, BROADCAST);
    let up = at_once(c, fd, 64, &frame)?;
    check!(up == 64, "of 64 frames {up} came up");
    more_than(c, fd, 64, 200, &frame)
}

/// An array of two words an entry, which two threads share.
static ARRAY: [AtomicU64; 2 * ENTRIES] = [const { AtomicU64::new(0) }; 2 * ENTRIES];
const ENTRIES: usize = 40;
static STOP: AtomicBool = AtomicBool::new(false);
static ROOM: [AtomicU64; 256] = [const { AtomicU64::new(u64::MAX) }; 256];

/// Writes entries that make sense and entries that do not.
fn scribble(s: System, seed: usize) -> i64 {
    let mut random = seed as u64;
    let end = s.now_ms() + 60_000;
    while !STOP.load(Ordering::Relaxed) && s.now_ms() < end {
        for _ in 0..64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (random >> 40) as usize % ENTRIES;
            let len = [60, 0, 13, 1500, 65_535, 1][(random >> 33) as usize % 6];
            let flags = [0, 0, 1, 2, 4][(random >> 20) as usize % 5];
            let addr = if random >> 60 == 0 { 8 } else { ROOM.as_ptr() as u64 };
            ARRAY[2 * at].store(addr, Ordering::Relaxed);
            ARRAY[2 * at + 1].store(flags << 32 | len, Ordering::Relaxed);
        }
        s.sleep_ms(0);
    }
    0
}

fn changed(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    STOP.store(false, Ordering::Relaxed);
    let thread = c.sys.spawn(scribble, 77).on("spawn")?;
    let result = (0..1000 / c.sys.effort()).try_for_each(|round| {
        let command = if round % 2 == 0 { TAPSEND } else { crate::abi::offload::TAPRECV };
        if round % 16 == 0 {
            c.send(live.fd, &frames::arp_request(live.net)).on("write")?;
        }
        // No room is left behind the array for what is longer: each frame fits in ROOM or not.
        let count = 1 + round as usize % ENTRIES;
        match batch_at(c.sys, live.fd, command, ARRAY.as_ptr() as usize, count) {
            Ok(done) if done <= count => Ok(()),
            Err(Errno::EINVAL | Errno::EFAULT | Errno::EAGAIN | Errno::EMSGSIZE) => Ok(()),
            other => Err(Failure::of(format_args!("{command:#x}: {other:?}"))),
        }
    });
    STOP.store(true, Ordering::Relaxed);
    let ended = c.join(thread, "the thread that changes the array");
    result?;
    ended?;
    c.drain(live.fd)?;
    c.greet(&live).map(drop)
}
