// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The parser of frames.

use proptest::prelude::*;
use tap_model::offload::packet::{Family, Packet, Transport, FRONT};
use tap_model::wire::{self, Parsed, Shape};

/// What the driver sees in a frame, of which it looks at the front alone.
fn parse(frame: &[u8]) -> Option<Parsed> {
    let packet = Packet::parse(&frame[..frame.len().min(FRONT)], frame.len())?;
    Some(Parsed {
        v6: packet.network.family == Family::V6,
        udp: packet.transport == Transport::Udp,
        ip: packet.network.start,
        l4: packet.start,
        end: packet.end,
    })
}

/// All kinds of frames, with the shortest and the longest headers.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for bits in 0..8 {
        for ip_words in [5, 6, 15] {
            for tcp_words in [5, 8, 15] {
                let (vlan, v6, udp) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
                shapes.push(Shape { vlan, v6, udp, ip_words, tcp_words, ..Shape::default() });
            }
        }
    }
    shapes
}

#[test]
fn packet_is_found_in_every_shape() {
    for shape in shapes() {
        let frame = shape.frame();
        let found = parse(&frame).expect("a packet");
        assert_eq!((found.v6, found.udp), (shape.v6, shape.udp));
        assert_eq!((found.ip, found.l4), (shape.network(), shape.start()));
        assert_eq!(found.end, frame.len());
    }
    let longest = Shape { vlan: true, ip_words: 15, tcp_words: 15, ..Shape::default() };
    assert_eq!(longest.headers(), FRONT);
}

#[test]
fn packet_that_the_frame_does_not_hold_is_none() {
    for shape in shapes() {
        let frame = shape.frame();
        for len in 0..frame.len() {
            assert_eq!(parse(&frame[..len]), None, "{len} bytes of {shape:?}");
        }
        let mut padded = frame.clone();
        padded.extend([0; 20]);
        assert_eq!(parse(&padded).map(|found| found.end), Some(frame.len()));
    }
}

#[test]
fn packet_is_none_if_less_of_the_frame_is_shown() {
    let shape = Shape { payload: 0, ..Shape::default() };
    let frame = shape.frame();
    for shown in 0..24 {
        assert_eq!(Packet::parse(&frame[..shown], frame.len()), None, "{shown} bytes shown");
    }
}

/// Asserts what a change of one byte does: nothing found, or all that was.
fn changed(shape: &Shape, at: usize, value: u8, found: bool) {
    let mut frame = shape.frame();
    assert!(parse(&frame).is_some());
    frame[at] = value;
    assert_eq!(parse(&frame).is_some(), found, "byte {at} is {value:#x} in {shape:?}");
}

#[test]
fn packet_of_ipv4_version_and_header_length() {
    let shape = Shape::default();
    for version in 0..16 {
        changed(&shape, 14, version << 4 | 5, version == 4);
    }
    for words in 0..16 {
        changed(&shape, 14, 0x40 | words, words >= 5);
    }
    let short = Shape { udp: true, payload: 0, ..Shape::default() };
    changed(&short, 14, 0x46, false);
}

#[test]
fn packet_is_no_fragment() {
    let shape = Shape::default();
    for (byte, found) in [(0, true), (0x40, true), (0x80, true), (0x20, false), (0x01, false)] {
        changed(&shape, 20, byte, found);
    }
    for byte in [1, 0x80, 0xff] {
        changed(&shape, 21, byte, false);
    }
}

#[test]
fn packet_length_is_the_one_that_ip_states() {
    let shape = Shape { payload: 300, ..Shape::default() };
    for (total, found) in [(0, false), (39, false), (40, true), (340, true), (341, false)] {
        let mut frame = shape.frame();
        frame[16..18].copy_from_slice(&u16::to_be_bytes(total));
        let end = parse(&frame).map(|found| found.end);
        assert_eq!(end, found.then_some(14 + usize::from(total)), "total length {total}");
    }
    let shape = Shape { v6: true, ..shape };
    for (len, found) in [(0, false), (19, false), (20, true), (320, true), (321, false)] {
        let mut frame = shape.frame();
        frame[18..20].copy_from_slice(&u16::to_be_bytes(len));
        let end = parse(&frame).map(|found| found.end);
        assert_eq!(end, found.then_some(54 + usize::from(len)), "payload length {len}");
    }
}

#[test]
fn packet_of_ipv6_has_no_extension_header() {
    let shape = Shape { v6: true, ..Shape::default() };
    for version in 0..16 {
        changed(&shape, 14, version << 4, version == 6);
    }
    for next in 0..=255 {
        changed(&shape, 20, next, matches!(next, 6 | 17));
    }
}

#[test]
fn packet_is_of_the_frames_type() {
    for vlan in [false, true] {
        let shape = Shape { vlan, ..Shape::default() };
        let at = shape.network() - 2;
        let mut frame = shape.frame();
        for ethertype in [0, 46, 0x0800, 0x0806, 0x8100, 0x86dd, 0x88a8, 0xffff] {
            frame[at..at + 2].copy_from_slice(&u16::to_be_bytes(ethertype));
            assert_eq!(parse(&frame).is_some(), ethertype == 0x0800, "type {ethertype:#x}");
        }
    }
}

proptest! {
    #[test]
    fn packet_parser_agrees_with_the_reference(
        shape in 0usize..72,
        changes in proptest::collection::vec((0usize..FRONT, any::<u8>()), 0..4),
        cut in 0usize..240,
    ) {
        let mut frame = shapes()[shape].frame();
        for (at, value) in changes {
            let at = at % frame.len();
            frame[at] = value;
        }
        frame.truncate(cut.max(1));
        prop_assert_eq!(parse(&frame), wire::parse(&frame));
    }

    #[test]
    fn packet_parser_takes_any_bytes(
        frame in proptest::collection::vec(any::<u8>(), 0..FRONT),
        len: usize,
    ) {
        prop_assert_eq!(parse(&frame), wire::parse(&frame));
        if let Some(packet) = Packet::parse(&frame, len) {
            prop_assert!(packet.network.start < packet.start && packet.start < packet.end);
            prop_assert!(packet.end <= len);
        }
    }
}
