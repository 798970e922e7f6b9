// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets at the edges: of the MTU, of what the interface itself gets, and of a queue.

use crate::abi::offload::VnetHdr;
use crate::abi::{BPF_D_IN, BRDGADD, BRDGDEL};
use crate::bpf;
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::packets::{pattern_at, Packet, FAR_MAC};
use crate::sys::Need;
use crate::view::View;

use super::write::open_up;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_cut_mtu",
                "tap_rs(4): segments beyond the MTU are EMSGSIZE, whatever it is now",
                mtu,
            )
            .added(),
            case(
                "offload_cut_own",
                "a large packet for the interface comes in whole or cut, once",
                own,
            )
            .added()
            .needs(&[Need::Bpf, Need::Inet]),
            case(
                "offload_cut_small_mtu",
                "a large packet for the interface after its MTU went down",
                small_mtu,
            )
            .added()
            .needs(&[Need::Bpf, Need::Inet]),
            case(
                "offload_cut_bridge_joined",
                "a bridge is joined and left between and under large packets",
                joined,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_cut_counted",
                "ipackets and ibytes are those of the frames that came in",
                counted,
            )
            .added(),
        ]
    }
}

/// Writes a large packet of three and a half segments.
fn try_size(c: &Ctx, fd: i32, packet: Packet, size: usize) -> Result<usize> {
    let mut frame = [0; 36_000];
    let frame = &mut frame[..packet.headers() + size * 7 / 2];
    packet.whole(frame, 0);
    c.put(fd, packet.large(size as u16), frame)
}

fn mtu(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    for mtu in [1500, 600, 9000, 1500] {
        c.set_mtu("tap0", mtu as i32).on("SIOCSIFMTU")?;
        for packet in [Packet::tcp(false, FAR_MAC), Packet::tcp(true, FAR_MAC)] {
            for packet in [packet, Packet { tagged: true, ..packet }] {
                // A header and a tag beside the MTU, as with any frame.
                let most = mtu + 18 - packet.headers();
                try_size(c, fd, packet, most).on("segments that the MTU allows")?;
                for beyond in [most + 1, most + 2, most + 500] {
                    let tried = try_size(c, fd, packet, beyond);
                    tried.fails_with(Errno::EMSGSIZE, "segments beyond the MTU")?;
                }
            }
        }
    }
    Ok(())
}

/// What bpf(4) saw of one large packet: all of its bytes, once, and in order.
fn seen_once(c: &Ctx, bpf: i32, packet: Packet, payload: usize) -> Verdict {
    let (mut next, mut wrong) = (0, None);
    bpf::each(c, bpf, &mut |frame| {
        let Some(view) = View::of(frame).filter(|view| view.ports == packet.ports) else { return };
        let place = view.seq.wrapping_sub(packet.seq) as usize;
        let bytes = frame.get(view.payload..view.end).unwrap_or_default();
        let good = place == next
            && view.is_sound(frame)
            && bytes.iter().enumerate().all(|(i, byte)| *byte == pattern_at(place + i));
        if !good && wrong.is_none() {
            wrong = Some((place, bytes.len(), next));
        }
        next = place + bytes.len();
    })?;
    if let Some((place, len, next)) = wrong {
        let why = format_args!("{len} bytes came in at {place}, or wrong ones, after {next}");
        return Err(crate::case::Failure::of(why));
    }
    check!(next == payload, "{next} bytes of {payload} came in");
    Ok(())
}

fn own(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    for v6 in [false, true] {
        let packet = Packet::tcp(v6, live.mac);
        let mut frame = [0; 20_000];
        for payload in [1461, 2920, 10_000, 19_000] {
            let frame = &mut frame[..packet.headers() + payload];
            packet.whole(frame, 0);
            c.put(live.fd, packet.large(1440), frame).on("write of a large packet")?;
            seen_once(c, bpf, packet, payload)?;
            c.drain(live.fd)?;
        }
    }
    c.set_header(live.fd, 0).on("TAPSVNETHDR of none")?;
    c.greet(&live).map(drop)
}

fn small_mtu(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    let packet = Packet::tcp(false, live.mac);
    let mut frame = [0; 9000];
    packet.whole(&mut frame, 0);
    let payload = frame.len() - packet.headers();
    for mtu in [1500, 576, 1500] {
        c.set_mtu("tap0", mtu).on("SIOCSIFMTU")?;
        let size = mtu as usize - 40;
        c.put(live.fd, packet.large(size as u16), &frame).on("write of a large packet")?;
        seen_once(c, bpf, packet, payload)?;
        let put = c.put(live.fd, packet.large(size as u16 + 5), &frame);
        put.fails_with(Errno::EMSGSIZE, "segments beyond the MTU")?;
        seen_once(c, bpf, packet, 0)?;
    }
    Ok(())
}

fn joined(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let mut frame = [0; 30_000];
    let packet = Packet::tcp(false, FAR_MAC);
    packet.whole(&mut frame, 0);
    for round in 0..20 {
        let cmd = if round % 2 == 0 { BRDGDEL } else { BRDGADD };
        c.put(ends[0], packet.large(1460), &frame).on("write of a large packet")?;
        super::foreign::bridge(c, cmd, "tap0").on("BRDGADD or BRDGDEL")?;
        c.put(ends[0], packet.large(700), &frame).on("write of a large packet")?;
        let mut seen = [0; 2048];
        while c.readable(ends[1], 30) {
            let n = c.sys.read(ends[1], crate::user::Out::bytes(&mut seen)).on("read")?;
            let view = View::of(&seen[..n]);
            let good = view.is_some_and(|v| v.is_sound(&seen[..n]) && v.is_summed(&seen[..n]));
            check!(good, "a frame of {n} bytes behind the bridge is no good segment");
        }
    }
    Ok(())
}

fn counted(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    let packet = Packet::tcp(false, FAR_MAC);
    let mut frame = [0; 4054];
    packet.whole(&mut frame, 0);
    let before = c.settled_data("tap0")?;
    c.put(fd, packet.large(1000), &frame).on("write of a large packet")?;
    c.put(fd, VnetHdr::NONE, &frame[..1000]).on("write of a frame")?;
    let after = c.settled_data("tap0")?;
    let (frames, bytes) = (after.ipackets - before.ipackets, after.ibytes - before.ibytes);
    check!(frames == 5, "{frames} frames came in instead of 5");
    check!(bytes == 4 * 1054 + 1000, "{bytes} bytes came in instead of 5216");
    Ok(())
}
