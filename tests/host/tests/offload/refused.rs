// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Writes that are refused: nothing comes up, and no mbuf is left.

use tap_conformance::errno::Errno;

use crate::tap::Tap;
use crate::tcp::{Tcp, ETHER, RST, SYN, URG};

/// The words of the offload header.
const GSO_SIZE: usize = 4;
const CSUM_START: usize = 6;
const CSUM_OFFSET: usize = 8;

/// Something that is wrong with a good write.
type Fault = fn(&mut [u8; 12], &mut Vec<u8>);

fn put(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_ne_bytes());
}

/// What is wrong with a large packet of IPv4, in words and in deed.
const FAULTS: &[(&str, Fault)] = &[
    ("a type that nobody knows", |header, _| header[1] = 3),
    ("UDP", |header, _| header[1] = 5),
    ("all of them", |header, _| header[1] = 0x7f),
    ("the other family", |header, _| header[1] = 4),
    ("ECN alone", |header, _| header[1] = 0x80),
    ("segments of nothing", |header, _| put(header, GSO_SIZE, 0)),
    ("no checksum to complete", |header, _| header[0] = 0),
    ("a checksum that was verified", |header, _| header[0] = 2),
    ("a sum from elsewhere", |header, _| put(header, CSUM_START, 36)),
    ("a sum from within Ethernet's header", |header, _| put(header, CSUM_START, 13)),
    ("a sum from beyond the frame", |header, _| put(header, CSUM_START, 65535)),
    ("a checksum elsewhere", |header, _| put(header, CSUM_OFFSET, 6)),
    ("a checksum beyond all", |header, _| put(header, CSUM_OFFSET, 65535)),
    ("another type of frame", |_, frame| frame[12] = 9),
    ("two tags", |_, frame| drop(frame.splice(12..12, [0x81, 0, 0, 1, 0x81, 0, 0, 1]))),
    ("IP's version", |_, frame| frame[ETHER] = 0x65),
    ("a short IP header", |_, frame| frame[ETHER] = 0x44),
    ("a long IP header", |_, frame| frame[ETHER] = 0x46),
    ("a fragment", |_, frame| frame[ETHER + 6] = 0x20),
    ("the rest of one", |_, frame| frame[ETHER + 7] = 1),
    ("a longer packet than there is", |_, frame| frame[ETHER + 2] += 1),
    ("a packet without its headers", |_, frame| frame[ETHER + 2..][..2].copy_from_slice(&[0, 39])),
    ("a packet of no length", |_, frame| frame[ETHER + 2..][..2].fill(0)),
    ("UDP in the packet", |_, frame| frame[ETHER + 9] = 17),
    ("a short TCP header", |_, frame| frame[46] = 0x40),
    ("SYN", |_, frame| frame[47] |= SYN),
    ("RST", |_, frame| frame[47] |= RST),
    ("URG", |_, frame| frame[47] |= URG),
    ("no frame", |_, frame| frame.truncate(13)),
    ("no frame at all", |_, frame| frame.clear()),
];

/// Makes the write, which must end so, and leave nothing.
fn is_refused(tap: &Tap, what: &str, header: &[u8; 12], frame: &[u8], error: Errno) {
    assert_eq!(tap.write(header, frame), Err(error), "{what}");
    tap.settle();
    let seen = tap.handed_up();
    assert!(seen.is_empty(), "{what}: {} frames came up", seen.len());
}

/// A large packet of four segments with each of these faults is refused, and without any of them
/// it is not.
fn all_are_refused(tcp: &Tcp, faults: &[(&str, Fault)]) {
    let tap = Tap::open(12, 0);
    for (what, fault) in faults {
        let (mut header, mut frame) = (tcp.header(Some(1000)), tcp.seeded());
        fault(&mut header, &mut frame);
        is_refused(&tap, what, &header, &frame, Errno::EINVAL);
    }
    tap.write(&tcp.header(Some(1000)), &tcp.seeded()).unwrap();
    assert_eq!(tap.handed_up().len(), 4);
}

#[test]
fn what_makes_no_sense() {
    all_are_refused(&Tcp::new(false, 4000), FAULTS);
}

#[test]
fn what_makes_no_sense_in_ipv6() {
    let faults: &[(&str, Fault)] = &[
        ("the other family", |header, _| header[1] = 1),
        ("IP's version", |_, frame| frame[ETHER] = 0x45),
        ("an extension header", |_, frame| frame[ETHER + 6] = 0),
        ("a fragment", |_, frame| frame[ETHER + 6] = 44),
        ("a longer packet than there is", |_, frame| frame[ETHER + 4] += 1),
        ("a packet of no length", |_, frame| frame[ETHER + 4..][..2].fill(0)),
        ("a short TCP header", |_, frame| frame[66] = 0x40),
    ];
    all_are_refused(&Tcp::new(true, 4000), faults);
}

#[test]
fn a_checksum_that_is_not_in_the_frame() {
    let tap = Tap::open(12, 0);
    let tcp = Tcp::new(false, 100);
    let len = tcp.seeded().len() as u16;
    for (start, offset) in [(13, 16), (0, 0), (len - 1, 0), (len - 17, 16), (34, 65535), (65535, 1)]
    {
        let mut header = tcp.header(None);
        put(&mut header, CSUM_START, start);
        put(&mut header, CSUM_OFFSET, offset);
        let what = format!("{start} and {offset}");
        is_refused(&tap, &what, &header, &tcp.seeded(), Errno::EINVAL);
    }
    let mut header = tcp.header(None);
    put(&mut header, CSUM_START, len - 2);
    put(&mut header, CSUM_OFFSET, 0);
    tap.write(&header, &tcp.seeded()).unwrap();
    assert_eq!(tap.handed_up().len(), 1);
}

#[test]
fn a_header_that_is_not_whole() {
    for header in [10, 12] {
        let tap = Tap::open(header, 0);
        for len in [1, 9, 10, 11, header as usize + 13] {
            assert_eq!(tap.write_bytes(&vec![0; len]), Err(Errno::EINVAL), "{len} of {header}");
        }
        assert!(tap.handed_up().is_empty());
        tap.write_bytes(&vec![0; header as usize + 14]).unwrap();
        assert_eq!(tap.handed_up().len(), 1);
    }
}

#[test]
fn more_than_there_may_be() {
    let tap = Tap::open(12, 0);
    tap.set_mtu(1500);
    // 1500 bytes of IP, and a tag's length more at most.
    let tcp = Tcp { tcp_options: 0, ..Tcp::new(false, 4000) };
    for size in [1465, 9000] {
        is_refused(&tap, "a long segment", &tcp.header(Some(size)), &tcp.seeded(), Errno::EMSGSIZE);
    }
    tap.write(&tcp.header(Some(1460)), &tcp.seeded()).unwrap();
    assert_eq!(tap.handed_up().len(), 3);
    for (payload, size) in [(257, 1), (10 * 257, 10), (2561, 10)] {
        let tcp = Tcp::new(true, payload);
        is_refused(&tap, "257 segments", &tcp.header(Some(size)), &tcp.seeded(), Errno::EINVAL);
    }
    let longest = [Tcp::new(false, 4000).seeded(), vec![0; 65536]].concat();
    let tcp = Tcp::new(false, 4000);
    let longest = &longest[..14 + 4 + 65535 + 1];
    is_refused(&tap, "a long frame", &tcp.header(Some(1000)), longest, Errno::EMSGSIZE);
    tap.write(&tcp.header(Some(1000)), &longest[..longest.len() - 1]).unwrap();
    assert_eq!(tap.handed_up().len(), 4);
    is_refused(&tap, "a long frame", &crate::tcp::PLAIN, &vec![0; 65536], Errno::EMSGSIZE);
}

#[test]
fn what_a_program_asks_of_the_interface() {
    let mut tap = Tap::open(0, 0);
    for len in [-1, 1, 9, 11, 13, 1 << 16 | 12] {
        assert_eq!(tap.set_header(len), Err(Errno::EINVAL), "{len}");
    }
    assert_eq!(tap.set_takes(1), Err(Errno::EINVAL), "without a header");
    tap.set_header(12).unwrap();
    for bits in [2, 4, 6, 8, 9, 16, -1] {
        assert_eq!(tap.set_takes(bits), Err(Errno::EINVAL), "{bits}");
    }
    for bits in [1, 3, 5, 7, 11, 13, 15, 0] {
        assert_eq!(tap.set_takes(bits), Ok(()), "{bits}");
    }
}
