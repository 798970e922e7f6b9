// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPRECV: what waits, each frame in its place.

use crate::abi::offload::TapFrame;
use crate::abi::{BPF_D_INOUT, O_RDWR};
use crate::batch::{in_order, places, receive, ECHO};
use crate::bpf::tap_on;
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN, BROADCAST};
use crate::net::Live;
use crate::sys::Need;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_receive_order", "tap_rs(4): frames in their order", order)
                .added()
                .needs(&[Need::Inet]),
            case("batch_receive_none", "tap_rs(4): the errors of read(2)", none)
                .added()
                .needs(&[Need::Inet]),
            case("batch_receive_cut", "tap_rs(4): a frame that was longer is marked", cut)
                .added()
                .needs(&[Need::Inet]),
            case("batch_receive_scatter", "tap_rs(4): a place may be in many pieces", scatter)
                .added()
                .needs(&[Need::Inet]),
            case(
                "batch_receive_efault",
                "tap_rs(4): a fault takes its own frame, none behind it",
                efault,
            )
            .added()
            .needs(&[Need::Inet]),
            case("batch_receive_no_room", "tap_rs(4): a place of no bytes takes no frame", no_room)
                .added()
                .needs(&[Need::Inet]),
            case("batch_receive_many", "tap_rs(4): all that waits in one call", many)
                .added()
                .needs(&[Need::Inet]),
            case("batch_receive_counters", "each frame counted once", counters)
                .added()
                .needs(&[Need::Bpf]),
        ]
    }
}

fn order(c: &Ctx) -> Verdict {
    for live in [c.live(0, 1)?, c.live_clone(2)?] {
        c.replies(&live, 0..20)?;
        let waiting = c.queued(live.name.as_str())? as usize;
        let (mut next, mut left) = (0, waiting);
        while left != 0 {
            let mut rooms = [[0xa5; 128]; 8];
            let mut entries = places(&mut rooms);
            let given = entries;
            let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
            check!(done == left.min(8), "TAPRECV of 8 with {left} waiting used {done}");
            in_order(&rooms, &entries[..done], &mut next)?;
            check!(entries[done..] == given[done..], "entries that are not used were changed");
            for (room, entry) in rooms.iter().zip(&entries) {
                let len = if entry.len == 128 { 0 } else { entry.len as usize };
                check!(room[len..].iter().all(|&b| b == 0xa5), "bytes past a frame were written");
            }
            left -= done;
            let queued = c.queued(live.name.as_str())? as usize;
            check!(queued == left, "{queued} frames wait, not {left}");
        }
        check!(next == 20, "{next} replies came, not 20");
        c.set_up(live.name.as_str(), false).on("down")?;
    }
    Ok(())
}

fn none(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.drain(live.fd)?;
    let mut rooms = [[0xa5; 128]; 4];
    let mut entries = places(&mut rooms);
    let given = entries;
    let done = receive(c.sys, live.fd, &mut entries);
    done.fails_with(Errno::EAGAIN, "TAPRECV with nothing waiting")?;
    check!(entries == given, "a call that failed changed its array");
    c.provoke(&live)?;
    c.set_up("tap0", false).on("down")?;
    let done = receive(c.sys, live.fd, &mut entries);
    done.fails_with(Errno::EHOSTDOWN, "TAPRECV while down")
}

/// An ARP reply waits; how the counters stand.
fn provoked(c: &Ctx, live: &Live) -> Fallible<crate::abi::IfDataReq> {
    c.drain(live.fd)?;
    c.provoke(live)?;
    c.settled_data(live.name.as_str())
}

fn cut(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for len in [1, 13, 14, ARP_LEN - 1, ARP_LEN, ARP_LEN + 1] {
        let before = provoked(c, &live)?;
        let mut room = [0xa5; 128];
        let mut entries = [TapFrame::place(&mut room[..len]), TapFrame::at(8, 100)];
        let done = receive(c.sys, live.fd, &mut entries[..1]).on("TAPRECV")?;
        let stored = len.min(ARP_LEN);
        let [entry, _] = entries;
        check!(done == 1 && entry.len as usize == stored, "{entry:?} of a place of {len}");
        check!(entry.is_cut() == (len < ARP_LEN), "{entry:?} of a place of {len}");
        check!(room[..stored.min(6)] == frames::PEER_MAC[..stored.min(6)], "another beginning");
        check!(room[stored..].iter().all(|&b| b == 0xa5), "bytes past the place were written");
        let after = c.settled_data("tap0")?;
        let errors = after.oerrors - before.oerrors;
        check!(errors == u64::from(len < ARP_LEN), "oerrors rose by {errors} at {len}");
        let sent = (after.opackets - before.opackets, after.obytes - before.obytes);
        check!(sent == (1, stored as u64), "{sent:?} frames and bytes are counted at {len}");
    }
    // The rest of a frame that was cut is in no other place.
    c.replies(&live, 0..3)?;
    let mut rooms = [[0xa5; 128]; 4];
    let mut entries = places(&mut rooms);
    entries[0].len = 30;
    entries[2].len = ECHO as u32 - 1;
    let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
    let seen = entries.map(|entry| (entry.len, entry.is_cut()));
    let expected = [(30, true), (60, false), (59, true)];
    check!(done == 3 && seen[..3] == expected, "{done} entries: {seen:?}");
    check!(frames::is_echo_reply(&rooms[1][..ECHO], 1), "the second frame is not whole");
    Ok(())
}

fn scatter(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for (number, piece) in [1, 2, 3, 6, 14, 15, 30, 42, 59, 60, 61].into_iter().enumerate() {
        let number = number as u16 * 2;
        c.drain(live.fd)?;
        c.replies(&live, number..number + 2)?;
        let (mut room, mut second) = ([0xa5; 200], [0xa5; 128]);
        let mut entries = [TapFrame::place(&mut second); 202];
        // Room for more than the frame, in pieces.
        let mut count = 0;
        for part in room[..120].chunks_mut(piece) {
            entries[count] = TapFrame::place(part).more();
            count += 1;
        }
        entries[count - 1].flags = 0;
        let done = receive(c.sys, live.fd, &mut entries[..count + 1]).on("TAPRECV")?;
        check!(done == count + 1, "TAPRECV used {done} of {} entries", count + 1);
        check!(frames::is_echo_reply(&room[..ECHO], number), "the first frame is not whole");
        check!(frames::is_echo_reply(&second[..ECHO], number + 1), "nor is the second");
        check!(room[ECHO..].iter().all(|&b| b == 0xa5), "bytes past the frame were written");
        for (at, entry) in entries[..count].iter().enumerate() {
            let stored = ECHO.saturating_sub(at * piece).min(piece);
            let more = u32::from(at + 1 != count);
            let good = entry.len as usize == stored && entry.flags == more;
            check!(good, "{entry:?} at {at} of pieces of {piece}");
        }
    }
    // A frame that was longer is marked at the last of its entries, and counted.
    let before = provoked(c, &live)?;
    let mut room = [0xa5; 20];
    let (head, tail) = room.split_at_mut(14);
    let mut entries = [TapFrame::place(head).more(), TapFrame::place(tail)];
    receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
    let seen = entries.map(|entry| (entry.len, entry.flags));
    check!(seen == [(14, 1), (6, 2)], "entries of a frame that was cut: {seen:?}");
    let errors = c.settled_data("tap0")?.oerrors - before.oerrors;
    check!(errors == 1, "oerrors rose by {errors}");
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let edge = c.sys.edge();
    for at in [0, 1, 5, 15, 16, 19] {
        for bad in [TapFrame::at(8, 128), TapFrame::at(edge - 30, 128)] {
            c.drain(live.fd)?;
            let before = c.settled_data("tap0")?;
            c.replies(&live, 0..20)?;
            let waiting = c.queued("tap0")?;
            if waiting != 20 {
                continue;
            }
            let mut rooms = [[0xa5; 128]; 24];
            let mut entries = places(&mut rooms);
            entries[at] = bad;
            let done = receive(c.sys, live.fd, &mut entries);
            if at == 0 {
                done.fails_with(Errno::EFAULT, "TAPRECV to nowhere")?;
            } else {
                check!(done == Ok(at), "TAPRECV with a bad address at {at}: {done:?}");
                let mut next = 0;
                in_order(&rooms, &entries[..at], &mut next)?;
                check!(next as usize == at, "{next} replies before the bad address at {at}");
            }
            let after = c.settled_data("tap0")?;
            let errors = after.oerrors - before.oerrors;
            let sent = (after.opackets - before.opackets) as usize;
            check!(errors == 1 && sent == at, "{sent} frames and {errors} errors at {at}");
            let (first, count) = (at as u16 + 1, 19 - at as u16);
            c.receive_replies(live.fd, first, count)?;
        }
    }
    Ok(())
}

fn no_room(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.replies(&live, 0..4)?;
    let waiting = c.queued("tap0")?;
    let mut rooms = [[0xa5; 128]; 4];
    let good = places(&mut rooms);
    for pieces in [1, 2, 4] {
        let mut entries = good.map(|entry| TapFrame { len: 0, ..entry }.more());
        entries[pieces - 1].flags = 0;
        let done = receive(c.sys, live.fd, &mut entries[..pieces]);
        done.fails_with(Errno::EINVAL, "TAPRECV to a place of no bytes")?;
        let left = c.queued("tap0")?;
        check!(left >= waiting, "{left} frames wait of {waiting}");
    }
    // It ends the places before it.
    let mut entries = good;
    entries[2].len = 0;
    let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
    check!(done == 2, "TAPRECV used {done} with no room in the third place");
    let mut next = 0;
    in_order(&rooms, &entries[..done], &mut next)?;
    c.receive_replies(live.fd, next, 4 - next)
}

fn many(c: &Ctx) -> Verdict {
    const MANY: u16 = 200;
    let live = c.live(0, 1)?;
    c.drain(live.fd)?;
    c.replies(&live, 0..MANY)?;
    let waiting = c.queued("tap0")? as usize;
    let mut rooms = [[0xa5; 128]; 256];
    let mut spare = [0; 128];
    let mut entries = [TapFrame::place(&mut spare); crate::abi::offload::BATCH_MAX];
    entries[..256].copy_from_slice(&places(&mut rooms));
    let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
    check!(done == waiting, "TAPRECV used {done} entries with {waiting} frames waiting");
    let mut next = 0;
    in_order(&rooms, &entries[..done], &mut next)?;
    check!(next == MANY, "{next} replies came, not {MANY}");
    let done = receive(c.sys, live.fd, &mut entries);
    done.fails_with(Errno::EAGAIN, "TAPRECV after all were received")
}

/// What is counted of a group's frame, a broadcast and one to the peer, which a descriptor of
/// bpf(4) sends.
fn counted(c: &Ctx, fd: i32, bpf: i32, batch: bool) -> Fallible<[u64; 4]> {
    c.drain(fd)?;
    let before = c.settled_data("tap0")?;
    for (to, len) in [([1, 0, 0x5e, 0, 0, 1], 60), (BROADCAST, 61), (frames::PEER_MAC, 62)] {
        let mut frame = [0; 62];
        frames::plain(&mut frame, to);
        c.send(bpf, &frame[..len]).on("write to bpf")?;
    }
    if batch {
        let mut rooms = [[0xa5; 128]; 4];
        let mut entries = places(&mut rooms);
        let done = receive(c.sys, fd, &mut entries).on("TAPRECV")?;
        let lens = entries.map(|entry| entry.len);
        check!(done == 3 && lens[..3] == [60, 61, 62], "{done} entries, of {lens:?} bytes");
    } else {
        let (frames, bytes) = c.drain(fd)?;
        check!((frames, bytes) == (3, 183), "{frames} frames of {bytes} bytes were read");
    }
    let after = c.settled_data("tap0")?;
    let of = |d: &crate::abi::IfDataReq| [d.opackets, d.obytes, d.omcasts, d.oerrors];
    let (before, mut after) = (of(&before), of(&after));
    after.iter_mut().zip(before).for_each(|(now, then)| *now -= then);
    Ok(after)
}

fn counters(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.set_up("tap0", true).on("up")?;
    let bpf = tap_on(c, "tap0", BPF_D_INOUT)?;
    c.settle();
    let read = counted(c, fd, bpf, false)?;
    let batch = counted(c, fd, bpf, true)?;
    check!(batch == read, "{batch:?} are counted of a batch, {read:?} of reads");
    check!(read[..2] == [3, 183] && read[3] == 0, "{read:?} are counted");
    Ok(())
}
