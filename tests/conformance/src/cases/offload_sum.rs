// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums of frames that are written: completed whatever becomes of the frame, and believed
//! where the program says that they are right.

use crate::abi::offload::{VnetHdr, DATA_VALID, IFCAP_RX, NEEDS_CSUM};
use crate::abi::{AF_INET, AF_INET6, SOCK_DGRAM};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::frames::{self, checksum};
use crate::net::Live;
use crate::packets::{complete, Packet, FAR_MAC};
use crate::sys::Need;
use crate::user::Out;

use super::offload_write::{came, crosses};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_sum_packets",
                "tap_rs(4): NEEDS_CSUM is completed, of TCP and UDP of any length",
                packets,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_sum_any",
                "tap_rs(4): NEEDS_CSUM is completed anywhere in a frame, of any protocol",
                any,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_sum_zero",
                "RFC 768: a checksum of zero is all ones in UDP, and only there",
                zero,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_sum_padded",
                "tap_rs(4): bytes beyond IP's length are not part of TCP's or UDP's checksum",
                padded,
            )
            .added()
            .needs(&[Need::Bridge]),
            case("offload_sum_echo", "tap_rs(4): an ICMP echo is answered", echo)
                .added()
                .needs(&[Need::Inet]),
            case(
                "offload_sum_heard",
                "tap_rs(4): a datagram comes up if its checksum is completed, or said to be right",
                heard,
            )
            .added()
            .needs(&[Need::Inet]),
            case(
                "offload_sum_not_trusted",
                "ifconfig(8): without the Rx bits nobody's word is taken",
                not_trusted,
            )
            .added()
            .needs(&[Need::Inet]),
            case("offload_sum_socket", "the same with UDP sockets, IPv6's too", socket)
                .added()
                .needs(&[Need::Inet, Need::Inet6, Need::Udp]),
        ]
    }
}

fn packets(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let (mut frame, mut expected) = ([0; 1518], [0; 1518]);
    for form in 0..8 {
        let mut packet = Packet::udp(form & 1 != 0, FAR_MAC);
        packet.tagged = form & 2 != 0;
        if form & 4 != 0 {
            packet.transport = crate::packets::TCP;
        }
        let most = 1500 + packet.ip() - packet.headers();
        for payload in [0, 1, 2, 3, 7, 8, 63, 64, 65, 127, 513, most - 1, most] {
            let (frame, expected) = {
                let n = packet.headers() + payload;
                (&mut frame[..n], &mut expected[..n])
            };
            packet.whole(frame, 0);
            packet.completed(expected, 0);
            crosses(c, ends, packet.needs_csum(), frame, expected)?;
        }
    }
    Ok(())
}

fn any(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    let mut random = super::write::Random(7);
    let (mut frame, mut expected) = ([0; 600], [0; 600]);
    for round in 0..150 {
        let n = 20 + random.draw() as usize % 580;
        let start = 14 + random.draw() as usize % (n - 16);
        // Once in a while at the very end.
        let room = n - start - 2;
        let offset = if round % 5 == 0 { room } else { random.draw() as usize % (room + 1) };
        let (frame, expected) = (&mut frame[..n], &mut expected[..n]);
        frames::plain(frame, FAR_MAC);
        expected.copy_from_slice(frame);
        complete(expected, start, offset);
        let header = VnetHdr {
            flags: NEEDS_CSUM,
            csum_start: start as u16,
            csum_offset: offset as u16,
            ..VnetHdr::NONE
        };
        crosses(c, ends, header, frame, expected)?;
    }
    Ok(())
}

fn zero(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        for (packet, sum) in
            [(Packet::udp(v6, FAR_MAC), [0xff; 2]), (Packet::tcp(v6, FAR_MAC), [0; 2])]
        {
            let mut frame = [0; 100];
            packet.whole(&mut frame, 0);
            // The last bytes make up for the rest.
            frame[98..].fill(0);
            let rest = checksum(&frame[packet.start()..]);
            frame[98..].copy_from_slice(&rest.to_be_bytes());
            let n = c.put(ends[0], packet.needs_csum(), &frame).on("write")?;
            check!(n == 100, "write returned {n}");
            let at = packet.start() + packet.offset();
            frame[at..at + 2].copy_from_slice(&sum);
            came(c, ends, &frame)?;
        }
    }
    Ok(())
}

fn padded(c: &Ctx) -> Verdict {
    let ends = c.bridged()?;
    for v6 in [false, true] {
        for packet in [Packet::udp(v6, FAR_MAC), Packet::tcp(v6, FAR_MAC)] {
            for (payload, pad) in [(1, 5), (2, 1), (13, 40), (400, 7)] {
                let n = packet.headers() + payload;
                let (mut frame, mut expected) = ([0x5a; 600], [0x5a; 600]);
                packet.whole(&mut frame[..n], 0);
                packet.completed(&mut expected[..n], 0);
                let (frame, expected) = (&frame[..n + pad], &expected[..n + pad]);
                crosses(c, ends, packet.needs_csum(), frame, expected)?;
            }
        }
    }
    Ok(())
}

fn echo(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    for (sequence, size) in [42, 43, 98, 1513, 1514].into_iter().enumerate() {
        let mut room = [0; 1514];
        let frame = &mut room[..size];
        frames::echo_request(frame, live.mac, 1, sequence as u16);
        frame[36..38].fill(0);
        let wrong = c.put(live.fd, VnetHdr::NONE, frame).on("write of a wrong echo request")?;
        check!(wrong == size, "write returned {wrong}");
        check!(c.take(live.fd, &mut [0; 1600], 100)?.is_none(), "a wrong request is answered");
        let header = VnetHdr { flags: NEEDS_CSUM, csum_start: 34, csum_offset: 2, ..VnetHdr::NONE };
        c.put(live.fd, header, frame).on("write of an echo request")?;
        let mut answer = [0; 1600];
        let n = c.take(live.fd, &mut answer, 4000)?.map_or(0, |(_, n)| n);
        let good = n == size && frames::is_echo_reply(&answer[..n], sequence as u16);
        check!(good, "the answer to {size} bytes has {n}");
    }
    Ok(())
}

/// Whether a datagram came up: nobody listens on its port, and the stack says so.
fn comes_up(c: &Ctx, live: &Live, header: VnetHdr, frame: &[u8]) -> Fallible<bool> {
    c.put(live.fd, header, frame).on("write of a datagram")?;
    let mut answer = [0; 1600];
    // One that is dropped is waited for as long as a thousand soft interrupts take.
    let Some((_, n)) = c.take(live.fd, &mut answer, 300)? else { return Ok(false) };
    // Destination unreachable, port, and the packet it was: its ports are at 62.
    let told = n >= 70 && answer[23] == 1 && answer[34..36] == [3, 3];
    check!(told && answer[62..66] == frame[34..38], "an answer of {n} bytes to something else");
    Ok(true)
}

fn heard(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let packet = Packet::udp(false, live.mac);
    let valid = VnetHdr { flags: DATA_VALID, ..VnetHdr::NONE };
    for size in [60, 99, 1514] {
        let mut room = [0; 1514];
        let frame = &mut room[..size];
        packet.whole(frame, 0);
        let came = comes_up(c, &live, VnetHdr::NONE, frame)?;
        check!(!came, "{size} bytes with a wrong checksum came up");
        check!(comes_up(c, &live, valid, frame)?, "{size} bytes said to be right were dropped");
        let came = comes_up(c, &live, packet.needs_csum(), frame)?;
        check!(came, "{size} bytes with a checksum to complete were dropped");
        let both = VnetHdr { flags: 0xff, ..packet.needs_csum() };
        check!(comes_up(c, &live, both, frame)?, "{size} bytes with both flags were dropped");
        packet.completed(frame, 0);
        let came = comes_up(c, &live, VnetHdr::NONE, frame)?;
        check!(came, "{size} bytes with a right checksum were dropped");
    }
    Ok(())
}

fn not_trusted(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let packet = Packet::udp(false, live.mac);
    let valid = VnetHdr { flags: DATA_VALID, ..VnetHdr::NONE };
    let mut frame = [0; 100];
    packet.whole(&mut frame, 0);
    c.enable("tap0", 0).on("SIOCSIFCAP of nothing")?;
    check!(!comes_up(c, &live, valid, &frame)?, "a wrong checksum is believed without Rx bits");
    // Completed is completed.
    let came = comes_up(c, &live, packet.needs_csum(), &frame)?;
    check!(came, "a checksum to complete is not, without Rx bits");
    c.enable("tap0", IFCAP_RX).on("SIOCSIFCAP")?;
    check!(comes_up(c, &live, valid, &frame)?, "a checksum is not believed with Rx bits");
    Ok(())
}

/// What comes to a socket that does not block, within the time.
fn receive(c: &Ctx, socket: i32, bytes: &mut [u8], ms: u64) -> Option<usize> {
    let end = c.sys.now_ms() + ms;
    loop {
        match c.sys.read(socket, Out::bytes(bytes)) {
            Ok(n) => return Some(n),
            Err(_) if c.sys.now_ms() > end => return None,
            Err(_) => c.sys.sleep_ms(5),
        }
    }
}

fn socket(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let name = live.name;
    super::foreign::add_inet6(c, name.as_str())?;
    for (v6, domain) in [(false, AF_INET), (true, AF_INET6)] {
        let socket = c.bound(domain, SOCK_DGRAM, 7777)?;
        c.set_nonblocking(socket, true).on("FIONBIO")?;
        let mut packet = Packet::udp(v6, live.mac);
        packet.ports[1] = 7777;
        let mut frame = [0; 701];
        packet.whole(&mut frame, 0);
        let valid = VnetHdr { flags: DATA_VALID, ..VnetHdr::NONE };
        // An address of IPv6 may still be tentative.
        let mut bytes = [0; 1000];
        let ready = c.wait_for(|| {
            let put = c.put(live.fd, packet.needs_csum(), &frame);
            put.is_ok() && receive(c, socket, &mut bytes, 100).is_some()
        });
        check!(ready, "nothing comes to the socket of family {domain}");
        c.settle();
        c.drain(socket)?;
        for (header, comes) in [(VnetHdr::NONE, false), (valid, true), (packet.needs_csum(), true)]
        {
            c.put(live.fd, header, &frame).on("write")?;
            let came = receive(c, socket, &mut bytes, if comes { 4000 } else { 300 });
            check!(came.is_some() == comes, "IPv6 {v6}, flags {:#x}: {came:?}", header.flags);
            if let Some(n) = came {
                let payload = &frame[packet.headers()..];
                check!(bytes[..n] == *payload, "{n} bytes came, or others than were sent");
            }
        }
    }
    Ok(())
}
