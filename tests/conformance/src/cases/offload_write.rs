// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Writing behind an offload header: lengths, pieces, addresses that are not there, and what in
//! the header means nothing.

use crate::abi::offload::{VnetHdr, DATA_VALID, MAX_FRAME, NEEDS_CSUM, SHORT_HDR, VNET_HDR};
use crate::abi::ETHER_HDR;
use crate::case::{case, Case, Failure, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames::{self, LONGEST};
use crate::packets::{Packet, FAR_MAC};
use crate::sys::Need;
use crate::user::{In, Out, Plain};

use super::write::open_up;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_write_short",
                "tap_rs(4): a write has a header and a frame of 14 bytes at least",
                short,
            )
            .added(),
            case(
                "offload_write_long",
                "tap_rs(4): 65535 bytes behind the header are the most, 65553 of a large packet",
                long,
            )
            .added(),
            case("offload_write_efault", "a fault in any page leaves no trace", efault).added(),
            case("offload_write_down", "an interface that is down is no error", down).added(),
            case(
                "offload_write_pieces",
                "writev(2): header and frame may be split anywhere",
                pieces,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_write_short_header",
                "tap_rs(4): a header of 10 bytes has no num_buffers",
                short_header,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_write_ignored",
                "tap_rs(4): unknown flags, hdr_len and num_buffers mean nothing",
                ignored,
            )
            .added()
            .needs(&[Need::Bridge]),
        ]
    }
}

/// Zeros: a header without anything to do, and a frame for nobody.
static ZEROS: [u8; VNET_HDR + MAX_FRAME + 1] = [0; VNET_HDR + MAX_FRAME + 1];

/// A frame written behind this header crosses the bridge as `expected`.
pub fn crosses(c: &Ctx, ends: [i32; 2], header: VnetHdr, frame: &[u8], expected: &[u8]) -> Verdict {
    let n = c.put(ends[0], header, frame).on("write behind a header")?;
    check!(n == frame.len(), "of {} bytes {n} were written", frame.len());
    came(c, ends, expected)
}

/// The next frame that has crossed the bridge is this one.
pub fn came(c: &Ctx, ends: [i32; 2], expected: &[u8]) -> Verdict {
    check!(c.readable(ends[1], 4000), "no frame crossed the bridge");
    let mut seen = [0; 1600];
    let n = c.sys.read(ends[1], Out::bytes(&mut seen)).on("read")?;
    check!(n == expected.len(), "{n} bytes crossed the bridge instead of {}", expected.len());
    match seen.iter().zip(expected).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(Failure::of(format_args!(
            "byte {at} of {n} is {:#x} instead of {:#x}",
            seen[at], expected[at]
        ))),
    }
}

fn short(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let before = c.settled_data("tap0")?;
    for header in [SHORT_HDR, VNET_HDR, 0] {
        c.set_header(fd, header as i32).on("TAPSVNETHDR")?;
        let least = header + ETHER_HDR;
        for n in 0..least {
            c.send(fd, &ZEROS[..n]).fails_with(Errno::EINVAL, "a write that is too short")?;
        }
        for n in [least, least + 1] {
            let written = c.send(fd, &ZEROS[..n]).on("the shortest write")?;
            check!(written == n, "write of {n} returned {written}");
        }
    }
    let after = c.settled_data("tap0")?;
    let (frames, bytes) = (after.ipackets - before.ipackets, after.ibytes - before.ibytes);
    check!(frames == 6 && bytes == 87, "{frames} frames of {bytes} bytes came in, not 6 of 87");
    Ok(())
}

fn long(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    for header in [SHORT_HDR, VNET_HDR] {
        c.set_header(fd, header as i32).on("TAPSVNETHDR")?;
        let most = header + LONGEST;
        let n = c.send(fd, &ZEROS[..most]).on("the longest write")?;
        check!(n == most, "write of {most} returned {n}");
        for beyond in [most + 1, header + MAX_FRAME, header + MAX_FRAME + 1] {
            let sent = c.send(fd, &ZEROS[..beyond]);
            sent.fails_with(Errno::EMSGSIZE, "a write that is too long")?;
        }
    }
    // A large packet may be longer, but then has to be one.
    let header = Packet::tcp(false, FAR_MAC).large(1460);
    let sent = c.put(fd, header, &ZEROS[..MAX_FRAME]);
    sent.fails_with(Errno::EINVAL, "a large packet of zeros")?;
    let sent = c.put(fd, header, &ZEROS[..MAX_FRAME + 1]);
    sent.fails_with(Errno::EMSGSIZE, "a large packet that is too long")
}

fn efault(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
    let mut frame = [0; 64_000];
    let packet = Packet::tcp(false, FAR_MAC);
    packet.whole(&mut frame, 0);
    let before = c.settled_data("tap0")?;
    for header in [packet.large(1460), packet.needs_csum(), VnetHdr::NONE] {
        let bytes = header.as_bytes();
        let attempt = |spans: &[In<'_>]| {
            c.sys.writev(fd, spans).fails_with(Errno::EFAULT, "a write from nowhere")
        };
        attempt(&[In::bad(1000)])?;
        for good in [1, 9, 10, 11] {
            attempt(&[In::bytes(&bytes[..good]), In::bad(1000)])?;
        }
        for good in [0, 1, 13, 14, 53, 54, 137, 138, 139, 2047, 2048, 63_999] {
            let rest = frame.len() - good;
            attempt(&[In::bytes(bytes), In::bytes(&frame[..good]), In::bad(rest)])?;
        }
        for page in 0..15 {
            let good = &frame[..page * 4096];
            let across = In::across(c.sys.edge(), 100, frame.len() - good.len() - 100);
            attempt(&[In::bytes(bytes), In::bytes(good), across])?;
        }
    }
    let after = c.settled_data("tap0")?;
    check!(after.ipackets == before.ipackets, "part of a frame went up");
    check!(after.ierrors == before.ierrors, "ierrors rose: a refused write must leave no trace");
    Ok(())
}

fn down(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
    c.set_up("tap0", false).on("down")?;
    let mut frame = [0; 3054];
    let packet = Packet::tcp(false, FAR_MAC);
    packet.whole(&mut frame, 0);
    for header in [packet.large(1000), packet.needs_csum(), VnetHdr::NONE] {
        let n = c.put(fd, header, &frame).on("write while down")?;
        check!(n == frame.len(), "of {} bytes {n} were written", frame.len());
    }
    Ok(())
}

fn pieces(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let packet = Packet::udp(false, FAR_MAC);
    let (mut frame, mut expected) = ([0; 301], [0; 301]);
    packet.whole(&mut frame, 0);
    packet.completed(&mut expected, 0);
    let mut all = [0; VNET_HDR + 301];
    all[..VNET_HDR].copy_from_slice(packet.needs_csum().as_bytes());
    all[VNET_HDR..].copy_from_slice(&frame);
    let whole = |n: Result<usize>| {
        let n = n.on("write")?;
        check!(n == all.len(), "write returned {n}");
        came(c, ends, &expected)
    };
    whole(c.send(ends[0], &all))?;
    for cut in [0, 1, 6, 9, 10, 11, 12, 13, 24, 25, 26, 27, 53, 54, 150, 151, 311, 312] {
        let (head, tail) = all.split_at(cut);
        whole(c.sys.writev(ends[0], &[In::bytes(head), In::bytes(tail)]))?;
    }
    let (head, tail) = all.split_at(14);
    let each: [In<'_>; 15] = core::array::from_fn(|i| match i {
        14 => In::bytes(tail),
        i => In::bytes(&head[i..i + 1]),
    });
    whole(c.sys.writev(ends[0], &each))
}

fn short_header(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    c.set_header(ends[0], SHORT_HDR as i32).on("TAPSVNETHDR")?;
    for packet in [Packet::udp(false, FAR_MAC), Packet::tcp(true, FAR_MAC)] {
        let (mut frame, mut expected) = ([0; 201], [0; 201]);
        packet.whole(&mut frame, 0);
        packet.completed(&mut expected, 0);
        let header = packet.needs_csum();
        let spans = [In::bytes(&header.as_bytes()[..SHORT_HDR]), In::bytes(&frame)];
        let n = c.sys.writev(ends[0], &spans).on("write behind 10 bytes")?;
        check!(n == SHORT_HDR + frame.len(), "write returned {n}");
        came(c, ends, &expected)?;
    }
    Ok(())
}

fn ignored(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let packet = Packet::udp(false, FAR_MAC);
    let (mut frame, mut expected) = ([0; 121], [0; 121]);
    packet.whole(&mut frame, 0);
    packet.completed(&mut expected, 0);
    for flags in [NEEDS_CSUM, NEEDS_CSUM | DATA_VALID, 0xff, 0xfd, 0x05] {
        let header = VnetHdr { flags, ..packet.needs_csum() };
        crosses(c, ends, header, &frame, &expected)?;
    }
    for odd in [0, 1, 0x5a5a, u16::MAX] {
        let header = VnetHdr { hdr_len: odd, num_buffers: odd, ..packet.needs_csum() };
        crosses(c, ends, header, &frame, &expected)?;
        // Without a type gso_size means nothing, nor does the checksum's place without its flag.
        crosses(c, ends, VnetHdr { gso_size: odd, ..header }, &frame, &expected)?;
        for flags in [0, DATA_VALID, 0xfe] {
            let header = VnetHdr { flags, csum_start: odd, csum_offset: odd, ..VnetHdr::NONE };
            crosses(c, ends, header, &frame, &frame)?;
        }
    }
    frames::plain(&mut frame, FAR_MAC);
    crosses(c, ends, VnetHdr { flags: 0xfe, ..VnetHdr::NONE }, &frame, &frame)
}
