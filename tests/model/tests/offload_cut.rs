// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The plan of a cut.

use proptest::prelude::*;
use tap_model::offload::cut::{Cut, Large};
use tap_model::offload::packet::{Packet, FRONT};
use tap_model::wire::{self, Shape};

fn front(frame: &[u8]) -> &[u8] {
    &frame[..frame.len().min(FRONT)]
}

fn large(frame: &[u8], size: u16) -> Option<Large> {
    let packet = Packet::parse(front(frame), frame.len())?;
    Large::of_packet(front(frame), &packet, size)
}

/// The segments of a shape's frame, each of which is right.
fn cut(shape: &Shape, size: u16) -> Vec<Vec<u8>> {
    let frame = shape.frame();
    let large = large(&frame, size).expect("a TCP packet");
    let made = wire::segments(large, &frame);
    assert_eq!(made.len(), shape.payload.div_ceil(size.into()));
    for count in [made.len(), made.len() + 1] {
        assert!(large.is_at_most(count));
    }
    assert!(!large.is_at_most(made.len() - 1));
    wire::assert_stands_for(&frame, shape.network(), shape.start(), size.into(), &made);
    made
}

fn flags(shape: &Shape, segment: &[u8]) -> u8 {
    segment[shape.start() + 13]
}

#[test]
fn cut_flags_are_where_they_belong() {
    let shape = Shape { flags: 0xff, payload: 3000, ..Shape::default() };
    let flags: Vec<u8> = cut(&shape, 1000).iter().map(|made| flags(&shape, made)).collect();
    assert_eq!(flags, [0xf6, 0x76, 0x7f]);
    let shape = Shape { flags: 0x10, ..shape };
    assert!(cut(&shape, 1000).iter().all(|made| made[shape.start() + 13] == 0x10));
}

#[test]
fn cut_numbers_wrap() {
    let shape = Shape { seq: u32::MAX - 1500, id: u16::MAX, payload: 3000, ..Shape::default() };
    let made = cut(&shape, 1000);
    assert_eq!(made[1][18..20], [0, 0]);
    assert_eq!(made[2][38..42], [0, 0, 0x01, 0xf3]);
}

#[test]
fn cut_last_segment_is_as_long_as_what_is_left() {
    for (payload, size, last) in [(2001, 1000, 1), (2000, 1000, 1000), (2, 1, 1), (9, 8, 1)] {
        let shape = Shape { payload, ..Shape::default() };
        let made = cut(&shape, size);
        assert_eq!(made.last().map(|made| made.len() - shape.headers()), Some(last));
    }
    assert_eq!(cut(&Shape { payload: 1000, ..Shape::default() }, 1000).len(), 1);
    assert_eq!(cut(&Shape { payload: 10, ..Shape::default() }, u16::MAX).len(), 1);
}

#[test]
fn cut_without_payload_is_nothing() {
    for v6 in [false, true] {
        let frame = Shape { v6, payload: 0, ..Shape::default() }.frame();
        let large = large(&frame, 1000).expect("a TCP packet");
        assert_eq!(wire::segments(large, &frame), Vec::<Vec<u8>>::new());
        assert!(large.is_at_most(0));
    }
}

#[test]
fn cut_wants_a_tcp_header_that_is_there() {
    for (words, found) in [(0, false), (4, false), (5, true), (10, true), (11, false)] {
        let mut frame = Shape { payload: 20, ..Shape::default() }.frame();
        frame[46] = words << 4;
        assert_eq!(large(&frame, 1).is_some(), found, "{words} words");
    }
    let frame = Shape::default().frame();
    assert!(large(&frame, 0).is_none());
    let packet = Packet::parse(&frame, frame.len()).expect("a packet");
    for shown in 0..54 {
        assert_eq!(Large::of_packet(&frame[..shown], &packet, 1), None, "{shown} bytes shown");
    }
    let mut frame = Shape { udp: true, ..Shape::default() }.frame();
    frame[46] = 5 << 4;
    assert!(large(&frame, 1).is_none(), "UDP's payload is no TCP header");
}

#[test]
fn cut_of_the_stacks_packet_goes_by_the_frame() {
    // 45 segments of 1456 bytes, of which IP's length field can say 24 too few.
    let shape = Shape { payload: 45 * 1456, ..Shape::default() };
    let mut frame = shape.frame();
    assert_eq!(frame[16..18], [0, 24]);
    let large = Large::of_stack(front(&frame), frame.len(), 20, 1456).expect("a TCP packet");
    assert!(!large.fits());
    let made = wire::segments(large, &frame);
    assert_eq!(made.len(), 45);
    wire::assert_stands_for(&frame, 14, 34, 1456, &made);
    // tcp_output leaves these as they may be.
    frame[16..18].fill(0);
    frame[24..26].fill(0);
    frame[50..52].fill(0xa5);
    assert_eq!(wire::segments(large, &frame), made);
}

#[test]
fn cut_of_the_stacks_packet_refuses_what_makes_no_sense() {
    for (v6, least) in [(false, 20), (true, 40)] {
        let frame = Shape { v6, ..Shape::default() }.frame();
        let of = |header, len| Large::of_stack(front(&frame), len, header, 10);
        assert!(of(least, frame.len()).is_some());
        assert_eq!(of(least - 1, frame.len()), None);
        assert_eq!(of(0, frame.len()), None);
        assert_eq!(of(usize::MAX, frame.len()), None);
        assert_eq!(of(usize::MAX - 13, frame.len()), None);
        assert_eq!(of(FRONT, frame.len()), None);
        assert_eq!(of(least, 14 + least + 19), None);
        assert_eq!(Large::of_stack(front(&frame), frame.len(), least, 0), None);
    }
    assert_eq!(Large::of_stack(&[0; 60], 60, 20, 10), None);
    assert_eq!(Large::of_stack(&[], 0, 20, 10), None);
}

#[test]
fn cut_of_the_stacks_packet_keeps_extension_headers() {
    let mut frame = Shape { v6: true, payload: 500, ..Shape::default() }.frame();
    // 8 bytes of destination options before TCP.
    frame[20] = 60;
    frame.splice(54..54, [6, 0, 1, 4, 0, 0, 0, 0]);
    let large = Large::of_stack(front(&frame), frame.len(), 48, 200).expect("a TCP packet");
    let mut cut = Cut::new(large, front(&frame));
    let mut lengths = Vec::new();
    while let Some(segment) = cut.advance() {
        assert_eq!(segment.headers[54..62], frame[54..62]);
        lengths.push((segment.headers[18..20].to_vec(), segment.payload.len()));
    }
    assert_eq!(lengths, [(vec![0, 228], 200), (vec![0, 228], 200), (vec![0, 128], 100)]);
}

#[test]
fn sealed_headers_are_those_of_the_whole() {
    for v6 in [false, true] {
        let shape = Shape { v6, ip_words: 7, tcp_words: 8, payload: 60_001, ..Shape::default() };
        let mut frame = shape.frame();
        let right = frame.clone();
        let large = Large::of_stack(front(&frame), frame.len(), shape.start() - 14, 1448);
        let large = large.expect("a TCP packet");
        assert!(large.fits());
        // What the stack leaves open, spoilt.
        frame[if v6 { 18 } else { 16 }] ^= 0xff;
        if !v6 {
            frame[24] ^= 0xff;
        }
        frame[shape.start() + 16] ^= 0xff;
        let end = frame.len();
        large.seal(&mut frame[..FRONT], end);
        assert_eq!(frame, right);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn cut_and_put_together_is_the_original(
        (vlan, v6) in any::<(bool, bool)>(),
        (ip_words, tcp_words) in (5u8..16, 5u8..16),
        (flags, seq, id) in any::<(u8, u32, u16)>(),
        payload in 1usize..20_000,
        size in 40u16..9000,
    ) {
        let shape = Shape { vlan, v6, udp: false, ip_words, tcp_words, flags, seq, id, payload };
        cut(&shape, size);
    }

    #[test]
    fn cut_takes_any_bytes(
        frame in proptest::collection::vec(any::<u8>(), 0..300),
        header in 0usize..150,
        size: u16,
    ) {
        if let Some(large) = Large::of_stack(front(&frame), frame.len(), header, size) {
            let mut cut = Cut::new(large, front(&frame));
            let mut at = large.headers();
            while let Some(segment) = cut.advance() {
                prop_assert_eq!(segment.headers.len(), large.headers());
                prop_assert_eq!(segment.payload.start, at);
                prop_assert!(segment.payload.end > at);
                at = segment.payload.end;
            }
            prop_assert_eq!(at, frame.len());
        }
    }
}
