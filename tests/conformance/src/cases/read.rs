// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reading: one frame a call, and how none comes.

use crate::abi::{O_NONBLOCK, O_RDWR};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN};
use crate::sys::{encode, Need, System};
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "read_nothing",
                "a read of no bytes takes no frame, and is told of the end",
                nothing,
            )
            .dangerous(&["F22"]),
            case("read_down_ehostdown", "if_tap.c 1.42, tap_dev_read: EHOSTDOWN while down", down),
            case("read_nonblock_fionbio", "EWOULDBLOCK when empty, by FIONBIO", fionbio),
            case("read_nonblock_fcntl", "EWOULDBLOCK when empty, by F_SETFL", fcntl),
            case("read_one_frame", "tap(4): one read is one frame", one_frame).needs(&[Need::Inet]),
            case(
                "truncating_read",
                "tap(4): a short buffer truncates, the rest is gone",
                truncates,
            )
            .needs(&[Need::Inet]),
            case("truncating_read_counted", "the loss is counted", counted)
                .differs(&["F17"])
                .needs(&[Need::Inet]),
            case("readv_scatters", "readv(2) of one frame", readv).needs(&[Need::Inet]),
            case("read_efault", "a fault frees the frame, counts an error", efault)
                .differs(&["F16"])
                .needs(&[Need::Inet]),
            case("read_efault_midway", "a fault in the middle of a frame", efault_midway)
                .needs(&[Need::Inet]),
            case("read_large_frames", "chains longer than one mbuf arrive whole", large)
                .needs(&[Need::Inet]),
            case("read_order", "frames are read in the order they were sent", order)
                .needs(&[Need::Inet]),
        ]
    }
}

/// A thread's work: one read.
pub fn read_one(s: System, fd: usize) -> i64 {
    let mut frame = [0; 2048];
    encode(s.read(fd as i32, Out::bytes(&mut frame)))
}

fn down(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let mut frame = [0; 2048];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::EHOSTDOWN, "read while down")?;
    let (fd, _) = c.open_clone(O_RDWR)?;
    c.sys
        .read(fd, Out::bytes(&mut frame))
        .fails_with(Errno::EHOSTDOWN, "read on a clone while down")
}

/// tap0, up, and its node.
pub fn up_and_empty(c: &Ctx) -> crate::case::Fallible<i32> {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    Ok(fd)
}

fn fionbio(c: &Ctx) -> Verdict {
    let fd = up_and_empty(c)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    let mut frame = [0; 2048];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::EAGAIN, "read when empty")
}

fn fcntl(c: &Ctx) -> Verdict {
    use crate::abi::{F_GETFL, F_SETFL, O_NONBLOCK};
    let fd = up_and_empty(c)?;
    c.sys.fcntl(fd, F_SETFL, O_NONBLOCK as usize).on("F_SETFL")?;
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    check!(flags & O_NONBLOCK != 0, "F_GETFL says {flags:#x}");
    let mut frame = [0; 2048];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::EAGAIN, "read when empty")?;
    c.sys.fcntl(fd, F_SETFL, 0).on("F_SETFL off")?;
    let thread = c.sys.spawn(read_one, fd as usize).on("spawn")?;
    c.settle();
    let early = c.sys.joined(thread);
    check!(early.is_none(), "read returned {early:?} although it should block again");
    c.set_up("tap0", false).on("down")?;
    c.join(thread, "read after down").map(drop)
}

fn one_frame(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let mut frame = [0xa5; 2048];
    let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
    check!(n == ARP_LEN, "an ARP reply of {n} bytes");
    check!(frames::arp_reply(&frame[..n], 1) == Some(live.mac), "no ARP reply: {:x?}", &frame[..n]);
    check!(frame[n..].iter().all(|&b| b == 0xa5), "bytes past the frame were written");
    Ok(())
}

fn truncates(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let mut frame = [0xa5; 64];
    let n = c.sys.read(live.fd, Out::bytes(&mut frame[..20])).on("read")?;
    check!(n == 20, "read returned {n}, not 20");
    check!(frame[20..].iter().all(|&b| b == 0xa5), "bytes past the buffer were written");
    c.sys
        .read(live.fd, Out::bytes(&mut frame))
        .fails_with(Errno::EAGAIN, "read of a truncated frame's rest")
}

fn counted(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; 20];
    c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
    let after = c.settled_data("tap0")?;
    check!(after.oerrors > before.oerrors, "oerrors stayed {}", after.oerrors);
    Ok(())
}

fn readv(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let (mut header, mut rest, mut guard) = ([0; 14], [0; 60], [0xa5; 8]);
    let mut spans = [Out::bytes(&mut header), Out::bytes(&mut rest), Out::bytes(&mut guard)];
    let n = c.sys.readv(live.fd, &mut spans).on("readv")?;
    check!(n == ARP_LEN, "readv returned {n}");
    check!(header[..6] == frames::PEER_MAC, "the header is {header:x?}");
    check!(rest[..2] == [0, 1] && rest[7] == 2, "the payload begins with {:x?}", &rest[..8]);
    check!(guard == [0xa5; 8], "bytes past the frame were written");
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let before = c.settled_data("tap0")?;
    c.sys.read(live.fd, Out::bad(2048)).fails_with(Errno::EFAULT, "read to nowhere")?;
    let mut frame = [0; 64];
    c.sys.read(live.fd, Out::bytes(&mut frame)).fails_with(Errno::EAGAIN, "read after a fault")?;
    let after = c.settled_data("tap0")?;
    let (sent, errors) = (after.opackets - before.opackets, after.oerrors - before.oerrors);
    check!(sent == 0, "the lost frame is counted as sent");
    check!(errors == 1, "oerrors rose by {errors}");
    Ok(())
}

fn efault_midway(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let span = Out::across(c.sys.edge(), 20, 2000);
    c.sys.read(live.fd, span).fails_with(Errno::EFAULT, "read across the end of memory")?;
    c.provoke(&live)?;
    // The frame fits before the edge: the rest of the buffer is not touched.
    let size = super::ioctl_fd::fionread(c, live.fd).on("FIONREAD")? as usize;
    let span = Out::across(c.sys.edge(), size, 2000);
    let n = c.sys.read(live.fd, span).on("read up to the end of memory")?;
    check!(n == size, "read returned {n}, not {size}");
    Ok(())
}

/// Writes an echo request of `size` bytes and reads until its answer comes.
pub fn echo(
    c: &Ctx,
    live: &crate::net::Live,
    size: usize,
    sequence: u16,
) -> crate::case::Fallible<usize> {
    let mut frame = [0; frames::LONGEST];
    frames::echo_request(&mut frame[..size], live.mac, live.net, sequence);
    let n = c.send(live.fd, &frame[..size]).on("write of an echo request")?;
    if n != size {
        return Err(crate::case::Failure::of(format_args!("write of {size} returned {n}")));
    }
    for _ in 0..16 {
        if !c.readable(live.fd, 4000) {
            break;
        }
        let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
        if frames::is_echo_reply(&frame[..n], sequence) {
            return Ok(n);
        }
    }
    Err(crate::case::Failure::of(format_args!(
        "no whole answer to an echo request of {size} bytes"
    )))
}

fn large(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    for (i, size) in [42, 98, 256, 400, 512, 1000, 1500, 1514].into_iter().enumerate() {
        let n = echo(c, &live, size, i as u16)?;
        check!(n == size, "the answer to {size} bytes has {n}");
    }
    Ok(())
}

fn order(c: &Ctx) -> Verdict {
    c.keep_order()?;
    let live = c.live(0, 1)?;
    let mut frame = [0; 256];
    for sequence in 0..32 {
        frames::echo_request(&mut frame[..64], live.mac, 1, sequence);
        c.send(live.fd, &frame[..64]).on("write")?;
    }
    let mut next = 0;
    while next < 32 {
        check!(c.readable(live.fd, 4000), "only {next} answers came");
        let n = c.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
        if n == 64 && frame[34] == 0 {
            check!(frames::is_echo_reply(&frame[..n], next), "answer {next} is out of order");
            next += 1;
        }
    }
    Ok(())
}

fn nothing(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_NONBLOCK)?;
    check!(c.sys.read(fd, Out::bytes(&mut [])) == Ok(0), "a read of nothing while down");
    c.destroy(name.as_str()).on("destroy")?;
    let after = c.sys.read(fd, Out::bytes(&mut []));
    after.fails_with(Errno::ENXIO, "a read of nothing after the end")
}
