// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames that are queued when the reader, the administrator or a close disables offload. A later
//! read returns complete checksums, or drops the frame.

use crate::abi::offload::{NEEDS_CSUM, SHORT_HDR, TAKES_CSUM, VNET_HDR};
use crate::abi::O_RDWR;
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames;
use crate::packets::UDP;
use crate::sys::{Need, System};
use crate::user::{In, Out};
use crate::view::{consistent, View};

use super::offload_read::{datagram, take_datagram};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const NEEDS: &[Need] = &[Need::Inet, Need::Udp];
    const {
        &[
            case("offload_taken_back", "tap_rs(4): CSUM is no longer taken, and frames wait", word)
                .added()
                .needs(NEEDS),
            case(
                "offload_taken_back_header",
                "tap_rs(4): the header is taken away, and frames wait",
                header,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_taken_back_close",
                "tap_rs(4): a close, and the next opener of the node",
                close,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_taken_back_administrator",
                "ifconfig(8): the administrator clears what the reader takes",
                administrator,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_taken_back_length",
                "tap_rs(4): the header's length changes, and frames wait",
                length,
            )
            .added()
            .needs(NEEDS),
            case("offload_taken_back_race", "a thread sends, and CSUM comes and goes", race)
                .added()
                .needs(NEEDS),
        ]
    }
}

/// How many datagrams wait.
const WAITING: usize = 5;

/// Datagrams that nobody has read, of 100 bytes each.
fn send(c: &Ctx, live: &crate::net::Live, socket: i32) -> Verdict {
    for _ in 0..WAITING {
        datagram(c, live, socket, 100)?;
    }
    c.settle();
    Ok(())
}

/// What waits without a header before it: whole datagrams, or none, and the stack's own ARP.
fn whole_ones(c: &Ctx, fd: i32) -> Verdict {
    let mut frame = [0; 1600];
    loop {
        match c.sys.read(fd, Out::bytes(&mut frame)) {
            Ok(n) => {
                let frame = &frame[..n];
                let whole =
                    View::of(frame).is_some_and(|v| v.is_sound(frame) && v.is_summed(frame));
                check!(
                    whole || frames::is_arp(frame),
                    "{n} bytes were read that are no whole datagram"
                );
            }
            Err(Errno::EAGAIN) => return Ok(()),
            Err(e) => return Err(e).on("read"),
        }
    }
}

fn word(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    for round in 0..4 {
        c.set_offload(live.fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
        send(c, &live, socket)?;
        c.set_offload(live.fd, 0).on("TAPSOFFLOAD of nothing")?;
        if round % 2 == 1 {
            // Said again, it is not said for what waits: that is whole, or gone, in either case.
            c.set_offload(live.fd, TAKES_CSUM).on("TAPSOFFLOAD again")?;
        }
        let mut left = 0;
        while c.readable(live.fd, 50) {
            let header = take_datagram(c, &live, 100)?;
            left += 1;
            let open = header.flags & NEEDS_CSUM != 0;
            check!(!open || round % 2 == 1, "an open checksum for a reader who takes none");
        }
        check!(left <= WAITING, "{left} datagrams were read of {WAITING}");
        datagram(c, &live, socket, 33)?;
        let header = take_datagram(c, &live, 33)?;
        let flags = if round % 2 == 1 { NEEDS_CSUM } else { 0 };
        check!(header.flags == flags, "flags {:#x} afterwards", header.flags);
    }
    Ok(())
}

fn header(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    for _ in 0..3 {
        send(c, &live, socket)?;
        c.set_header(live.fd, 0).on("TAPSVNETHDR of none")?;
        whole_ones(c, live.fd)?;
        datagram(c, &live, socket, 77)?;
        whole_ones(c, live.fd)?;
        c.greet(&live)?;
        c.drain(live.fd)?;
        c.set_header(live.fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
        c.set_offload(live.fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
    }
    Ok(())
}

fn close(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    send(c, &live, socket)?;
    c.close(live.fd).on("close")?;
    // With nobody there it is lost, and may say so.
    c.send(socket, &[1; 50]).unwrap_or(0);
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    whole_ones(c, fd)?;
    c.send(socket, &[1; 60]).unwrap_or(0);
    c.settle();
    whole_ones(c, fd)
}

fn administrator(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    let [all, _] = c.capabilities("tap0")?;
    for _ in 0..3 {
        send(c, &live, socket)?;
        c.enable("tap0", 0).on("SIOCSIFCAP of nothing")?;
        while c.readable(live.fd, 50) {
            take_datagram(c, &live, 100)?;
        }
        datagram(c, &live, socket, 50)?;
        let header = take_datagram(c, &live, 50)?;
        check!(header.flags == 0, "flags {:#x} with nothing enabled", header.flags);
        c.enable("tap0", all).on("SIOCSIFCAP")?;
        datagram(c, &live, socket, 50)?;
        let header = take_datagram(c, &live, 50)?;
        check!(header.flags == NEEDS_CSUM, "flags {:#x} with all enabled", header.flags);
    }
    Ok(())
}

fn length(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    let mut all = [0; 300];
    for len in [SHORT_HDR, VNET_HDR, SHORT_HDR] {
        send(c, &live, socket)?;
        c.set_header(live.fd, len as i32).on("TAPSVNETHDR")?;
        let mut left = 0;
        while c.readable(live.fd, 50) {
            let n = c.sys.read(live.fd, Out::bytes(&mut all)).on("read")?;
            left += 1;
            check!(n == len + 142, "read returned {n} with a header of {len}");
            check!(all[0] == NEEDS_CSUM, "flags {:#x}", all[0]);
            check!(View::of(&all[len..n]).is_some_and(|v| v.is_seeded(&all[len..n])), "no seed");
        }
        check!(left == WAITING, "{left} datagrams were read of {WAITING}");
    }
    Ok(())
}

const SENT: usize = 1500;

/// Sends datagrams; the errno of what fails otherwise than for want of room.
fn keep_sending(s: System, socket: usize) -> i64 {
    for _ in 0..SENT {
        match s.write(socket as i32, In::bytes(&[7; 64])) {
            Ok(_) | Err(Errno::ENOBUFS) => {}
            Err(e) => return i64::from(e.0),
        }
    }
    0
}

fn race(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let socket = c.udp_to_peer(1, 9)?;
    let thread = c.sys.spawn(keep_sending, socket as usize).on("spawn")?;
    let mut frame = [0; 256];
    let (mut round, mut seen, mut ended) = (0_u32, 0, None);
    while ended.is_none() || c.readable(live.fd, 50) {
        round += 1;
        let bits = if round % 2 == 0 { TAKES_CSUM } else { 0 };
        let set: Result<()> = c.set_offload(live.fd, bits);
        set.on("TAPSOFFLOAD")?;
        for _ in 0..3 {
            let Some((header, n)) = c.take(live.fd, &mut frame, 2)? else { break };
            let frame = &frame[..n];
            if let Some(view) = View::of(frame).filter(|view| view.transport == UDP) {
                let open = header.flags & NEEDS_CSUM != 0;
                check!(!open || bits != 0, "an open checksum for a reader who takes none");
                consistent(header, frame, view)?;
                seen += 1;
            }
        }
        ended = ended.or_else(|| c.sys.joined(thread));
        check!(round < 100_000, "the sender does not end");
    }
    check!(ended == Some(0), "a datagram was not sent: errno {}", ended.unwrap_or(-1));
    check!(seen > 0, "no datagram of {SENT} was read");
    Ok(())
}
