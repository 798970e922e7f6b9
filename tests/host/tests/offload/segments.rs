// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets that the reader does not take, or cannot.

use crate::tap::{Tap, ALL, CSUM, ECN, TSO4, TSO6};
use crate::tcp::{Tcp, CWR, FIN};

/// The packet is read in segments, each with its checksum open or not.
fn is_cut(header: i32, takes: i32, tcp: &Tcp, size: u16, open: bool) {
    let tap = Tap::open(header, takes);
    tap.set_mtu(65521);
    let large = tcp.large();
    let layout = [&large[..60], &large[60..61], &large[61..]];
    let segments = tcp.cut(size.into());
    let read = tap.transmit_shared(&layout, tcp.large_asks(size.into()), |tap| {
        std::iter::from_fn(|| tap.read()).collect::<Vec<_>>()
    });
    assert_eq!(read.len(), segments.len());
    for (at, ((head, frame), segment)) in read.into_iter().zip(segments).enumerate() {
        let expected = if open { segment.seeded() } else { segment.complete() };
        assert!(frame == expected, "segment {at} is another");
        if header != 0 {
            let asked = if open { segment.header(None)[..10].to_vec() } else { vec![0; 10] };
            assert_eq!(head[..10], asked);
        }
    }
    assert_eq!(tap.drops(), 0);
}

#[test]
fn the_reader_has_no_header() {
    for v6 in [false, true] {
        is_cut(0, 0, &Tcp::new(v6, 4001), 1000, false);
    }
}

#[test]
fn the_reader_takes_no_large_packets() {
    for v6 in [false, true] {
        is_cut(12, CSUM, &Tcp::new(v6, 4000), 1000, true);
        is_cut(12, 0, &Tcp::new(v6, 4000), 1000, false);
    }
}

#[test]
fn the_reader_takes_those_of_the_other_family() {
    is_cut(12, CSUM | TSO6, &Tcp::new(false, 4000), 1000, true);
    is_cut(12, CSUM | TSO4, &Tcp::new(true, 4000), 1000, true);
}

#[test]
fn the_reader_does_not_take_an_answer_to_congestion() {
    for v6 in [false, true] {
        let tcp = Tcp::new(v6, 4000);
        let tcp = Tcp { flags: tcp.flags | CWR | FIN, ..tcp };
        is_cut(12, CSUM | TSO4 | TSO6, &tcp, 1000, true);
    }
}

/// tcp_output bounds the payload alone.
#[test]
fn the_length_of_ip_has_wrapped() {
    // 45 segments and the headers are 65560 bytes.
    is_cut(12, ALL, &Tcp { tcp_options: 0, ..Tcp::new(false, 45 * 1456) }, 1456, true);
    is_cut(12, ALL | ECN, &Tcp { tcp_options: 10, ..Tcp::new(true, 65535) }, 257, true);
    let all = Tcp { ip_options: 10, tcp_options: 10, ..Tcp::new(false, 65472) };
    is_cut(12, ALL, &all, 640, true);
}

/// ip6_output adds a header to such a packet, which its segments must not have.
#[test]
fn f53_the_segments_of_a_jumbogram_are_none() {
    for payload in [46 * 1424, 65516, 65535] {
        let tcp = Tcp { tcp_options: 8, ..Tcp::new(true, payload) };
        is_cut(12, ALL, &tcp, 1424, true);
        is_cut(0, 0, &tcp, 1424, false);
    }
    // With options of the program's own, the header cannot be left out.
    let tcp = Tcp { tcp_options: 8, ..Tcp::new(true, 46 * 1424) };
    for (at, other) in [(1, 1), (2, 1), (3, 5)] {
        let tap = Tap::open(12, ALL);
        let mut large = tcp.large();
        large[54 + at] = other;
        tap.transmit(&[&large], tcp.large_asks(1424));
        assert!(tap.read().is_none(), "byte {at} is {other}");
        assert_eq!(tap.drops(), 1);
    }
}

#[test]
fn f54_the_longest_frame_is_not_cut() {
    for (v6, payload) in [(false, 65535 - 20 - 20), (true, 65553 - 14 - 40 - 20)] {
        let tap = Tap::open(12, ALL);
        let tcp = Tcp { tcp_options: 0, ..Tcp::new(v6, payload) };
        tap.transmit(&[&tcp.large()], tcp.large_asks(1440));
        let (head, frame) = tap.read().expect("no frame");
        assert_eq!(head, tcp.header(Some(1440)));
        assert!(frame == tcp.seeded());
        let longer = Tcp { tcp_options: 0, ..Tcp::new(v6, payload + 1) };
        tap.transmit(&[&longer.large()], longer.large_asks(1440));
        assert_eq!(std::iter::from_fn(|| tap.read()).count(), longer.cut(1440).len());
    }
}
