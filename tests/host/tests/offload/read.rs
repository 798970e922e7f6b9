// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a reader gets of a packet that the stack has not finished, and takes.

use tap_conformance::errno::Errno;
use tap_host::kern::packet::Offload;
use tap_host::kpi;

use crate::tap::{Tap, ALL, CSUM, TSO4};
use crate::tcp::{Tcp, CWR, ETHER};

/// Some ways to lay out a frame in mbufs: in one, the headers alone, byte by byte where they are
/// looked at, and where one ends in the middle of a field.
fn layouts(frame: &[u8]) -> Vec<Vec<&[u8]>> {
    let (first, rest) = frame.split_at(100);
    let (headers, payload) = frame.split_at(66);
    let (half, tail) = frame.split_at(25);
    let bytes: Vec<&[u8]> = first.chunks(1).chain([rest]).collect();
    let empty: &[u8] = &[];
    vec![
        vec![frame],
        vec![headers, payload],
        vec![half, empty, tail],
        bytes,
        vec![&frame[..1000], &frame[1000..]],
    ]
}

/// A packet that stands for several is read whole: its header says so, and what IP and TCP want is
/// right in what is read, but not in the packet itself.
fn is_read_whole(header: i32, tcp: &Tcp, size: u16) {
    let tap = Tap::open(header, ALL);
    let large = tcp.large();
    for layout in layouts(&large) {
        let read = tap.transmit_shared(&layout, tcp.large_asks(size.into()), |tap| {
            assert_eq!(tap.waiting(), header + large.len() as i32);
            tap.read()
        });
        let (head, frame) = read.expect("no frame");
        assert_eq!(head, tcp.header(Some(size))[..header as usize]);
        assert!(frame == tcp.seeded(), "{} mbufs: the frame is another", layout.len());
        assert_eq!(tap.read(), None);
    }
    assert_eq!(tap.drops(), 0);
}

#[test]
fn a_large_packet_of_ipv4() {
    is_read_whole(12, &Tcp::new(false, 40 * 1448), 1448);
    is_read_whole(10, &Tcp::new(false, 2 * 1448), 1448);
}

#[test]
fn a_large_packet_of_ipv6() {
    is_read_whole(12, &Tcp::new(true, 40 * 1428), 1428);
}

#[test]
fn a_large_packet_with_all_options() {
    is_read_whole(12, &Tcp { ip_options: 10, tcp_options: 10, ..Tcp::new(false, 9000) }, 1000);
    is_read_whole(12, &Tcp { tcp_options: 0, ..Tcp::new(false, 3000) }, 1000);
}

#[test]
fn a_large_packet_that_answers_congestion() {
    let tcp = Tcp::new(false, 5000);
    is_read_whole(12, &Tcp { flags: tcp.flags | CWR, ..tcp }, 1000);
}

#[test]
fn a_packet_without_its_checksum() {
    let tap = Tap::open(12, CSUM);
    for v6 in [false, true] {
        let tcp = Tcp::new(v6, 1001);
        let read = tap.transmit_shared(&[&tcp.seeded()], tcp.seeded_asks(), Tap::read);
        assert_eq!(read, Some((tcp.header(None).to_vec(), tcp.seeded())));
    }
}

#[test]
fn a_packet_that_is_finished() {
    let tap = Tap::open(12, ALL);
    let frame = Tcp::new(false, 100).complete();
    tap.transmit(&[&frame], Offload::default());
    let header = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0].into_iter().chain(1_u16.to_ne_bytes());
    assert_eq!(tap.read(), Some((header.collect(), frame)));
}

#[test]
fn the_reader_takes_no_open_checksum() {
    for header in [0, 12] {
        let tap = Tap::open(header, 0);
        for v6 in [false, true] {
            // Odd and even, all in one mbuf and the checksum in two.
            for len in [1, 2, 999, 1000] {
                let tcp = Tcp::new(v6, len);
                let (frame, at) = (tcp.seeded(), tcp.start() + 17);
                let (front, back) = frame.split_at(at);
                for layout in [vec![&frame[..]], vec![front, back]] {
                    let read = tap.transmit_shared(&layout, tcp.seeded_asks(), Tap::read);
                    let (head, frame) = read.expect("no frame");
                    assert!(head.iter().take(10).all(|byte| *byte == 0));
                    assert!(frame == tcp.complete(), "{len} bytes: the frame is another");
                }
            }
        }
    }
}

#[test]
fn a_short_buffer() {
    for (header, len) in [(10, 9), (12, 9), (12, 10), (12, 11)] {
        let tap = Tap::open(header, ALL);
        let tcp = Tcp::new(false, 4000);
        tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
        assert_eq!(tap.read_at_most(len), Err(Errno::EINVAL), "{len} of {header}");
        // The frame is still there, and another read cuts it off.
        let whole = [&tcp.header(Some(1000))[..header as usize], &tcp.seeded()].concat();
        for more in [0, 1, ETHER, 60] {
            let at_most = header as usize + more;
            assert_eq!(tap.read_at_most(at_most), Ok(Some(whole[..at_most].to_vec())));
            assert_eq!(tap.read(), None);
            tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
        }
        assert!(tap.read().is_some());
    }
}

#[test]
fn a_reader_that_takes_less_than_it_did() {
    let mut tap = Tap::open(12, ALL);
    let tcp = Tcp::new(false, 4000);
    tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
    let open = Tcp::new(true, 400);
    tap.transmit(&[&open.seeded()], open.seeded_asks());
    tap.set_takes(CSUM).unwrap();
    let next = 12 + open.seeded().len() as i32;
    assert_eq!((tap.waiting(), tap.drops()), (next, 1), "it is dropped at once");
    assert_eq!(tap.read(), Some((open.header(None).to_vec(), open.seeded())));
    assert_eq!((tap.read(), tap.drops()), (None, 1));
    tap.set_takes(ALL).unwrap();
    tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
    tap.set_header(0).unwrap();
    assert_eq!((tap.waiting(), tap.drops()), (0, 2));
    assert_eq!(tap.read(), None);
}

#[test]
fn the_administrator_takes_capabilities_away() {
    let tap = Tap::open(12, CSUM | TSO4);
    let tcp = Tcp::new(false, 4000);
    tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
    let checksum = kpi::IFCAP_CSUM_TCPv4_Tx.into();
    assert_eq!(tap.enable(checksum), Ok(()));
    assert_eq!(tap.enable(kpi::IFCAP_TSOv6.into()), Err(Errno::EINVAL));
    // The reader takes it all the same, and what is on its way.
    for _ in 0..2 {
        assert_eq!(tap.read(), Some((tcp.header(Some(1000)).to_vec(), tcp.seeded())));
        tap.transmit(&[&tcp.large()], tcp.large_asks(1000));
    }
    assert_eq!(tap.enable(0), Ok(()));
}
