// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the stack gets of a frame that a program has not finished, or says that it has verified.

use tap_conformance::frames::{checksum, ether, PEER_MAC};
use tap_host::kern::packet::Offload;
use tap_host::kpi;

use crate::tap::Tap;
use crate::tcp::{Tcp, CWR, ETHER, FIN, PLAIN};

/// A packet whose checksum the stack need not look at.
fn verified(flags: u32) -> Offload {
    Offload { flags, ..Offload::default() }
}

fn tcp_flag(tcp: &Tcp) -> u32 {
    if tcp.v6 {
        kpi::M_CSUM_TCPv6
    } else {
        kpi::M_CSUM_TCPv4
    }
}

/// A frame in a VLAN.
fn tagged(mut frame: Vec<u8>) -> Vec<u8> {
    frame.splice(12..12, [0x81, 0, 0, 7]);
    frame
}

/// The segments come up one by one and in order, complete and verified.
fn comes_up_in_segments(tcp: &Tcp, size: u16) {
    for header in [10, 12] {
        let tap = Tap::open(header, 0);
        tap.write(&tcp.header(Some(size)), &tcp.seeded()).unwrap();
        let seen = tap.handed_up();
        let segments = tcp.cut(size.into());
        assert_eq!(seen.len(), segments.len());
        for (at, (seen, segment)) in seen.iter().zip(&segments).enumerate() {
            assert!(seen.bytes == segment.complete(), "segment {at} is another");
            assert_eq!(seen.offload, verified(tcp_flag(tcp)), "segment {at}");
        }
    }
}

#[test]
fn a_large_packet_of_ipv4() {
    comes_up_in_segments(&Tcp::new(false, 44 * 1448), 1448);
    comes_up_in_segments(&Tcp::new(false, 1449), 1448);
    comes_up_in_segments(&Tcp::new(false, 256), 1);
}

#[test]
fn a_large_packet_of_ipv6() {
    comes_up_in_segments(&Tcp::new(true, 45 * 1428), 1428);
    comes_up_in_segments(&Tcp::new(true, 1000), 501);
}

#[test]
fn flags_of_tcp_are_those_of_one_segment() {
    for v6 in [false, true] {
        let tcp = Tcp::new(v6, 3001);
        comes_up_in_segments(&Tcp { flags: tcp.flags | CWR | FIN, ..tcp }, 1000);
    }
}

#[test]
fn a_large_packet_with_all_options() {
    let tcp = Tcp { ip_options: 10, tcp_options: 10, ..Tcp::new(false, 9000) };
    comes_up_in_segments(&tcp, 1380);
}

#[test]
fn a_large_packet_in_a_vlan() {
    let tap = Tap::open(12, 0);
    let tcp = Tcp::new(false, 2500);
    let mut header = tcp.header(Some(1000));
    header[6..8].copy_from_slice(&(tcp.start() as u16 + 4).to_ne_bytes());
    tap.write(&header, &tagged(tcp.seeded())).unwrap();
    let seen: Vec<_> = tap.handed_up().into_iter().map(|seen| seen.bytes).collect();
    let segments: Vec<_> = tcp.cut(1000).iter().map(|one| tagged(one.complete())).collect();
    assert!(seen == segments);
}

#[test]
fn what_is_behind_a_large_packet_is_cut_off() {
    let tap = Tap::open(12, 0);
    let tcp = Tcp::new(false, 2500);
    let longer = [tcp.seeded(), vec![0xee; 700]].concat();
    tap.write(&tcp.header(Some(1000)), &longer).unwrap();
    let seen: Vec<_> = tap.handed_up().into_iter().map(|seen| seen.bytes).collect();
    assert!(seen == tcp.cut(1000).iter().map(Tcp::complete).collect::<Vec<_>>());
}

#[test]
fn one_segment_is_a_frame() {
    let tap = Tap::open(12, 0);
    for (payload, size) in [(0, 1), (1, 1), (1000, 1000), (1000, 1400)] {
        let tcp = Tcp::new(false, payload);
        tap.write(&tcp.header(Some(size)), &tcp.seeded()).unwrap();
        let [seen] = &tap.handed_up()[..] else { panic!("{payload} of {size}: not one frame") };
        assert_eq!((&seen.bytes, seen.offload), (&tcp.complete(), verified(tcp_flag(&tcp))));
    }
}

#[test]
fn a_checksum_is_completed() {
    let tap = Tap::open(12, 0);
    tap.set_mtu(65521);
    for v6 in [false, true] {
        // Odd and even, in one mbuf and in several.
        for payload in [0, 1, 2, 99, 1400, 2001, 9000, 65001] {
            let tcp = Tcp::new(v6, payload);
            tap.write(&tcp.header(None), &tcp.seeded()).unwrap();
            let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
            assert!(seen.bytes == tcp.complete(), "{payload} bytes: the frame is another");
            assert_eq!(seen.offload, verified(tcp_flag(&tcp)), "{payload} bytes");
        }
    }
}

/// An IPv4 packet of any protocol, in a frame.
fn ipv4(protocol: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ETHER];
    ether(&mut frame, [0xf2, 0x0b, 0xa4, 0, 0, 1], PEER_MAC, 0x800);
    let len = (20 + body.len()) as u16;
    let mut ip = vec![0x45, 0, (len >> 8) as u8, len as u8, 0, 0, 0, 0, 64, protocol, 0, 0];
    ip.extend([10, 5, 1, 2, 10, 5, 1, 1]);
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    [frame, ip, body.to_vec()].concat()
}

/// An offload header of a checksum in what such a packet carries.
fn partial(offset: u16) -> [u8; 12] {
    let mut header = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    header[6..8].copy_from_slice(&34_u16.to_ne_bytes());
    header[8..10].copy_from_slice(&offset.to_ne_bytes());
    header
}

#[test]
fn udp_has_no_checksum_of_zero() {
    let tap = Tap::open(12, 0);
    // The payload makes up for all else: the sum is 0xffff.
    let mut udp = vec![0, 9, 0, 9, 0, 10, 0, 0, 0, 0];
    let pseudo = [10, 5, 1, 2, 10, 5, 1, 1, 0, 17, 0, 10];
    let seed = !checksum(&pseudo);
    udp[6..8].copy_from_slice(&seed.to_be_bytes());
    let rest = checksum(&udp);
    udp[8..].copy_from_slice(&rest.to_be_bytes());
    tap.write(&partial(6), &ipv4(17, &udp)).unwrap();
    udp[6..8].copy_from_slice(&[0xff, 0xff]);
    let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
    assert_eq!(seen.bytes, ipv4(17, &udp));
    assert_eq!(seen.offload, verified(kpi::M_CSUM_UDPv4));
}

#[test]
fn a_checksum_of_any_protocol_is_completed_and_not_vouched_for() {
    let tap = Tap::open(12, 0);
    let mut body: Vec<u8> = (1..=77).collect();
    body[30..32].copy_from_slice(&[0, 5]);
    tap.write(&partial(30), &ipv4(200, &body)).unwrap();
    let sum = checksum(&body);
    body[30..32].copy_from_slice(&sum.to_be_bytes());
    let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
    assert_eq!(seen.bytes, ipv4(200, &body));
    assert_eq!(seen.offload, Offload::default());
}

#[test]
fn a_frame_that_has_been_verified_is_left_alone() {
    let tap = Tap::open(12, 0);
    let valid = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // An unknown flag means nothing.
    for flags in [2, 2 | 0x40] {
        for v6 in [false, true] {
            let tcp = Tcp::new(v6, 500);
            let header = {
                let mut header = valid;
                header[0] = flags;
                header
            };
            tap.write(&header, &tcp.seeded()).unwrap();
            let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
            assert_eq!((&seen.bytes, seen.offload), (&tcp.seeded(), verified(tcp_flag(&tcp))));
        }
    }
    // Nobody vouches for what is neither TCP nor UDP, nor for a part of it.
    let mut fragment = Tcp::new(false, 500).seeded();
    fragment[20] = 0x20;
    for frame in [ipv4(1, &[8; 40]), fragment] {
        tap.write(&valid, &frame).unwrap();
        let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
        assert_eq!((&seen.bytes, seen.offload), (&frame, Offload::default()));
    }
}

#[test]
fn a_frame_of_which_nothing_is_said() {
    for header in [0, 10, 12] {
        let tap = Tap::open(header, 0);
        let frame = Tcp::new(false, 500).seeded();
        tap.write(&PLAIN, &frame).unwrap();
        let [seen] = &tap.handed_up()[..] else { panic!("not one frame") };
        assert_eq!((&seen.bytes, seen.offload), (&frame, Offload::default()));
    }
}
