// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Offload and other interfaces: what leaves by them is whole.

use crate::abi::offload::{VnetHdr, TAKES_CSUM, TAKES_TSO4, VNET_HDR};
use crate::abi::{BPF_D_IN, BRDGADD};
use crate::bpf;
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::frames;
use crate::net::Live;
use crate::packets::{pattern_at, Packet, UDP};
use crate::run::set_int;
use crate::sys::Need;
use crate::user::Out;
use crate::view::{consistent, View};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_forwarded",
                "ip_forward(): large packets and open checksums are whole on the next link",
                forwarded,
            )
            .added()
            .needs(&[Need::Inet, Need::Tcp]),
            case(
                "offload_bridged_out",
                "bridge_output(): datagrams are whole for a member that takes less",
                bridged_out,
            )
            .added()
            .needs(&[Need::Inet, Need::Udp, Need::Bridge]),
            case(
                "offload_vlan",
                "vlan(4): segments of a tagged large packet come to its interface",
                vlan,
            )
            .added()
            .needs(&[Need::Bpf, Need::Inet, Need::Vlan]),
        ]
    }
}

/// The next TCP or UDP packet that can be read, behind a header of so many bytes.
fn next(c: &Ctx, fd: i32, header: usize, frame: &mut [u8]) -> Fallible<(VnetHdr, View, usize)> {
    while c.readable(fd, 4000) {
        let (said, n) = if header == 0 {
            (VnetHdr::NONE, c.sys.read(fd, Out::bytes(frame)).on("read")?)
        } else {
            let Some(taken) = c.take(fd, frame, 4000)? else { break };
            taken
        };
        if let Some(view) = View::of(&frame[..n]) {
            return Ok((said, view, n));
        }
    }
    Err(Failure::of(format_args!("no packet came")))
}

fn forwarded(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let far = c.live(1, 2)?;
    c.drain(far.fd)?;
    const SYSCTL: &str = "net.inet.ip.forwarding";
    set_int(c.sys, SYSCTL, 1).on(SYSCTL)?;
    let result = [0, VNET_HDR].into_iter().try_for_each(|header| {
        c.set_header(far.fd, header as i32).on("TAPSVNETHDR")?;
        let bits = if header == 0 { 0 } else { TAKES_CSUM | TAKES_TSO4 };
        c.set_offload(far.fd, bits).on("TAPSOFFLOAD")?;
        // The second time there may be a shorter way.
        (0..2).try_for_each(|_| forward(c, &live, &far, header))
    });
    set_int(c.sys, SYSCTL, 0).on(SYSCTL)?;
    result
}

fn forward(c: &Ctx, live: &Live, far: &Live, header: usize) -> Verdict {
    let target = frames::peer_ip(2);
    let large = Packet { target, ..Packet::tcp(false, live.mac) };
    let mut room = [0; 20_000];
    let frame = &mut room[..large.headers() + 14_601];
    large.whole(frame, 0);
    c.put(live.fd, large.large(1460), frame).on("write of a large packet")?;
    let mut seen = [0; 2048];
    let mut bytes = 0;
    while bytes < 14_601 {
        let (said, view, n) = next(c, far.fd, header, &mut seen)?;
        let payload = &seen[view.payload..n];
        consistent(said, &seen[..n], view)?;
        check!(view.seq == large.seq + bytes as u32, "a segment out of order behind {bytes}");
        let good = payload.iter().enumerate().all(|(i, byte)| *byte == pattern_at(bytes + i));
        check!(good && seen[22] == 63, "a wrong byte behind {bytes}, or lives {}", seen[22]);
        bytes += payload.len();
    }
    let datagram = Packet { target, ..Packet::udp(false, live.mac) };
    let frame = &mut room[..datagram.headers() + 333];
    datagram.whole(frame, 0);
    c.put(live.fd, datagram.needs_csum(), frame).on("write of a datagram")?;
    let (said, view, n) = next(c, far.fd, header, &mut seen)?;
    check!(view.transport == UDP && n == frame.len(), "{n} bytes of {}", view.transport);
    consistent(said, &seen[..n], view)
}

fn bridged_out(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    let far = c.beside_a_bridge()?;
    for member in ["tap0", "tap1"] {
        super::foreign::bridge(c, BRDGADD, member).on("BRDGADD")?;
    }
    // The peer is heard behind tap1 from now on.
    c.greet(&Live { fd: far, ..live })?;
    let socket = c.udp_to_peer(1, 9)?;
    for header in [0, VNET_HDR, 0] {
        c.set_header(far, header as i32).on("TAPSVNETHDR of the other member")?;
        for (ours, theirs) in [(TAKES_CSUM, 0), (TAKES_CSUM, TAKES_CSUM), (0, TAKES_CSUM)] {
            c.set_offload(live.fd, ours).on("TAPSOFFLOAD")?;
            if header != 0 {
                c.set_offload(far, theirs).on("TAPSOFFLOAD of the other member")?;
            }
            c.settle();
            c.drain(far)?;
            c.send(socket, &[0x77; 301]).on("write of a UDP socket")?;
            let mut seen = [0; 2048];
            let (said, view, n) = next(c, far, header, &mut seen)?;
            check!(view.transport == UDP && n == 343, "{n} bytes of {}", view.transport);
            consistent(said, &seen[..n], view)?;
            check!(said.flags == 0 || theirs != 0, "an open checksum for who takes none");
        }
    }
    Ok(())
}

fn vlan(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    super::foreign::set_vlan(c)?;
    let bpf = bpf::tap_on(c, "vlan77", BPF_D_IN)?;
    let packet = Packet { tagged: true, ..Packet::tcp(false, live.mac) };
    let mut room = [0; 10_000];
    let frame = &mut room[..packet.headers() + 5000];
    packet.whole(frame, 0);
    c.put(live.fd, packet.large(1400), frame).on("write of a large packet")?;
    let (mut bytes, mut count, mut good) = (0, 0, true);
    bpf::each(c, bpf, &mut |seen| {
        let Some(view) = View::of(seen).filter(|view| view.ports == packet.ports) else { return };
        good &= view.is_sound(seen) && view.is_summed(seen);
        good &= view.seq == packet.seq + bytes as u32;
        bytes += seen.len() - view.payload;
        count += 1;
    })?;
    check!(good && bytes == 5000 && count == 4, "{count} segments of {bytes} bytes, or wrong ones");
    c.destroy("vlan77").on("destroy of the vlan")
}
