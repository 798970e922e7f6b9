// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Batches of frames that each have their offload header.

use crate::abi::offload::{TapFrame, VnetHdr, NEEDS_CSUM, SHORT_HDR, TAKES_CSUM, VNET_HDR};
use crate::batch::{receive, send, ECHO};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::packets::{pattern_at, Packet};
use crate::sys::Need;
use crate::user::Plain;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_header_send", "tap_rs(4): a header before each frame", sends)
                .added()
                .needs(&[Need::Inet]),
            case("batch_header_receive", "tap_rs(4): a header before each frame", receives)
                .added()
                .needs(&[Need::Inet]),
            case("batch_header_csum", "tap_rs(4): each header is of its frame", csum)
                .added()
                .needs(&[Need::Inet, Need::Udp]),
            case("batch_header_no_room", "tap_rs(4): less than a header takes no frame", no_room)
                .added()
                .needs(&[Need::Inet]),
            case("batch_header_stops", "tap_rs(4): stops at a header that is wrong", stops)
                .added()
                .needs(&[Need::Inet]),
            case("batch_header_large", "tap_rs(4): large packets are not lost in a batch", large)
                .added()
                .needs(&[Need::Inet]),
        ]
    }
}

const BOTH: usize = VNET_HDR + ECHO;

/// An echo request behind a header.
fn request(mac: frames::Mac, number: u16, header: usize) -> [u8; BOTH] {
    let mut all = [0; BOTH];
    all[..header].copy_from_slice(&VnetHdr::NONE.as_bytes()[..header]);
    frames::echo_request(&mut all[header..header + ECHO], mac, 1, number);
    all
}

/// Receives replies in order, each behind a header that says nothing.
fn replies(c: &Ctx, fd: i32, header: usize, count: u16) -> Verdict {
    let mut next = 0;
    while next < count {
        check!(c.readable(fd, 4000), "{next} replies came of {count}");
        let mut rooms = [([0xa5; VNET_HDR], [0xa5; 128]); 6];
        let mut entries = [TapFrame::at(0, 0); 12];
        for (pair, (head, frame)) in entries.chunks_mut(2).zip(&mut rooms) {
            pair[0] = TapFrame::place(&mut head[..header]).more();
            pair[1] = TapFrame::place(frame);
        }
        let done = receive(c.sys, fd, &mut entries).on("TAPRECV")?;
        for ((head, frame), pair) in rooms.iter().zip(entries[..done].chunks(2)) {
            let good = head[..header] == VnetHdr::NONE.as_bytes()[..header];
            check!(good && pair[0].len as usize == header, "{:?} is {head:x?}", pair[0]);
            let bytes = &frame[..pair[1].len as usize];
            check!(frames::is_arp(bytes) || frames::is_echo_reply(bytes, next), "no reply {next}");
            next += u16::from(!frames::is_arp(bytes));
        }
    }
    Ok(())
}

fn sends(c: &Ctx) -> Verdict {
    c.keep_order()?;
    let live = c.live_with_header(0)?;
    for header in [VNET_HDR, SHORT_HDR] {
        c.set_header(live.fd, header as i32).on("TAPSVNETHDR")?;
        let mut rooms = [[0; BOTH]; 20];
        for (number, room) in rooms.iter_mut().enumerate() {
            *room = request(live.mac, number as u16, header);
        }
        let mut entries = [TapFrame::at(0, 0); 40];
        for (at, (pair, room)) in entries.chunks_mut(2).zip(&rooms).enumerate() {
            // In one piece, the header apart, in the middle of the header, of the frame.
            let (head, tail) =
                room[..header + ECHO].split_at([header + ECHO, header, 5, 26][at % 4]);
            pair[0] = TapFrame::of(head).more();
            pair[1] = TapFrame::of(tail);
        }
        let done = send(c.sys, live.fd, &mut entries).on("TAPSEND")?;
        check!(done == 40, "TAPSEND used {done} entries");
        replies(c, live.fd, header, 20)?;
    }
    Ok(())
}

fn receives(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    for header in [VNET_HDR, SHORT_HDR] {
        c.set_header(live.fd, header as i32).on("TAPSVNETHDR")?;
        for part in [0, 1, 41, ECHO - 1, ECHO, ECHO + 1] {
            c.send(live.fd, &request(live.mac, 3, header)[..header + ECHO]).on("write")?;
            check!(c.readable(live.fd, 4000), "no reply");
            let before = c.settled_data("tap0")?;
            let mut room = [0xa5; 128];
            let mut entry = [TapFrame::place(&mut room[..header + part])];
            let done = receive(c.sys, live.fd, &mut entry).on("TAPRECV")?;
            let stored = part.min(ECHO);
            let [entry] = entry;
            check!(done == 1 && entry.len as usize == header + stored, "{entry:?} at {part}");
            check!(entry.is_cut() == (part < ECHO), "{entry:?} at {part}");
            check!(room[..header] == VnetHdr::NONE.as_bytes()[..header], "the header is wrong");
            check!(room[header + stored..].iter().all(|&b| b == 0xa5), "bytes past the frame");
            let after = c.settled_data("tap0")?;
            let seen = [
                after.opackets - before.opackets,
                after.obytes - before.obytes,
                after.oerrors - before.oerrors,
            ];
            let expected = [1, stored as u64, u64::from(part < ECHO)];
            check!(seen == expected, "{seen:?} are counted at {part}, not {expected:?}");
            c.drain(live.fd)?;
        }
    }
    Ok(())
}

fn csum(c: &Ctx) -> Verdict {
    const SIZES: [usize; 6] = [0, 1, 40, 41, 17, 80];
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    let payload: [u8; 80] = core::array::from_fn(pattern_at);
    let before = c.queued("tap0")?;
    for size in SIZES {
        c.send(socket, &payload[..size]).on("write of a UDP socket")?;
    }
    let come = c.wait_for(|| c.queued("tap0").is_ok_and(|now| now >= before + 6));
    check!(come, "the datagrams do not come");
    let mut rooms = [[0xa5; 256]; 8];
    let mut entries = rooms.each_mut().map(|room| TapFrame::place(room));
    let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
    let mut sizes = SIZES.iter();
    let exact = VnetHdr { flags: NEEDS_CSUM, csum_start: 34, csum_offset: 6, ..VnetHdr::NONE };
    for (room, entry) in rooms.iter().zip(&entries[..done]) {
        let (header, frame) = room[..entry.len as usize].split_at(VNET_HDR);
        if frames::is_arp(frame) {
            continue;
        }
        check!(header == exact.as_bytes(), "a datagram behind {header:x?}");
        let Some(size) = sizes.next() else { return Err(more()) };
        check!(frame[42..] == payload[..*size], "{} bytes of {size}", frame.len() - 42);
    }
    check!(sizes.next().is_none(), "{done} frames came of six");
    Ok(())
}

fn more() -> crate::case::Failure {
    crate::case::Failure::of(format_args!("more datagrams than were sent"))
}

fn no_room(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    for header in [VNET_HDR, SHORT_HDR] {
        c.set_header(live.fd, header as i32).on("TAPSVNETHDR")?;
        for _ in 0..2 {
            c.send(live.fd, &request(live.mac, 7, header)[..header + ECHO]).on("write")?;
        }
        let come = c.wait_for(|| c.queued("tap0").is_ok_and(|now| now >= 2));
        check!(come, "the replies do not come");
        let waiting = c.queued("tap0")?;
        let mut room = [0xa5; 128];
        for part in [0, 1, header - 1] {
            let (head, tail) = room[..part].split_at_mut(part / 2);
            let mut entries = [TapFrame::place(head).more(), TapFrame::place(tail)];
            let done = receive(c.sys, live.fd, &mut entries);
            done.fails_with(Errno::EINVAL, "TAPRECV to less than a header")?;
        }
        check!(room == [0xa5; 128], "a call that failed wrote");
        let left = c.queued("tap0")?;
        check!(left >= waiting, "{left} frames wait of {waiting}");
        let (head, tail) = room.split_at_mut(100);
        let mut entries = [TapFrame::place(head), TapFrame::place(&mut tail[..header - 1])];
        let done = receive(c.sys, live.fd, &mut entries).on("TAPRECV")?;
        check!(done == 1, "TAPRECV used {done} with no room for a header in the second place");
        c.drain(live.fd)?;
    }
    Ok(())
}

/// What has been counted: frames that came in, and those lost on the way.
fn came(c: &Ctx) -> Fallible<(u64, u64)> {
    let data = c.settled_data("tap0")?;
    Ok((data.ipackets, data.iqdrops))
}

fn stops(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let good = request(live.mac, 1, VNET_HDR);
    let mut wrong = good;
    // A checksum that begins in the Ethernet header.
    let header = VnetHdr { flags: NEEDS_CSUM, csum_start: 13, ..VnetHdr::NONE };
    wrong[..VNET_HDR].copy_from_slice(header.as_bytes());
    for bad in [&wrong[..], &good[..VNET_HDR + 13], &good[..VNET_HDR - 1], &[]] {
        for at in [0, 1, 17] {
            let (before, _) = came(c)?;
            let mut entries = [TapFrame::of(&good); 20];
            entries[at] = TapFrame::of(bad);
            let done = send(c.sys, live.fd, &mut entries);
            let expected = if at == 0 { Err(Errno::EINVAL) } else { Ok(at) };
            check!(done == expected, "TAPSEND of {} bytes at {at}: {done:?}", bad.len());
            let (after, _) = came(c)?;
            check!(after - before == at as u64, "{} frames went up of {at}", after - before);
            c.drain(live.fd)?;
        }
    }
    Ok(())
}

fn large(c: &Ctx) -> Verdict {
    const SEGMENTS: usize = 44;
    let live = c.live_with_header(0)?;
    let mut all = [0; VNET_HDR + 74 + SEGMENTS * 1400];
    // To another machine: cut in the write, and given to nobody.
    let packet = Packet::tcp(true, crate::packets::FAR_MAC);
    all[..VNET_HDR].copy_from_slice(packet.large(1400).as_bytes());
    packet.whole(&mut all[VNET_HDR..], 0);
    for count in [1, 2, 40] {
        let (before, lost) = came(c)?;
        let mut entries = [TapFrame::of(&all); 40];
        let done = send(c.sys, live.fd, &mut entries[..count]).on("TAPSEND")?;
        check!(done == count, "TAPSEND used {done} of {count}");
        let (after, lost_now) = came(c)?;
        let (seen, lost) = (after - before, lost_now - lost);
        let sum = (count * SEGMENTS) as u64;
        check!(seen + lost == sum, "of {sum} segments {seen} came up, {lost} were dropped");
        // Two packets fit in what may wait. How many more go up meanwhile is a matter of time.
        let least = sum.min(2 * SEGMENTS as u64);
        check!(seen >= least, "of {sum} segments {seen} came up");
    }
    Ok(())
}
