// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Headers and packets that make no sense: EINVAL, and nothing of them goes anywhere.

use crate::abi::offload::{VnetHdr, DATA_VALID, GSO_ECN, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::packets::{Packet, FAR_MAC, RST, SYN, URG};
use crate::sys::Need;

use super::offload_write::came;
use super::write::open_up;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_refused_sum",
                "tap_rs(4): a checksum outside of the frame is EINVAL",
                sum,
            )
            .added(),
            case(
                "offload_refused_header",
                "tap_rs(4): a header that does not fit its large packet is EINVAL",
                header,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_refused_v4",
                "tap_rs(4): a large packet in IPv4 that is none is EINVAL",
                v4,
            )
            .added()
            .needs(&[Need::Bridge]),
            case("offload_refused_v6", "tap_rs(4): the same in IPv6", v6)
                .added()
                .needs(&[Need::Bridge]),
            case(
                "offload_refused_cut_short",
                "tap_rs(4): a frame that ends before its packet does is EINVAL",
                cut_short,
            )
            .added()
            .needs(&[Need::Bridge]),
            case("offload_refused_mbufs", "what is refused leaves no mbuf", mbufs)
                .added()
                .needs(&[Need::MbufStat]),
        ]
    }
}

/// Something that makes a header and its frame wrong.
type Wrong = (&'static str, fn(&mut VnetHdr, &mut [u8]));

const PAYLOAD: usize = 350;
const SIZE: u16 = 100;

/// Each of these is refused; the packet as it was is not.
fn refused(c: &Ctx, packet: Packet, all: &[Wrong]) -> Verdict {
    let ends = c.bridged()?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; 500];
    let frame = &mut frame[..packet.headers() + PAYLOAD];
    for (what, wrong) in all {
        let mut header = packet.large(SIZE);
        packet.whole(frame, 0);
        wrong(&mut header, frame);
        let put = c.put(ends[0], header, frame);
        check!(put == Err(Errno::EINVAL), "{what}: {put:?} instead of EINVAL");
    }
    check!(!c.readable(ends[1], 100), "something that was refused crossed the bridge");
    let after = c.settled_data("tap0")?;
    check!(after.ipackets == before.ipackets, "something that was refused came in");
    check!(after.ibytes == before.ibytes, "bytes of what was refused are counted");
    packet.whole(frame, 0);
    c.put(ends[0], packet.large(SIZE), frame).on("write of the packet as it was")?;
    let mut first = [0; 500];
    let first = &mut first[..packet.headers() + usize::from(SIZE)];
    packet.completed(first, 0);
    came(c, ends, first)
}

fn sum(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    let mut frame = [0; 100];
    crate::frames::plain(&mut frame, FAR_MAC);
    let before = c.settled_data("tap0")?;
    let put = |csum_start, csum_offset| {
        let header = VnetHdr { flags: NEEDS_CSUM, csum_start, csum_offset, ..VnetHdr::NONE };
        c.put(fd, header, &frame)
    };
    for start in [0, 1, 12, 13, 99, 100, 101, 0x7fff, 0x8000, 65534, u16::MAX] {
        for offset in [0, 2, 16, 65437, 65438, 65534, u16::MAX] {
            let sent = put(start, offset);
            check!(sent == Err(Errno::EINVAL), "{start} and {offset} of 100: {sent:?}");
        }
    }
    for start in [14, 15, 34, 98] {
        let last = 98 - start;
        put(start, last).on("a checksum in the last two bytes")?;
        for offset in [last + 1, last + 2, 65535 - start, 65534 - start, u16::MAX] {
            let sent = put(start, offset);
            check!(sent == Err(Errno::EINVAL), "{start} and {offset} of 100: {sent:?}");
        }
    }
    let after = c.settled_data("tap0")?;
    let frames = after.ipackets - before.ipackets;
    check!(frames == 4, "{frames} frames came in instead of 4");
    Ok(())
}

fn header(c: &Ctx) -> Verdict {
    let all: &[Wrong] = &[
        ("gso_size 0", |h, _| h.gso_size = 0),
        ("no checksum to complete", |h, _| h.flags = 0),
        ("a checksum that is right", |h, _| h.flags = DATA_VALID),
        ("another bit of the flags", |h, _| h.flags = 0xfe),
        ("type 2", |h, _| h.gso_type = 2),
        ("type 3, UDP's fragments", |h, _| h.gso_type = 3),
        ("type 5, UDP's segments", |h, _| h.gso_type = 5),
        ("both types", |h, _| h.gso_type = GSO_TCPV4 | GSO_TCPV6),
        ("type 0x41", |h, _| h.gso_type = 0x41),
        ("type 0x7f", |h, _| h.gso_type = 0x7f),
        ("ECN alone", |h, _| h.gso_type = GSO_ECN),
        ("ECN with type 2", |h, _| h.gso_type = GSO_ECN | 2),
        ("IPv6's type", |h, _| h.gso_type = GSO_TCPV6),
        ("IPv6's type and ECN", |h, _| h.gso_type = GSO_TCPV6 | GSO_ECN),
        ("csum_start before TCP", |h, _| h.csum_start -= 1),
        ("csum_start in TCP", |h, _| h.csum_start += 1),
        ("csum_start of IP", |h, _| h.csum_start = 14),
        ("csum_start 0", |h, _| h.csum_start = 0),
        ("csum_start at the end", |h, _| h.csum_start = 404),
        ("csum_offset of UDP", |h, _| h.csum_offset = 6),
        ("csum_offset 15", |h, _| h.csum_offset = 15),
        ("csum_offset 17", |h, _| h.csum_offset = 17),
        ("csum_offset 65535", |h, _| h.csum_offset = u16::MAX),
        ("csum_offset that wraps", |h, _| h.csum_offset = 16_u16.wrapping_sub(34)),
        ("350 segments", |h, _| h.gso_size = 1),
    ];
    refused(c, Packet::tcp(false, FAR_MAC), all)
}

fn v4(c: &Ctx) -> Verdict {
    let all: &[Wrong] = &[
        ("ethertype of ARP", |_, f| f[13] = 6),
        ("ethertype of IPv6", |_, f| f[12..14].copy_from_slice(&[0x86, 0xdd])),
        ("ethertype of a tag", |_, f| f[12..14].copy_from_slice(&[0x81, 0])),
        ("ethertype of a service tag", |_, f| f[12..14].copy_from_slice(&[0x88, 0xa8])),
        ("a length for a type", |_, f| f[12..14].copy_from_slice(&[1, 0x86])),
        ("version 6", |_, f| f[14] = 0x65),
        ("version 0", |_, f| f[14] = 0x05),
        ("a header of 16 bytes", |_, f| f[14] = 0x44),
        ("a header of no bytes", |_, f| f[14] = 0x40),
        ("a header of 24 bytes", |_, f| f[14] = 0x46),
        ("a header of 60 bytes", |_, f| f[14] = 0x4f),
        ("more fragments", |_, f| f[20] = 0x20),
        ("more fragments, and not to fragment", |_, f| f[20] = 0x60),
        ("a fragment's offset", |_, f| f[21] = 1),
        ("a fragment's high offset", |_, f| f[20] = 0x10),
        ("UDP", |_, f| f[23] = 17),
        ("ICMP", |_, f| f[23] = 1),
        ("a length of 0", |_, f| f[16..18].fill(0)),
        ("a length of IP's header", |_, f| f[16..18].copy_from_slice(&[0, 20])),
        ("a length within TCP's header", |_, f| f[16..18].copy_from_slice(&[0, 39])),
        ("a length one beyond", |_, f| f[16..18].copy_from_slice(&391_u16.to_be_bytes())),
        ("a length of 65535", |_, f| f[16..18].fill(0xff)),
        ("TCP's header of 16 bytes", |_, f| f[46] = 0x40),
        ("TCP's header of none", |_, f| f[46] = 0),
        ("TCP's header beyond the length", |_, f| {
            f[46] = 0xf0;
            f[16..18].copy_from_slice(&[0, 79]);
        }),
        ("SYN", |_, f| f[47] |= SYN),
        ("RST", |_, f| f[47] |= RST),
        ("URG", |_, f| f[47] |= URG),
        ("every flag", |_, f| f[47] = 0xff),
    ];
    refused(c, Packet::tcp(false, FAR_MAC), all)
}

fn v6(c: &Ctx) -> Verdict {
    let all: &[Wrong] = &[
        ("ethertype of IPv4", |_, f| f[12..14].copy_from_slice(&[8, 0])),
        ("ethertype of a tag", |_, f| f[12..14].copy_from_slice(&[0x81, 0])),
        ("IPv4's type", |h, _| h.gso_type = GSO_TCPV4),
        ("version 4", |_, f| f[14] = 0x45),
        ("version 0", |_, f| f[14] = 0),
        ("hop-by-hop options", |_, f| f[20] = 0),
        ("a routing header", |_, f| f[20] = 43),
        ("a fragment", |_, f| f[20] = 44),
        ("destination options", |_, f| f[20] = 60),
        ("no next header", |_, f| f[20] = 59),
        ("UDP", |_, f| f[20] = 17),
        ("a length of 0", |_, f| f[18..20].fill(0)),
        ("a length within TCP's header", |_, f| f[18..20].copy_from_slice(&[0, 19])),
        ("a length one beyond", |_, f| f[18..20].copy_from_slice(&371_u16.to_be_bytes())),
        ("a length of 65535", |_, f| f[18..20].fill(0xff)),
        ("TCP's header of 16 bytes", |_, f| f[66] = 0x40),
        ("TCP's header beyond the length", |_, f| {
            f[66] = 0xf0;
            f[18..20].copy_from_slice(&[0, 59]);
        }),
        ("SYN", |_, f| f[67] |= SYN),
        ("RST", |_, f| f[67] |= RST),
        ("URG", |_, f| f[67] |= URG),
        ("csum_start of IPv4's TCP", |h, _| h.csum_start = 34),
    ];
    refused(c, Packet::tcp(true, FAR_MAC), all)
}

fn cut_short(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        for tagged in [false, true] {
            let packet = Packet { tagged, options: &[1; 12], ..Packet::tcp(v6, FAR_MAC) };
            let mut frame = [0; 500];
            let frame = &mut frame[..packet.headers() + PAYLOAD];
            packet.whole(frame, 0);
            for n in 0..frame.len() {
                let put = c.put(ends[0], packet.large(SIZE), &frame[..n]);
                check!(put == Err(Errno::EINVAL), "{n} bytes of {}: {put:?}", frame.len());
            }
        }
    }
    check!(!c.readable(ends[1], 100), "something that was refused crossed the bridge");
    Ok(())
}

fn mbufs(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    let packet = Packet::tcp(false, FAR_MAC);
    let mut frame = [0; 9000];
    packet.whole(&mut frame, 0);
    let before = c.sys.mbufs().on("kern.mbuf.stats")?;
    for round in 0..600 {
        let mut header = packet.large(1460);
        match round % 3 {
            0 => header.gso_size = 0,
            1 => header.csum_offset = 6,
            _ => header.gso_type = 2,
        }
        c.put(fd, header, &frame).fails_with(Errno::EINVAL, "write of nonsense")?;
    }
    // Others come and go.
    let few = c.wait_for(|| c.sys.mbufs().is_ok_and(|now| now < before + 100));
    check!(few, "{before} mbufs before 600 refused writes, and a hundred more after");
    Ok(())
}
