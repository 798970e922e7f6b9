// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The offload header in a write: each check and its error, and what is made of a frame.

use proptest::prelude::*;
use tap_model::offload::header::{
    frame_len, is_length, may_take, Header, Partial, Plan, Refused, DATA_VALID, GSO_ECN, GSO_TCPV4,
    GSO_TCPV6, MAX_FRAME, NEEDS_CSUM,
};
use tap_model::offload::packet::FRONT;
use tap_model::wire::{self, Shape};

const INVALID: Result<Plan, Refused> = Err(Refused::Invalid);
const TOO_LONG: Result<Plan, Refused> = Err(Refused::TooLong);

fn plan(header: &Header, frame: &[u8], mtu: u64) -> Result<Plan, Refused> {
    header.plan(&frame[..frame.len().min(FRONT)], frame.len(), mtu)
}

/// A frame of 2000 bytes of payload, to be cut at 1000.
fn shape() -> Shape {
    Shape { payload: 2000, ..Shape::default() }
}

/// Asserts that the frame of a shape is large, and no longer when something is changed.
fn refused(shape: &Shape, what: &str, change: impl Fn(&mut Header, &mut Vec<u8>)) {
    let (mut header, mut frame) = (shape.header(1000), shape.frame());
    assert!(matches!(plan(&header, &frame, 1500), Ok(Plan::Large(_))), "{what}");
    change(&mut header, &mut frame);
    assert_eq!(plan(&header, &frame, 1500), INVALID, "{what}");
}

/// What becomes of a frame that goes up as one: its length, its checksum, and whether it is
/// marked.
fn one(header: &Header, frame: &[u8]) -> (usize, Option<Partial>, bool) {
    match plan(header, frame, 1500) {
        Ok(Plan::Frame { len, sum, verified }) => (len, sum, verified.is_some()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn header_lengths() {
    let taken: Vec<i32> = (-20..100).filter(|len| is_length(*len)).collect();
    assert_eq!(taken, [0, 10, 12]);
    assert!(!is_length(i32::MIN) && !is_length(i32::MAX));
}

#[test]
fn header_what_a_reader_may_take() {
    let taken: Vec<u32> = (0..1024).filter(|bits| may_take(*bits, true)).collect();
    assert_eq!(taken, [0, 1, 3, 5, 7, 11, 13, 15]);
    let taken: Vec<u32> = (0..1024).filter(|bits| may_take(*bits, false)).collect();
    assert_eq!(taken, [0]);
    assert!(!may_take(u32::MAX, true) && !may_take(1 << 31 | 1, true));
}

#[test]
fn header_frame_length() {
    for header in [10, 12] {
        assert_eq!(frame_len(0, header), Err(Refused::Invalid));
        assert_eq!(frame_len(header - 1, header), Err(Refused::Invalid));
        assert_eq!(frame_len(header + 13, header), Err(Refused::Invalid));
        assert_eq!(frame_len(header + 14, header), Ok(14));
        assert_eq!(frame_len(header + MAX_FRAME, header), Ok(MAX_FRAME));
        assert_eq!(frame_len(header + MAX_FRAME + 1, header), Err(Refused::TooLong));
        assert_eq!(frame_len(usize::MAX, header), Err(Refused::TooLong));
    }
    assert_eq!(MAX_FRAME, 14 + 4 + 65535);
}

#[test]
fn header_in_memory() {
    let one = |value: u16| value.to_ne_bytes();
    let mut bytes = vec![1, 0x81];
    bytes.extend([0x1234, 1448, 34, 16].into_iter().flat_map(one));
    let header = Header::from_bytes(bytes[..].try_into().expect("ten bytes"));
    let expected = Header {
        flags: 1,
        gso_type: 0x81,
        hdr_len: 0x1234,
        gso_size: 1448,
        csum_start: 34,
        csum_offset: 16,
    };
    assert_eq!(header, expected);
    bytes.extend(one(1));
    assert_eq!(header.to_bytes()[..], bytes[..]);
}

#[test]
fn header_of_nothing_changes_nothing() {
    let header = Header::default();
    let frame = Shape { payload: 1464, ..Shape::default() }.frame();
    assert_eq!(one(&header, &frame), (1518, None, false));
    assert_eq!(one(&header, &[0; 14]), (14, None, false));
    // Whatever the MTU, as without a header.
    assert_eq!(one(&header, &[0; 65535]), (65535, None, false));
    assert_eq!(plan(&header, &[0; 65536], 65535), TOO_LONG);
    // Bits that are not known, and words that mean nothing without one that is.
    let junk = Header { flags: 0xfc, hdr_len: 9, gso_size: 9, csum_start: 9, ..header };
    assert_eq!(one(&junk, &frame), (1518, None, false));
}

#[test]
fn header_checksum_field_is_in_the_frame() {
    let of = |csum_start, csum_offset| {
        let header = Header { flags: NEEDS_CSUM, csum_start, csum_offset, ..Header::default() };
        plan(&header, &[0; 60], 1500).is_ok()
    };
    for (start, offset, good) in [
        (14, 0, true),
        (13, 0, false),
        (0, 0, false),
        (0, 30, false),
        (15, 1, true),
        (58, 0, true),
        (59, 0, false),
        (60, 0, false),
        (42, 16, true),
        (43, 16, false),
        (14, 44, true),
        (14, 45, false),
        (14, u16::MAX, false),
        (u16::MAX, 0, false),
        (u16::MAX, u16::MAX, false),
    ] {
        assert_eq!(of(start, offset), good, "from {start}, at {offset}");
    }
}

#[test]
fn header_checksum_is_marked_if_it_is_the_packets_own() {
    for bits in 0..8 {
        let (vlan, v6, udp) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let shape = Shape { vlan, v6, udp, ..Shape::default() };
        let (frame, header) = (shape.frame(), shape.header(0));
        let sum = Some(Partial { start: header.csum_start, offset: header.csum_offset });
        assert_eq!(one(&header, &frame), (frame.len(), sum, true));
        let valid = Header { flags: DATA_VALID, ..Header::default() };
        assert_eq!(one(&valid, &frame), (frame.len(), None, true));
        // Another field, such as of a packet in this one, is completed and marks nothing.
        for (start, offset) in [(2, 0), (0, 2), (2, 65534)] {
            let header = Header {
                csum_start: header.csum_start + start,
                csum_offset: header.csum_offset.wrapping_add(offset),
                flags: NEEDS_CSUM | DATA_VALID,
                ..header
            };
            let (_, sum, marked) = one(&header, &frame);
            assert!(sum.is_some() && !marked);
        }
        let mut fragment = frame;
        fragment[shape.network() + 6] = if v6 { 44 } else { 0x20 };
        assert!(!one(&header, &fragment).2);
        assert!(!one(&valid, &fragment).2);
    }
}

#[test]
fn header_types() {
    for gso_type in 0..=255 {
        for v6 in [false, true] {
            let shape = Shape { v6, ..shape() };
            let header = Header { gso_type, ..shape.header(1000) };
            let own = if v6 { GSO_TCPV6 } else { GSO_TCPV4 };
            let found = plan(&header, &shape.frame(), 1500);
            match gso_type {
                0 => assert!(matches!(found, Ok(Plan::Frame { .. }))),
                _ if gso_type & !GSO_ECN == own => assert!(matches!(found, Ok(Plan::Large(_)))),
                _ => assert_eq!(found, INVALID, "type {gso_type:#x}"),
            }
        }
    }
}

#[test]
fn header_of_a_large_packet_that_it_does_not_fit() {
    for (vlan, v6) in [(false, false), (true, false), (false, true), (true, true)] {
        let shape = Shape { vlan, v6, ..shape() };
        let (ip, l4) = (shape.network(), shape.start());
        refused(&shape, "no segment size", |header, _| header.gso_size = 0);
        refused(&shape, "no checksum", |header, _| header.flags = DATA_VALID);
        refused(&shape, "start", |header, _| header.csum_start += 2);
        refused(&shape, "start", |header, _| header.csum_start -= 2);
        refused(&shape, "offset", |header, _| header.csum_offset = 6);
        refused(&shape, "type", |_, frame| frame[ip - 1] ^= 1);
        refused(&shape, "version", |_, frame| frame[ip] ^= 0x10);
        refused(&shape, "protocol", |_, frame| frame[if v6 { ip + 6 } else { ip + 9 }] = 17);
        refused(&shape, "total length", |_, frame| frame[if v6 { ip + 4 } else { ip + 2 }] = 0xff);
        refused(&shape, "data offset", |_, frame| frame[l4 + 12] = 0x40);
        refused(&shape, "no headers", |_, frame| frame.truncate(l4 + 19));
        for flag in [0x02, 0x04, 0x20] {
            refused(&shape, "flags", |_, frame| frame[l4 + 13] |= flag);
        }
        if !v6 {
            refused(&shape, "header length", |_, frame| frame[ip] = 0x44);
            refused(&shape, "longer header", |_, frame| frame[ip] = 0x46);
            refused(&shape, "more fragments", |_, frame| frame[ip + 6] |= 0x20);
            refused(&shape, "fragment", |_, frame| frame[ip + 7] = 1);
        }
    }
    for flags in [0x01, 0x08, 0x10, 0x40, 0x80] {
        refused(&Shape { flags, ..shape() }, "no size", |header, _| header.gso_size = 0);
    }
    let mut short = Shape { tcp_words: 15, ..shape() }.frame();
    short[16..18].copy_from_slice(&[0, 79]);
    assert_eq!(plan(&shape().header(1000), &short, 1500), INVALID, "headers beyond the packet");
}

#[test]
fn header_segments_are_within_the_mtu() {
    for (vlan, size) in [(false, 1464), (true, 1460)] {
        let shape = Shape { vlan, ..shape() };
        let frame = shape.frame();
        assert!(matches!(plan(&shape.header(size), &frame, 1500), Ok(Plan::Large(_))));
        assert_eq!(plan(&shape.header(size + 1), &frame, 1500), TOO_LONG);
        assert_eq!(plan(&shape.header(u16::MAX), &frame, 1500), TOO_LONG);
        assert!(plan(&shape.header(u16::MAX), &frame, u64::MAX).is_ok());
    }
}

#[test]
fn header_at_most_256_segments() {
    for (payload, size, good) in
        [(255, 1, true), (256, 1, true), (257, 1, false), (2048, 8, true), (2049, 8, false)]
    {
        let shape = Shape { payload, ..Shape::default() };
        let found = plan(&shape.header(size), &shape.frame(), 1500);
        assert_eq!(matches!(found, Ok(Plan::Large(_))), good, "{payload} by {size}");
        assert_eq!(found == INVALID, !good);
    }
}

#[test]
fn header_of_a_packet_of_one_segment() {
    for payload in [0, 1, 999, 1000] {
        let shape = Shape { payload, ..Shape::default() };
        let (header, mut frame) = (shape.header(1000), shape.frame());
        frame.extend([7; 9]);
        let sum = Some(Partial { start: 34, offset: 16 });
        assert_eq!(one(&header, &frame), (frame.len() - 9, sum, true));
    }
}

#[test]
fn header_bytes_behind_a_large_packet_are_cut_off() {
    let shape = shape();
    let mut frame = shape.frame();
    let end = frame.len();
    frame.extend([7; 5000]);
    match plan(&shape.header(1000), &frame, 1500) {
        Ok(Plan::Large(large)) => assert_eq!(large.end(), end),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn header_round_trip(bytes: [u8; 10]) {
        prop_assert_eq!(&Header::from_bytes(&bytes).to_bytes()[..10], &bytes);
    }

    #[test]
    fn header_takes_any_bytes(
        bytes: [u8; 10],
        frame in proptest::collection::vec(any::<u8>(), 0..300),
        mtu in 72u64..65522,
    ) {
        if let Ok(Plan::Frame { len, sum: Some(sum), .. }) =
            plan(&Header::from_bytes(&bytes), &frame, mtu)
        {
            prop_assert!(sum.field() + 2 <= frame.len() && len <= frame.len());
        }
    }

    #[test]
    fn header_large_frames_become_right_ones(
        (vlan, v6, flags) in any::<(bool, bool, u8)>(),
        payload in 0usize..9000,
        size in 40u16..1400,
    ) {
        let shape = Shape { vlan, v6, flags: flags & 0xd9, payload, ..Shape::default() };
        let mut frame = shape.frame();
        match plan(&shape.header(size), &frame, 1500) {
            Ok(Plan::Large(large)) => {
                let made = wire::segments(large, &frame);
                wire::assert_stands_for(&frame, shape.network(), shape.start(), size.into(), &made);
            }
            Ok(Plan::Frame { sum: Some(sum), verified, .. }) => {
                prop_assert!(payload <= usize::from(size) && verified.is_some());
                wire::complete(&mut frame, sum.start.into(), sum.offset.into());
                wire::assert_right(&frame);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
