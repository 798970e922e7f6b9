// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reading behind an offload header: what it says of a frame, and what a read takes.

use crate::abi::offload::{VnetHdr, NEEDS_CSUM, SHORT_HDR, TAKES_CSUM, VNET_HDR};
use crate::abi::{Kev, EVFILT_READ, EV_ADD};
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN};
use crate::net::Live;
use crate::packets::{complete, pattern, pattern_at, UDP};
use crate::sys::Need;
use crate::user::{Out, Plain};
use crate::view::{consistent, View};

use super::ioctl_fd::fionread;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_read_header",
                "tap_rs(4): a frame with nothing left to do has a header of zeros and one buffer",
                header,
            )
            .added()
            .needs(&[Need::Inet]),
            case(
                "offload_read_csum",
                "tap_rs(4): a reader who takes CSUM is told where the checksum is to go",
                csum,
            )
            .added()
            .needs(&[Need::Inet, Need::Udp]),
            case(
                "offload_read_completed",
                "tap_rs(4): a reader who does not take CSUM gets whole checksums",
                completed,
            )
            .added()
            .needs(&[Need::Inet, Need::Udp]),
            case("offload_read_short", "tap_rs(4): less room than a header takes no frame", short)
                .added()
                .needs(&[Need::Inet]),
            case(
                "offload_read_truncates",
                "tap(4): a short buffer gets the beginning, the rest is gone",
                truncates,
            )
            .added()
            .needs(&[Need::Inet]),
            case(
                "offload_read_waiting",
                "tap_rs(4): FIONREAD, kevent(2) and poll(2) count the header",
                waiting,
            )
            .added()
            .needs(&[Need::Inet]),
            case("offload_read_efault", "a fault frees the frame", efault)
                .added()
                .needs(&[Need::Inet]),
            case("offload_read_fragments", "RFC 791: fragments have nothing left to do", fragments)
                .added()
                .needs(&[Need::Inet, Need::Tcp]),
        ]
    }
}

fn header(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let plain = VnetHdr::NONE;
    for len in [VNET_HDR, SHORT_HDR, VNET_HDR] {
        c.set_header(live.fd, len as i32).on("TAPSVNETHDR")?;
        request(c, &live, len)?;
        let mut all = [0xa5; 128];
        let n = c.sys.read(live.fd, Out::bytes(&mut all)).on("read")?;
        check!(n == len + ARP_LEN, "read returned {n} with a header of {len}");
        check!(all[..len] == plain.as_bytes()[..len], "the header is {:x?}", &all[..len]);
        let answer = frames::arp_reply(&all[len..n], 1);
        check!(answer == Some(live.mac), "no ARP reply behind the header");
        check!(all[n..].iter().all(|&b| b == 0xa5), "bytes past the frame were written");
    }
    Ok(())
}

/// Makes the stack send an ARP reply, which is not read.
fn request(c: &Ctx, live: &Live, header: usize) -> Verdict {
    let mut all = [0; VNET_HDR + 60];
    let all = &mut all[..header + 60];
    all[header..].copy_from_slice(&frames::arp_request(live.net));
    c.send(live.fd, all).on("write of an ARP request")?;
    check!(c.readable(live.fd, 4000), "no frame came although the stack was asked for one");
    Ok(())
}

/// Sends a datagram of so many bytes to the peer, and waits until it can be read.
pub fn datagram(c: &Ctx, live: &Live, socket: i32, payload: usize) -> Verdict {
    let mut bytes = [0; 1472];
    pattern(&mut bytes[..payload], 0);
    c.send(socket, &bytes[..payload]).on("write of a UDP socket")?;
    check!(c.readable(live.fd, 4000), "no datagram of {payload} bytes came");
    Ok(())
}

/// Reads a datagram behind its header, and looks at all of it.
pub fn take_datagram(c: &Ctx, live: &Live, payload: usize) -> Fallible<VnetHdr> {
    let mut room = [0xa5; 1600];
    // The stack may ask for the peer's address at any time.
    let (header, n) = loop {
        match c.take(live.fd, &mut room, 4000)? {
            Some((_, n)) if frames::is_arp(&room[..n]) => {}
            Some(taken) => break taken,
            None => return Err(Failure::of(format_args!("no datagram of {payload} bytes"))),
        }
    };
    let frame = &mut room[..n];
    let view = View::of(frame).filter(|view| view.transport == UDP);
    let view = view.ok_or_else(|| Failure::of(format_args!("{n} bytes that are no UDP")))?;
    consistent(header, frame, view)?;
    if header.flags & NEEDS_CSUM != 0 {
        complete(frame, view.start, 6);
    }
    check!(view.is_summed(frame), "the completed checksum is wrong");
    let bytes = &frame[view.payload..];
    let good = bytes.len() == payload && (0..payload).all(|i| bytes[i] == pattern_at(i));
    check!(good, "{} bytes of payload came, or wrong ones", bytes.len());
    Ok(header)
}

const SIZES: [usize; 10] = [0, 1, 2, 17, 18, 99, 200, 201, 1471, 1472];

fn csum(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    for payload in SIZES {
        datagram(c, &live, socket, payload)?;
        let header = take_datagram(c, &live, payload)?;
        let exact = VnetHdr { flags: NEEDS_CSUM, csum_start: 34, csum_offset: 6, ..VnetHdr::NONE };
        check!(header == exact, "{header:?} of a datagram of {payload} bytes");
    }
    Ok(())
}

fn completed(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let socket = c.udp_to_peer(1, 9)?;
    for payload in SIZES {
        datagram(c, &live, socket, payload)?;
        let header = take_datagram(c, &live, payload)?;
        check!(header == VnetHdr::NONE, "{header:?} of a datagram of {payload} bytes");
    }
    // Nor is the word of a reader's with a header valid for one without.
    c.set_offload(live.fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
    c.set_header(live.fd, 0).on("TAPSVNETHDR of none")?;
    let mut frame = [0; 1600];
    for payload in SIZES {
        datagram(c, &live, socket, payload)?;
        let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read without a header")?;
        let view = View::of(&frame[..n]);
        let good = view.is_some_and(|v| v.is_sound(&frame[..n]) && v.is_summed(&frame[..n]));
        check!(good && n == 42 + payload, "{n} bytes with a datagram of {payload}");
    }
    Ok(())
}

fn short(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    for len in [VNET_HDR, SHORT_HDR] {
        c.set_header(live.fd, len as i32).on("TAPSVNETHDR")?;
        request(c, &live, len)?;
        let mut all = [0xa5; 64];
        for room in 1..len {
            let read = c.sys.read(live.fd, Out::bytes(&mut all[..room]));
            read.fails_with(Errno::EINVAL, "a read of less than the header")?;
        }
        let nothing = c.sys.read(live.fd, Out::bytes(&mut []));
        check!(nothing == Ok(0), "a read of no bytes: {nothing:?}");
        check!(all == [0xa5; 64], "a read that failed wrote");
        let waits = fionread(c, live.fd).on("FIONREAD")?;
        check!(waits as usize == len + ARP_LEN, "{waits} bytes wait after reads that took none");
        let n = c.sys.read(live.fd, Out::bytes(&mut all)).on("read")?;
        check!(n == len + ARP_LEN, "read returned {n} with a header of {len}");
    }
    Ok(())
}

fn truncates(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    for part in [0, 1, 14, 41] {
        request(c, &live, VNET_HDR)?;
        let before = c.settled_data("tap0")?;
        let mut all = [0xa5; 64];
        let room = VNET_HDR + part;
        let n = c.sys.read(live.fd, Out::bytes(&mut all[..room])).on("a short read")?;
        check!(n == room, "read into {room} bytes returned {n}");
        check!(all[..VNET_HDR] == *VnetHdr::NONE.as_bytes(), "the header is {:x?}", &all[..12]);
        let begins = all[VNET_HDR..room].iter().zip(&frames::PEER_MAC).all(|(a, b)| a == b);
        check!(begins, "the frame's beginning is {:x?}", &all[VNET_HDR..room]);
        check!(all[room..].iter().all(|&b| b == 0xa5), "bytes past the buffer were written");
        let again = c.sys.read(live.fd, Out::bytes(&mut all));
        again.fails_with(Errno::EAGAIN, "a read of the rest")?;
        let after = c.settled_data("tap0")?;
        let errors = after.oerrors - before.oerrors;
        check!(errors == 1, "oerrors rose by {errors}");
    }
    Ok(())
}

fn waiting(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let kq = c.keep(c.sys.kqueue().on("kqueue")?);
    let fd = live.fd;
    let change = Kev { ident: fd as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
    c.sys.kevent(kq, &[change], &mut [], 0).on("EV_ADD")?;
    for len in [VNET_HDR, SHORT_HDR, 0] {
        c.set_header(fd, len as i32).on("TAPSVNETHDR")?;
        let n = fionread(c, fd).on("FIONREAD")?;
        check!(n == 0, "FIONREAD says {n} with nothing waiting");
        check!(!c.readable(fd, 0), "poll(2) says that nothing is readable");
        request(c, &live, len)?;
        let n = fionread(c, fd).on("FIONREAD")? as usize;
        check!(n == len + ARP_LEN, "FIONREAD says {n} with a header of {len}");
        let mut events = [Kev::default(); 2];
        let count = c.sys.kevent(kq, &[], &mut events, 4000).on("kevent")?;
        check!(count == 1, "{count} events");
        let data = events[0].data;
        check!(data == (len + ARP_LEN) as i64, "kevent says {data} with a header of {len}");
        let mut all = [0; 64];
        let read = c.sys.read(fd, Out::bytes(&mut all)).on("read")?;
        check!(read == n, "FIONREAD said {n}, read gave {read}");
        let count = c.sys.kevent(kq, &[], &mut events, 50).on("kevent")?;
        check!(count == 0, "an event after the frame was read");
    }
    // Of a frame that waits already the length is said as it will be read.
    request(c, &live, 0)?;
    c.set_header(fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
    let n = fionread(c, fd).on("FIONREAD")? as usize;
    let mut all = [0; 64];
    let read = c.sys.read(fd, Out::bytes(&mut all)).on("read")?;
    check!(n == VNET_HDR + ARP_LEN && read == n, "FIONREAD said {n}, read gave {read}");
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let before = c.settled_data("tap0")?;
    for good in [0, 1, 11, 12, 13, 26, 53] {
        request(c, &live, VNET_HDR)?;
        let mut room = [0; 64];
        let mut spans = [Out::bytes(&mut room[..good]), Out::bad(1000)];
        c.sys.readv(live.fd, &mut spans).fails_with(Errno::EFAULT, "a read to nowhere")?;
        let again = c.sys.read(live.fd, Out::bytes(&mut room));
        again.fails_with(Errno::EAGAIN, "a read after a fault")?;
    }
    let after = c.settled_data("tap0")?;
    let errors = after.oerrors - before.oerrors;
    check!(errors == 7, "oerrors rose by {errors} with 7 faults");
    Ok(())
}

fn fragments(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let socket = c.udp_to_peer(1, 9)?;
    let mut bytes = [0; 4000];
    pattern(&mut bytes, 0);
    c.send(socket, &bytes).on("write of a long datagram")?;
    let mut whole = [0; 4042];
    let mut end = 34;
    while end < whole.len() {
        let mut frame = [0; 1600];
        let Some((header, n)) = c.take(live.fd, &mut frame, 4000)? else {
            return Err(Failure::of(format_args!("only {end} bytes of fragments came")));
        };
        check!(header == VnetHdr::NONE, "{header:?} of a fragment");
        check!(frames::checksum(&frame[14..34]) == 0, "the sum of a fragment's header is wrong");
        if end == 34 {
            whole[..34].copy_from_slice(&frame[..34]);
        }
        whole[end..end + n - 34].copy_from_slice(&frame[34..n]);
        end += n - 34;
    }
    let view = View::of(&whole);
    check!(view.is_some_and(|view| view.is_summed(&whole)), "the datagram's checksum is wrong");
    check!(whole[42..] == bytes, "other bytes came than were sent");
    Ok(())
}
