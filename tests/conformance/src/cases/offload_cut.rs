// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large TCP packets that are written: behind a bridge come the segments that they stand for, each
//! with the headers and the checksums that it would have if it had been written alone.

use crate::abi::offload::{VnetHdr, GSO_ECN, MAX_FRAME};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::packets::{Packet, ACK, CWR, FAR_MAC, FIN, PSH};
use crate::sys::Need;

use super::offload_write::came;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("offload_cut_v4", "RFC 9293: segments of TCP in IPv4", v4)
                .added()
                .needs(&[Need::Bridge]),
            case("offload_cut_v6", "the same in IPv6", v6).added().needs(&[Need::Bridge]),
            case("offload_cut_tagged", "IEEE 802.1Q: the same behind a tag", tagged)
                .added()
                .needs(&[Need::Bridge]),
            case(
                "offload_cut_counts",
                "tap_rs(4): a packet stands for 256 segments at most",
                counts,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_cut_flags",
                "RFC 9293, RFC 3168: FIN and PSH are the last's, CWR is the first's",
                flags,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_cut_wraps",
                "sequence number and identification go on past their ends",
                wraps,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_cut_options",
                "options of IPv4 and TCP, as many as there can be, are in each segment",
                options,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_cut_trailing",
                "tap_rs(4): what lies beyond IP's length is cut off",
                trailing,
            )
            .added()
            .needs(&[Need::Bridge]),
            case("offload_cut_one", "tap_rs(4): no more payload than gso_size is one packet", one)
                .added()
                .needs(&[Need::Bridge]),
            case("offload_cut_longest", "an IP packet of 65535 bytes is cut", longest)
                .added()
                .needs(&[Need::Bridge]),
        ]
    }
}

/// Writes a large packet, and after it bytes that are not its own.
fn put(
    c: &Ctx,
    fd: i32,
    (packet, header): (Packet, VnetHdr),
    payload: usize,
    tail: usize,
) -> Verdict {
    let mut frame = [0xee; MAX_FRAME];
    let len = packet.headers() + payload;
    packet.whole(&mut frame[..len], 0);
    let n = c.put(fd, header, &frame[..len + tail]).on("write of a large packet")?;
    check!(n == len + tail, "of {} bytes {n} were written", len + tail);
    Ok(())
}

/// What has crossed the bridge are the segments of this packet, and nothing else.
fn segments(c: &Ctx, ends: [i32; 2], packet: Packet, size: usize, payload: usize) -> Verdict {
    let mut expected = [0; 1600];
    let count = payload.div_ceil(size).max(1);
    for i in 0..count {
        let place = i * size;
        let n = size.min(payload - place);
        let mut segment = packet;
        segment.seq = packet.seq.wrapping_add(place as u32);
        segment.id = packet.id.wrapping_add(i as u16);
        if i != 0 {
            segment.flags &= !CWR;
        }
        if i + 1 != count {
            segment.flags &= !(FIN | PSH);
        }
        let expected = &mut expected[..packet.headers() + n];
        segment.completed(expected, place);
        came(c, ends, expected)?;
    }
    check!(!c.readable(ends[1], 20), "more frames than {count} crossed the bridge");
    Ok(())
}

fn cut(c: &Ctx, ends: [i32; 2], packet: Packet, size: usize, payload: usize) -> Verdict {
    put(c, ends[0], (packet, packet.large(size as u16)), payload, 0)?;
    segments(c, ends, packet, size, payload)
}

fn v4(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let packet = Packet::tcp(false, FAR_MAC);
    for (size, payload) in
        [(1000, 2000), (1000, 2001), (999, 5000), (536, 537), (1448, 44 * 1448), (1460, 44 * 1460)]
    {
        cut(c, ends, packet, size, payload)?;
    }
    Ok(())
}

fn v6(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let packet = Packet::tcp(true, FAR_MAC);
    for (size, payload) in [(1000, 2000), (1000, 2001), (999, 5000), (1440, 44 * 1440 + 77)] {
        cut(c, ends, packet, size, payload)?;
    }
    Ok(())
}

fn tagged(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        let packet = Packet { tagged: true, ..Packet::tcp(v6, FAR_MAC) };
        for (size, payload) in [(1000, 2000), (777, 3333), (1440, 20 * 1440)] {
            cut(c, ends, packet, size, payload)?;
        }
    }
    Ok(())
}

fn counts(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        let packet = Packet::tcp(v6, FAR_MAC);
        for size in [1, 8] {
            for count in [2, 3, 255, 256] {
                cut(c, ends, packet, size, size * count)?;
                cut(c, ends, packet, size, size * (count - 1) + 1)?;
            }
            let mut frame = [0; 4096];
            for payload in [256 * size + 1, 257 * size] {
                let frame = &mut frame[..packet.headers() + payload];
                packet.whole(frame, 0);
                let put = c.put(ends[0], packet.large(size as u16), frame);
                put.fails_with(Errno::EINVAL, "more than 256 segments")?;
            }
        }
    }
    check!(!c.readable(ends[1], 100), "a segment of what was refused crossed the bridge");
    Ok(())
}

fn flags(c: &Ctx) -> Verdict {
    const ECE: u8 = 0x40;
    let ends = c.bridged()?;
    for v6 in [false, true] {
        for flags in [0, ACK, FIN | ACK, PSH | ACK, FIN | PSH | ACK, CWR | ACK, 0xd9, ECE | ACK] {
            let packet = Packet { flags, ..Packet::tcp(v6, FAR_MAC) };
            for ecn in [0, GSO_ECN] {
                let mut header = packet.large(100);
                header.gso_type |= ecn;
                put(c, ends[0], (packet, header), 450, 0)?;
                segments(c, ends, packet, 100, 450)?;
            }
        }
    }
    Ok(())
}

fn wraps(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        for seq in [u32::MAX, u32::MAX - 99, u32::MAX - 100, u32::MAX - 250] {
            let packet = Packet { seq, id: u16::MAX - 2, ..Packet::tcp(v6, FAR_MAC) };
            cut(c, ends, packet, 100, 600)?;
        }
    }
    Ok(())
}

/// No-operations, and a time stamp.
static STAMP: [u8; 12] = [1, 1, 8, 10, 0, 1, 2, 3, 4, 5, 6, 7];
static OPTIONS: [u8; 40] = [1; 40];

fn options(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for tagged in [false, true] {
        for options in [&STAMP[..], &OPTIONS[..]] {
            for ip_options in [0, 4, 40] {
                let v4 = Packet { options, ip_options, tagged, ..Packet::tcp(false, FAR_MAC) };
                cut(c, ends, v4, 500, 1700)?;
            }
            let v6 = Packet { options, tagged, ..Packet::tcp(true, FAR_MAC) };
            cut(c, ends, v6, 500, 1700)?;
        }
    }
    Ok(())
}

fn trailing(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        let packet = Packet::tcp(v6, FAR_MAC);
        for tail in [1, 2, 46, 1000, 5000] {
            for payload in [250, 300, 100, 7] {
                put(c, ends[0], (packet, packet.large(100)), payload, tail)?;
                segments(c, ends, packet, 100, payload)?;
            }
        }
    }
    Ok(())
}

fn one(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        let packet = Packet { flags: CWR | FIN | PSH | ACK, ..Packet::tcp(v6, FAR_MAC) };
        for (size, payload) in [(100, 0), (100, 1), (100, 99), (100, 100), (1400, 1400)] {
            cut(c, ends, packet, size, payload)?;
        }
    }
    Ok(())
}

fn longest(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for tagged in [false, true] {
        let v4 = Packet { tagged, ..Packet::tcp(false, FAR_MAC) };
        cut(c, ends, v4, 1460, 65535 - 40)?;
        let v6 = Packet { tagged, ..Packet::tcp(true, FAR_MAC) };
        // IPv6's length is that of what follows its header: only a frame's is a limit.
        cut(c, ends, v6, 1440, MAX_FRAME - v6.headers())?;
        let mut frame = [0; MAX_FRAME];
        let rest = 65535 + v4.ip();
        v4.whole(&mut frame[..rest], 0);
        let n =
            c.put(ends[0], v4.large(1460), &frame).on("write of what is too long by its tail")?;
        check!(n == MAX_FRAME, "of {MAX_FRAME} bytes {n} were written");
        segments(c, ends, v4, 1460, 65535 - 40)?;
    }
    Ok(())
}
