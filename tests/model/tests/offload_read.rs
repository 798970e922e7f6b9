// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The offload header of frames that the stack sends.

use proptest::prelude::*;
use tap_model::offload::header::{Header, Left, Plan, GSO_ECN, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM};
use tap_model::offload::packet::FRONT;
use tap_model::wire::Shape;

fn left(shape: &Shape, segment: Option<u16>) -> Left {
    Left { header: shape.start() - shape.network(), offset: shape.offset(), segment }
}

fn of_stack(frame: &mut [u8], left: Left) -> Option<Header> {
    let len = frame.len();
    Header::of_stack(&mut frame[..len.min(FRONT)], len, left)
}

#[test]
fn read_checksum_alone_changes_no_byte() {
    for bits in 0..8 {
        let (vlan, v6, udp) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let shape = Shape { vlan, v6, udp, ..Shape::default() };
        let mut frame = shape.frame();
        let expected = Header {
            flags: NEEDS_CSUM,
            csum_start: shape.start() as u16,
            csum_offset: shape.offset(),
            ..Header::default()
        };
        assert_eq!(of_stack(&mut frame, left(&shape, None)), Some(expected));
        assert_eq!(frame, shape.frame());
    }
}

#[test]
fn read_large_packet_is_made_good() {
    for (vlan, v6) in [(false, false), (true, false), (false, true), (true, true)] {
        let shape = Shape { vlan, v6, tcp_words: 8, payload: 30_000, ..Shape::default() };
        let mut frame = shape.frame();
        let (ip, l4) = (shape.network(), shape.start());
        // As tcp_output and ip_output leave it: without the lengths in TCP's sum, and without
        // IPv4's checksum.
        frame[l4 + 16..l4 + 18].fill(0x5a);
        if !v6 {
            frame[ip + 10..ip + 12].fill(0);
        }
        let header = of_stack(&mut frame, left(&shape, Some(1448))).expect("a header");
        assert_eq!(frame, shape.frame());
        assert_eq!(header.gso_type, if v6 { GSO_TCPV6 } else { GSO_TCPV4 });
        assert_eq!(usize::from(header.hdr_len), shape.headers());
        assert_eq!((header.flags, header.gso_size, header.csum_offset), (NEEDS_CSUM, 1448, 16));
        assert_eq!(usize::from(header.csum_start), l4);
    }
}

#[test]
fn read_says_that_cwr_is_set() {
    for flags in 0..=255 {
        let shape = Shape { flags, payload: 3000, ..Shape::default() };
        let header = of_stack(&mut shape.frame(), left(&shape, Some(1000))).expect("a header");
        let ecn = if flags & 0x80 != 0 { GSO_ECN } else { 0 };
        assert_eq!(header.gso_type, GSO_TCPV4 | ecn);
    }
}

#[test]
fn read_packet_of_one_segment_is_not_large() {
    for payload in [0, 1, 1000] {
        let shape = Shape { payload, ..Shape::default() };
        let mut frame = shape.frame();
        frame[24..26].fill(0);
        frame[50..52].fill(0);
        let header = of_stack(&mut frame, left(&shape, Some(1000)));
        assert_eq!(header, of_stack(&mut shape.frame(), left(&shape, None)));
        assert_eq!(frame, shape.frame());
    }
}

#[test]
fn f54_read_packet_beyond_the_longest_frame_has_no_header() {
    for (v6, most) in [(false, 65535 - 40), (true, 65553 - 14 - 40 - 20)] {
        for (payload, fits) in [(most, true), (most + 1, false)] {
            let shape = Shape { v6, payload, ..Shape::default() };
            let header = of_stack(&mut shape.frame(), left(&shape, Some(1456)));
            assert_eq!(header.is_some(), fits, "{payload} bytes of payload");
        }
    }
}

#[test]
fn read_refuses_what_makes_no_sense() {
    let shape = Shape::default();
    let good = left(&shape, Some(10));
    assert!(of_stack(&mut shape.frame(), good).is_some());
    for (what, bad) in [
        ("no IP header", Left { header: 0, ..good }),
        ("a field that wraps", Left { offset: u16::MAX, ..good }),
        ("a header that wraps", Left { header: usize::MAX, ..good }),
        ("a header beyond a u16", Left { header: 65536, ..good }),
        ("a field beyond the frame", Left { offset: 119, segment: None, ..good }),
        ("no segment size", Left { segment: Some(0), ..good }),
    ] {
        assert_eq!(of_stack(&mut shape.frame(), bad), None, "{what}");
    }
    let mut other = shape.frame();
    other[13] = 6;
    assert_eq!(of_stack(&mut other, Left { segment: None, ..good }), None);
    assert_eq!(of_stack(&mut [], good), None);
}

proptest! {
    /// What is read can be written: the header says the same to another driver.
    #[test]
    fn read_is_what_a_write_takes(
        (vlan, v6, flags) in any::<(bool, bool, u8)>(),
        payload in 1001usize..60_000,
        size in 600u16..1000,
    ) {
        let shape = Shape { vlan, v6, flags: flags & 0xd9, payload, ..Shape::default() };
        let mut frame = shape.frame();
        let header = of_stack(&mut frame, left(&shape, Some(size))).expect("a header");
        match header.plan(&frame[..FRONT], frame.len(), 1500) {
            Ok(Plan::Large(large)) => {
                prop_assert_eq!(large.start(), shape.start());
                prop_assert_eq!(large.headers(), usize::from(header.hdr_len));
                prop_assert_eq!((large.end(), large.size()), (frame.len(), size.into()));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
