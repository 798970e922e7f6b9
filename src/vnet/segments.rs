// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large TCP packets, cut into the frames that they stand for.
#![forbid(unsafe_code)]

use super::mode::Mode;
use crate::kern::mbuf::{Mbuf, MbufList, Writable};
use crate::offload::checksum::{Sum, TCP_OFFSET};
use crate::offload::cut::{Cut, Large, Segment};
use crate::offload::header::Header;
use crate::offload::packet::{Packet, FRONT};

/// Cuts a packet into frames; `front` is what its headers were found in. TCP's checksum in each is
/// still to be completed, and `finish` does it or says so. `None` when there is no memory.
pub fn cut(
    packet: &Mbuf,
    large: Large,
    front: &[u8],
    finish: impl Fn(&mut Writable),
) -> Option<MbufList> {
    let mut frames = MbufList::new();
    let mut cut = Cut::new(large, front);
    while let Some(segment) = cut.advance() {
        let mut frame = copy(packet, &segment)?;
        finish(&mut frame);
        frames.push(frame.finish());
    }
    Some(frames)
}

/// Makes a frame of a segment. `None` when there is no memory.
#[inline(never)]
pub fn copy(packet: &Mbuf, segment: &Segment<'_>) -> Option<Writable> {
    let headers = segment.headers.len();
    let payload = segment.payload.len();
    let mut frame = Writable::new(headers.wrapping_add(payload))?;
    frame.put(0, segment.headers);
    frame.copy_from(headers, packet, segment.payload.start, payload);
    Some(frame)
}

/// Cuts a large packet of a program.
#[inline(never)]
pub fn received(packet: &Mbuf, large: Large, front: &[u8]) -> Option<MbufList> {
    let found = large.packet();
    cut(packet, large, front, |segment| verify(segment, &found))
}

/// Whether a reader takes a large packet of the stack as it is.
#[inline(never)]
pub fn is_taken(packet: &Mbuf, mode: Mode) -> bool {
    let mut room = [0; FRONT];
    let len = packet.copy_to(0, &mut room);
    let (Some(front), Some(left)) = (room.get_mut(..len), packet.left()) else { return false };
    let header = Header::of_stack(front, packet.packet_len() as usize, left);
    header.is_some_and(|header| mode.takes_all(header.needs()))
}

/// Cuts a large packet of the stack. The checksums of the frames are left to whoever reads them.
/// `None` when there is no memory, or if the packet makes no sense.
pub fn of_stack(packet: &Mbuf) -> Option<MbufList> {
    let mut room = [0; FRONT];
    let len = packet.copy_to(0, &mut room);
    let front = room.get(..len)?;
    let left = packet.left()?;
    let large = Large::of_stack(front, packet.packet_len() as usize, left.header, left.segment?)?;
    let family = large.network().family;
    cut(packet, large, front, |frame| frame.set_unfinished(family, left.header))
}

/// Completes TCP's checksum in a frame, and says that it is verified. The headers are where those of
/// `found` are.
pub fn verify(frame: &mut Writable, found: &Packet) {
    let end = frame.as_mbuf().packet_len() as usize;
    complete(frame, found.start, end, TCP_OFFSET);
    frame.set_verified(found);
}

/// Completes a checksum in a frame: of the bytes from `start` to `end`, in a field at `offset`
/// from `start`.
pub fn complete(frame: &mut Writable, start: usize, end: usize, offset: u16) {
    let checksum = sum(frame.as_mbuf(), start, end).completed(offset);
    frame.put(start.wrapping_add(offset.into()), &checksum);
}

/// The sum of the bytes from `start` to `end`.
pub fn sum(packet: &Mbuf, start: usize, end: usize) -> Sum {
    let mut sum = Sum::new();
    for piece in packet.pieces(start, end.saturating_sub(start)) {
        sum.add(piece);
    }
    sum
}
