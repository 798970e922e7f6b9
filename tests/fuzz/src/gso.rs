// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! An offload header and the frame behind it, both ways: src/offload as it stands.

use crate::bytes::Bytes;
use crate::offload::checksum::Sum;
use crate::offload::cut::{Cut, Large, MAX_SEGMENTS};
use crate::offload::header::{frame_len, Header, Left, Partial, Plan, GSO_NONE, NEEDS_CSUM, SHORT};
use crate::offload::packet::{Family, Packet, Transport, FRONT};
use crate::wire;

/// How far a frame can be longer than its bytes in the input.
const MOST_MORE: usize = 70_000;

/// Reads an MTU, how much longer the frame is than what follows, a header, and the frame's front.
pub fn run(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let mtu = u64::from(bytes.half());
    let more = bytes.word() as usize % MOST_MORE;
    let mut header = [0; SHORT];
    let taken = bytes.take(SHORT);
    header[..taken.len()].copy_from_slice(taken);
    let header = Header::from_bytes(&header);
    assert_eq!(header.to_bytes()[SHORT..], 1u16.to_ne_bytes());
    let mut frame = bytes.rest().to_vec();
    // Only a long frame has to be made so; what is behind its front is any payload.
    frame.resize(frame.len() + more, 0x5a);
    let front = &frame[..frame.len().min(FRONT)];
    parsed(front, &frame);
    summed(&frame, header.csum_start.into());
    if frame_len(frame.len(), 0).is_ok() {
        if let Ok(plan) = header.plan(front, frame.len(), mtu) {
            planned(&header, plan, &frame, mtu);
        }
    }
    read(&header, &frame);
}

/// The parser finds what a plain one finds in the whole frame.
fn parsed(front: &[u8], frame: &[u8]) {
    let found = Packet::parse(front, frame.len()).map(|packet| wire::Parsed {
        v6: packet.network.family == Family::V6,
        udp: packet.transport == Transport::Udp,
        ip: packet.network.start,
        l4: packet.start,
        end: packet.end,
    });
    assert_eq!(found, wire::parse(frame));
}

/// The sum of two pieces is that of the whole.
fn summed(frame: &[u8], at: usize) {
    let (first, rest) = frame.split_at(at.min(frame.len()));
    let mut sum = Sum::new();
    sum.add(first);
    sum.add(rest);
    assert_eq!(u16::from_be_bytes(sum.seed()), wire::sum(frame));
}

/// What a write takes is within its bounds, and what becomes of it is right.
fn planned(header: &Header, plan: Plan, frame: &[u8], mtu: u64) {
    match plan {
        Plan::Frame { len, sum, verified } => {
            assert!((14..=frame.len()).contains(&len) && len <= 65535);
            assert_eq!(sum.is_some(), header.flags & NEEDS_CSUM != 0);
            let Some(Partial { start, offset }) = sum else { return };
            let mut done = frame[..len].to_vec();
            assert!(usize::from(start) >= 14 && sum.is_some_and(|sum| sum.field() + 2 <= len));
            let mut own = Sum::new();
            own.add(&done[start.into()..]);
            wire::complete(&mut done, start.into(), offset.into());
            let field = usize::from(start) + usize::from(offset);
            assert_eq!(own.completed(offset), done[field..field + 2]);
            if let Some(packet) = verified {
                assert_eq!(packet.start, start.into());
            }
        }
        Plan::Large(large) => {
            assert!(header.gso_type != GSO_NONE && header.flags & NEEDS_CSUM != 0);
            let at = wire::parse(frame).expect("a TCP packet");
            assert!(!at.udp && at.l4 == header.csum_start.into() && large.end() == at.end);
            assert_eq!(frame[at.l4 + 13] & 0x26, 0, "SYN, RST or URG is set");
            let segments = wire::segments(large, &frame[..at.end]);
            assert!((2..=MAX_SEGMENTS).contains(&segments.len()));
            assert!(segments.iter().all(|made| made.len() as u64 <= mtu + 18));
            let size = header.gso_size.into();
            wire::assert_stands_for(&frame[..at.end], at.ip, at.l4, size, &segments);
        }
    }
}

/// What the stack has left of a frame, for which the header's fields are taken here, however wrong:
/// a header that is told is true, and a cut has every byte once.
fn read(words: &Header, frame: &[u8]) {
    let front = &frame[..frame.len().min(FRONT)];
    let left = Left {
        header: words.csum_start.into(),
        offset: words.csum_offset,
        segment: (words.gso_type & 1 != 0).then_some(words.gso_size),
    };
    let mut copy = front.to_vec();
    if let Some(told) = Header::of_stack(&mut copy, frame.len(), left) {
        let field = usize::from(told.csum_start) + usize::from(told.csum_offset);
        assert!(told.flags == NEEDS_CSUM && field + 2 <= frame.len());
        if told.gso_type != GSO_NONE {
            assert!(left.segment == Some(told.gso_size));
            assert!(usize::from(told.hdr_len) <= front.len());
        } else if left.segment.is_none() {
            assert_eq!(copy, front);
        }
    }
    let size = words.gso_size;
    let Some(large) = Large::of_stack(front, frame.len(), left.header, size) else { return };
    let mut cut = Cut::new(large, front);
    let mut at = large.headers();
    while let Some(segment) = cut.advance() {
        assert!(segment.headers.len() == large.headers() && segment.payload.start == at);
        assert!(segment.payload.end > at && segment.payload.len() <= usize::from(size));
        at = segment.payload.end;
    }
    assert_eq!(at, frame.len());
}
