// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames by batches, where a kernel cannot show it: no memory at each allocation, a fault at each
//! byte that is copied, frames of a group.

use tap_conformance::abi::offload::TapFrame;
use tap_conformance::batch::{receive, send};
use tap_conformance::errno::{Errno, Result};
use tap_host::kern::packet::Offload;
use tap_host::kpi;
use tap_host::sys::HOST;
use tap_host::world::enter;

use crate::memory::without_memory;
use crate::tap::Tap;

const LEN: usize = 60;

/// A frame that begins with its number.
fn numbered(number: u8) -> [u8; LEN] {
    let mut frame = [number; LEN];
    frame[0] = 2;
    frame
}

/// The number of a frame that came, whole.
fn number(frame: &[u8]) -> u8 {
    let number = frame[1];
    assert_eq!(frame, numbered(number));
    number
}

#[test]
fn frames_without_memory_end_a_batch_and_leave_nothing() {
    const COUNT: usize = 20;
    let tap = Tap::open(0, 0);
    let frames: [_; COUNT] = std::array::from_fn(|at| numbered(at as u8));
    for n in 0.. {
        let errors = tap.data().ierrors;
        let mut entries = frames.each_ref().map(|frame| TapFrame::of(frame));
        let (done, failed) = without_memory(n, || send(HOST, tap.descriptor(), &mut entries));
        tap.settle();
        let seen = tap.handed_up();
        let numbers: Vec<u8> = seen.iter().map(|seen| number(&seen.bytes)).collect();
        if !failed {
            assert_eq!((done, numbers.len()), (Ok(COUNT), COUNT));
            assert!(n >= COUNT as u64, "{n} allocations");
            break;
        }
        let sent = done.unwrap_or(0);
        assert!(sent != 0 || done == Err(Errno::ENOBUFS), "allocation {n}: {done:?}");
        assert!(sent < COUNT, "allocation {n}: {done:?}");
        assert_eq!(numbers, (0..sent as u8).collect::<Vec<u8>>(), "allocation {n}");
        assert_eq!(tap.data().ierrors, errors + 1, "allocation {n}");
    }
}

/// Does `f` with a fault at the n-th byte copied; whether there was one.
fn with_fault<R>(n: usize, f: impl FnOnce() -> R) -> (R, bool) {
    enter().copies.fault_in = Some(n);
    let result = f();
    (result, enter().copies.fault_in.take().is_none())
}

#[test]
fn a_fault_ends_what_is_sent() {
    const COUNT: usize = 3;
    let tap = Tap::open(0, 0);
    let frames: [_; COUNT] = std::array::from_fn(|at| numbered(at as u8));
    // The argument, the array, the frames; the answer, whose fault comes when all is done.
    let array = 16 + 16 * COUNT;
    let all = array + LEN * COUNT;
    for n in 0.. {
        let mut entries = frames.each_ref().map(|frame| TapFrame::of(frame));
        let (done, failed) = with_fault(n, || send(HOST, tap.descriptor(), &mut entries));
        tap.settle();
        let seen = tap.handed_up().len();
        let whole = n.saturating_sub(array).min(LEN * COUNT) / LEN;
        assert_eq!(seen, whole, "a fault at byte {n}");
        if !failed {
            assert_eq!((done, n), (Ok(COUNT), all + 16));
            break;
        }
        let told = if n >= all || whole == 0 { Err(Errno::EFAULT) } else { Ok(whole) };
        assert_eq!(done, told, "a fault at byte {n}");
    }
}

/// Receives with places for so many frames; their numbers.
fn received(tap: &Tap, count: usize) -> Result<Vec<u8>> {
    let mut rooms = vec![[0; 64]; count];
    let mut entries: Vec<_> = rooms.iter_mut().map(|room| TapFrame::place(room)).collect();
    let done = receive(HOST, tap.descriptor(), &mut entries)?;
    let frames = rooms.iter().zip(&entries).take(done);
    Ok(frames.map(|(room, entry)| number(&room[..entry.len as usize])).collect())
}

#[test]
fn a_fault_loses_no_frame_but_its_own() {
    const COUNT: u8 = 4;
    let tap = Tap::open(0, 0);
    // The argument, the array in and out, the frames; the array again and the answer.
    let array = 16 + 2 * 16 * usize::from(COUNT);
    let frames = array + LEN * usize::from(COUNT);
    for n in 0.. {
        for number in 0..COUNT {
            assert_eq!(tap.transmit(&[&numbered(number)], Offload::default()), 0);
        }
        let before = tap.data();
        let (result, failed) = with_fault(n, || received(&tap, COUNT.into()));
        let after = tap.data();
        let sent = after.opackets - before.opackets;
        let lost = after.oerrors - before.oerrors;
        let whole = n.saturating_sub(array).min(LEN * usize::from(COUNT)) / LEN;
        assert_eq!(sent, whole as u64, "a fault at byte {n}");
        assert_eq!(lost, u64::from((array..frames).contains(&n)), "a fault at byte {n}");
        let first: Vec<u8> = (0..whole as u8).collect();
        let rest: Vec<u8> = (whole as u8 + lost as u8..COUNT).collect();
        if n < frames && whole != 0 {
            assert_eq!(result, Ok(first), "a fault at byte {n}");
        } else if failed {
            assert_eq!(result, Err(Errno::EFAULT), "a fault at byte {n}");
        }
        let left = received(&tap, 8).or_else(|error| match error {
            Errno::EAGAIN => Ok(Vec::new()),
            error => Err(error),
        });
        assert_eq!(left, Ok(rest), "what is left after a fault at byte {n}");
        if !failed {
            assert_eq!(n, frames + 16 * usize::from(COUNT) + 16);
            break;
        }
    }
}

#[test]
fn one_frame_is_put_back_if_its_entry_cannot_be_written() {
    let tap = Tap::open(0, 0);
    // The argument and the entry, the frame, the entry again, and the answer.
    let (array, frame) = (32, 32 + LEN);
    let (entry, answer) = (frame + 16, frame + 32);
    for n in 0.. {
        for number in 0..2 {
            assert_eq!(tap.transmit(&[&numbered(number)], Offload::default()), 0);
        }
        let before = tap.data();
        let (result, failed) = with_fault(n, || received(&tap, 1));
        let after = tap.data();
        let counted = (after.opackets - before.opackets, after.oerrors - before.oerrors);
        let lost = (array..frame).contains(&n);
        let sent = n >= entry;
        assert_eq!(counted, (sent.into(), lost.into()), "a fault at byte {n}");
        let told = if failed { Err(Errno::EFAULT) } else { Ok(vec![0]) };
        assert_eq!(result, told, "a fault at byte {n}");
        let rest = if lost || sent { vec![1] } else { vec![0, 1] };
        assert_eq!(received(&tap, 8), Ok(rest), "what is left after a fault at byte {n}");
        if !failed {
            assert_eq!(n, answer);
            break;
        }
    }
}

#[test]
fn frames_of_a_group_are_counted() {
    let tap = Tap::open(0, 0);
    let before = tap.data();
    for number in 0..3 {
        let packet = enter().packet_of(&[&numbered(number)], Offload::default());
        if number != 1 {
            packet.set_flags(packet.flags() | kpi::M_MCAST as i32);
        }
        assert_eq!(enter().transmit(tap.name(), packet), 0);
    }
    assert_eq!(received(&tap, 8), Ok(vec![0, 1, 2]));
    let after = tap.data();
    assert_eq!(after.omcasts - before.omcasts, 2);
    assert_eq!(after.opackets - before.opackets, 3);
    assert_eq!(after.obytes - before.obytes, 3 * LEN as u64);
}
