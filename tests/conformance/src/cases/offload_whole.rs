// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets for this system: whole, in two parts, where nobody else can get them, and cut
//! everywhere else.

use core::ptr;

use crate::abi::offload::{IFCAP_LRO, IFCAP_RX, IFCAP_TCP4_RX};
use crate::abi::{CarpReq, LaggReq, BPF_D_IN, BRDGADD, BRDGDEL, LAGGIOC_ADDPORT, LAGGIOC_DELPORT};
use crate::abi::{LAGGIOC_SETPROTO, LAGG_PROTO_LOADBALANCE, SIOCSLAGG, SIOCSVH};
use crate::bpf;
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::Result;
use crate::net::Live;
use crate::packets::{pattern_at, Packet};
use crate::sys::Need;
use crate::user::Plain;
use crate::view::View;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const NEEDS: &[Need] = &[Need::Bpf, Need::Inet];
    const {
        &[
            case(
                "offload_whole",
                "tap_rs(4): a large packet for the interface's IPv4 address comes up in two parts",
                whole,
            )
            .added()
            .needs(NEEDS),
            case("offload_whole_off", "ifconfig(8): without LRO or tcp4csum-rx all are cut", off)
                .added()
                .needs(NEEDS),
            case(
                "offload_whole_others",
                "tap_rs(4): what may be for others is cut: addresses, families, tags",
                others,
            )
            .added()
            .needs(NEEDS),
            case("offload_whole_bridged", "tap_rs(4): what a bridge may take is cut", bridged)
                .added()
                .needs(&[Need::Bpf, Need::Inet, Need::Bridge]),
            case("offload_whole_lagged", "tap_rs(4): what is for a lagg is cut", lagged)
                .added()
                .needs(&[Need::Bpf, Need::Inet, Need::Lagg]),
            case("offload_whole_carped", "tap_rs(4): what a carp may take is cut", carped)
                .added()
                .needs(&[Need::Bpf, Need::Inet, Need::Carp]),
        ]
    }
}

const PAYLOAD: usize = 10_000;
const SIZE: usize = 1400;

/// Writes a large packet; how many parts of it came in, and whether one is more than a segment.
fn parts(c: &Ctx, live: &Live, bpf: i32, packet: Packet) -> Fallible<(usize, bool)> {
    let mut frame = [0; PAYLOAD + 100];
    let frame = &mut frame[..packet.headers() + PAYLOAD];
    packet.whole(frame, 0);
    c.put(live.fd, packet.large(SIZE as u16), frame).on("write of a large packet")?;
    let (mut count, mut more, mut bytes, mut good) = (0, false, 0, true);
    bpf::each(c, bpf, &mut |seen| {
        let mut room = [0; PAYLOAD + 100];
        let seen = untagged(packet, seen, &mut room);
        let Some(view) = View::of(seen).filter(|view| view.ports == packet.ports) else { return };
        let place = view.seq.wrapping_sub(packet.seq) as usize;
        let payload = &seen[view.payload..];
        good &= place == bytes && view.is_sound(seen) && view.is_summed(seen);
        good &= payload.iter().enumerate().all(|(i, byte)| *byte == pattern_at(place + i));
        count += 1;
        more |= payload.len() > SIZE;
        bytes += payload.len();
    })?;
    check!(good && bytes == PAYLOAD, "{bytes} bytes came in of {PAYLOAD}, or wrong ones");
    c.drain(live.fd)?;
    Ok((count, more))
}

/// The frame without the tag that it has if the packet has one.
fn untagged<'a>(packet: Packet, frame: &'a [u8], room: &'a mut [u8]) -> &'a [u8] {
    if !packet.tagged || frame.len() < 18 {
        return frame;
    }
    let room = &mut room[..frame.len() - 4];
    room[..12].copy_from_slice(&frame[..12]);
    room[12..].copy_from_slice(&frame[16..]);
    room
}

fn cut(c: &Ctx, live: &Live, bpf: i32, packet: Packet, what: &str) -> Verdict {
    let (count, more) = parts(c, live, bpf, packet)?;
    check!(count == 8 && !more, "{what}: {count} parts, more than segments {more}");
    Ok(())
}

fn in_two(c: &Ctx, live: &Live, bpf: i32) -> Verdict {
    let (count, more) = parts(c, live, bpf, Packet::tcp(false, live.mac))?;
    check!(count == 2 && more, "{count} parts, more than segments {more}");
    Ok(())
}

fn whole(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    in_two(c, &live, bpf)?;
    // With options of TCP's; those of IP's are no reason either.
    for packet in [
        Packet { options: &[1; 12], ..Packet::tcp(false, live.mac) },
        Packet { options: &[1; 40], ..Packet::tcp(false, live.mac) },
    ] {
        let (count, more) = parts(c, &live, bpf, packet)?;
        check!(count == 2 && more, "{count} parts, more than segments {more}");
    }
    Ok(())
}

fn off(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    for _ in 0..2 {
        c.enable("tap0", IFCAP_RX).on("SIOCSIFCAP without LRO")?;
        cut(c, &live, bpf, Packet::tcp(false, live.mac), "without LRO")?;
        c.enable("tap0", IFCAP_RX & !IFCAP_TCP4_RX | IFCAP_LRO).on("SIOCSIFCAP -tcp4csum-rx")?;
        cut(c, &live, bpf, Packet::tcp(false, live.mac), "without tcp4csum-rx")?;
        c.enable("tap0", IFCAP_RX | IFCAP_LRO).on("SIOCSIFCAP with LRO")?;
        in_two(c, &live, bpf)?;
    }
    Ok(())
}

fn others(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    let ours = Packet::tcp(false, live.mac);
    // Nobody has it, and one that everybody has.
    for target in [[10, 5, 1, 77], [10, 9, 9, 9], [10, 5, 1, 255], [255; 4], [224, 0, 0, 1]] {
        cut(c, &live, bpf, Packet { target, ..ours }, "another address")?;
    }
    cut(c, &live, bpf, Packet { to: crate::packets::FAR_MAC, ..ours }, "another machine's")?;
    cut(c, &live, bpf, Packet { to: crate::frames::BROADCAST, ..ours }, "everybody's")?;
    cut(c, &live, bpf, Packet { tagged: true, ..ours }, "tagged")?;
    cut(c, &live, bpf, Packet::tcp(true, live.mac), "IPv6")?;
    in_two(c, &live, bpf)
}

fn bridged(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    c.fresh("bridge77")?;
    c.set_up("bridge77", true).on("bridge up")?;
    for _ in 0..2 {
        in_two(c, &live, bpf)?;
        super::foreign::bridge(c, BRDGADD, "tap0").on("BRDGADD")?;
        cut(c, &live, bpf, Packet::tcp(false, live.mac), "bridged")?;
        super::foreign::bridge(c, BRDGDEL, "tap0").on("BRDGDEL")?;
    }
    c.destroy("bridge77").on("destroy of the bridge")
}

/// A command about a port of lagg77.
fn lagg(c: &Ctx, command: u32, port: &str) -> Result<()> {
    let mut lagg = LaggReq::zeroed();
    lagg.command = command;
    lagg.protocol = LAGG_PROTO_LOADBALANCE;
    lagg.ports = usize::from(!port.is_empty());
    put_name(&mut lagg.port, port);
    pointing(c, SIOCSLAGG, "lagg77", &mut lagg)
}

/// An ioctl whose argument ifr_data leads to.
fn pointing<T>(c: &Ctx, command: u64, name: &str, argument: &mut T) -> Result<()> {
    let mut req = Ctx::ifreq(name);
    req.data[..8].copy_from_slice(&(ptr::from_mut(argument) as usize).to_ne_bytes());
    c.if_ioctl(command, req).map(drop)
}

fn lagged(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    c.fresh("lagg77")?;
    lagg(c, LAGGIOC_SETPROTO, "").on("the protocol of a lagg")?;
    c.set_up("lagg77", true).on("lagg up")?;
    for _ in 0..2 {
        in_two(c, &live, bpf)?;
        lagg(c, LAGGIOC_ADDPORT, "tap0").on("a port of a lagg")?;
        cut(c, &live, bpf, Packet::tcp(false, live.mac), "a port of a lagg")?;
        lagg(c, LAGGIOC_DELPORT, "tap0").on("a port that leaves its lagg")?;
    }
    c.destroy("lagg77").on("destroy of the lagg")
}

/// Once only: the kernel counts the carps of an interface from memory that it has not set
/// (carp_set_ifp() in sys/netinet/ip_carp.c), and may think that there is one when all have gone.
fn carped(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let bpf = bpf::tap_on(c, "tap0", BPF_D_IN)?;
    in_two(c, &live, bpf)?;
    c.fresh("carp77")?;
    let mut carp = CarpReq::zeroed();
    put_name(&mut carp.device, "tap0");
    (carp.vhid, carp.base) = (7, 1);
    pointing(c, SIOCSVH, "carp77", &mut carp).on("the device of a carp")?;
    cut(c, &live, bpf, Packet::tcp(false, live.mac), "with a carp")?;
    c.destroy("carp77").on("destroy of the carp")
}
