// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large TCP packets, cut into frames.
#![forbid(unsafe_code)]

use super::mode::Mode;
use crate::kern::errno::{Errno, Result};
use crate::kern::mbuf::{Mbuf, MbufList, Writable};
use crate::kern::uio::Transfer;
use crate::offload::checksum::{Sum, TCP_OFFSET};
use crate::offload::cut::{Cut, Large, Segment};
use crate::offload::header::Header;
use crate::offload::jumbo;
use crate::offload::packet::{put, Packet, FRONT};

/// Cuts a packet into frames; `front` is what its headers were found in. `make` makes a frame of a
/// segment, in which TCP's checksum is still to be completed, and completes it or says so. All
/// frames or, if there is an error, none.
fn cut(
    large: Large,
    front: &[u8],
    mut make: impl FnMut(&Segment<'_>) -> Result<Writable>,
) -> Result<MbufList> {
    let mut frames = MbufList::new();
    let mut cut = Cut::new(large, front);
    while let Some(segment) = cut.advance() {
        let frame = make(&segment)?;
        frames.push(frame.finish());
    }
    Ok(frames)
}

/// Makes a frame of a segment, of a packet with `removed` bytes of headers more. ENOBUFS when there
/// is no memory.
#[inline(never)]
pub fn copy(packet: &Mbuf, segment: &Segment<'_>, removed: usize) -> Result<Writable> {
    let headers = segment.headers.len();
    let payload = segment.payload.len();
    let mut frame = Writable::new(headers.wrapping_add(payload)).ok_or(Errno::ENOBUFS)?;
    frame.put(0, segment.headers);
    frame.copy_from(headers, packet, segment.payload.start.wrapping_add(removed), payload);
    Ok(frame)
}

/// Cuts a large packet of a program, which is in one piece so far.
#[inline(never)]
pub fn received(packet: &Mbuf, large: Large, front: &[u8]) -> Result<MbufList> {
    let found = large.packet();
    cut(large, front, |segment| {
        let mut frame = copy(packet, segment, 0)?;
        verify(&mut frame, &found);
        Ok(frame)
    })
}

/// Cuts a large packet of a program of which only the beginning has been copied from user space.
/// What is left is copied straight into the frames. What is written behind the packet is read too,
/// for all of a write is used up. ENOBUFS when there is no memory, EFAULT when it cannot be read.
#[inline(never)]
pub fn read_from(
    uio: &mut dyn Transfer,
    mut beginning: Writable,
    large: Large,
) -> Result<MbufList> {
    let found = large.packet();
    let front = beginning.front();
    let frames = cut(large, front, |segment| {
        let here = segment.payload.start..segment.payload.end.min(front.len());
        let here = front.get(here).unwrap_or_default();
        let rest = segment.payload.len().wrapping_sub(here.len());
        let mut frame = Writable::read_segment(uio, segment.headers, here, rest)?;
        verify(&mut frame, &found);
        Ok(frame)
    })?;
    while uio.resid() != 0 {
        uio.transfer(beginning.front_mut())?;
    }
    Ok(frames)
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
    let removed = jumbo::remove(room.get_mut(..len)?)?;
    let front = room.get(..len.wrapping_sub(removed))?;
    let left = packet.left()?;
    let header = left.header.checked_sub(removed)?;
    let end = (packet.packet_len() as usize).wrapping_sub(removed);
    let large = Large::of_stack(front, end, header, left.segment?)?;
    let family = large.network().family;
    let frames = cut(large, front, |segment| {
        let mut frame = copy(packet, segment, removed)?;
        frame.set_unfinished(family, header);
        Ok(frame)
    });
    frames.ok()
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
    let field = start.wrapping_add(offset.into());
    let front = frame.front_mut();
    // Most frames are in one mbuf.
    if let Some(bytes) = front.get(start..end) {
        let checksum = Sum::of(bytes).completed(offset);
        return put(front, field, checksum);
    }
    let checksum = sum(frame.as_mbuf(), start, end).completed(offset);
    frame.put(field, &checksum);
}

/// The sum of the bytes from `start` to `end`.
pub fn sum(packet: &Mbuf, start: usize, end: usize) -> Sum {
    let mut sum = Sum::new();
    for piece in packet.pieces(start, end.saturating_sub(start)) {
        sum.add(piece);
    }
    sum
}
