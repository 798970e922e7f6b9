// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! read(2) of a frame behind an offload header, or of a frame whose checksum or segmentation the
//! stack has left to the driver.
#![forbid(unsafe_code)]

use super::mode::Mode;
use super::segments;
use crate::kern::errno::Result;
use crate::kern::mbuf::Mbuf;
use crate::kern::uio::Transfer;
use crate::offload::header::{Header, Partial, WHOLE};
use crate::offload::packet::FRONT;

/// What a reader is given of a frame.
enum Answer {
    /// The frame behind this header, if the reader wants one, its beginning as it was changed.
    Header(Header),
    /// The frame, with a checksum in its place behind a header that says nothing.
    Completed(Partial),
    /// Nothing: the reader does not take it any more.
    Refused,
}

/// Copies as much of a frame to a reader as the request takes, behind a header if the reader wants
/// one, and returns how many bytes of the frame those were. `None` if it has become a frame that
/// the reader does not take.
#[inline(never)]
pub fn write_to(frame: &Mbuf, uio: &mut dyn Transfer, mode: Mode) -> Option<Result<usize>> {
    if !frame.is_unfinished() {
        return Some(write_finished(frame, uio, mode));
    }
    // A header's place, and the beginning of the frame.
    let mut room = [0; WHOLE + FRONT];
    let front = room.get_mut(WHOLE..)?;
    let len = frame.copy_to(0, front);
    match answer(frame, front.get_mut(..len)?, mode) {
        Answer::Header(header) => Some(write_behind(frame, header, &mut room, len, uio, mode)),
        Answer::Completed(partial) => Some(write_completed(frame, partial, uio, mode)),
        Answer::Refused => None,
    }
}

/// What to give of a frame; `front` is a copy of its beginning.
fn answer(frame: &Mbuf, front: &mut [u8], mode: Mode) -> Answer {
    let Some(left) = frame.left() else { return Answer::Header(Header::default()) };
    let len = frame.packet_len() as usize;
    let header = Header::of_stack(front, len, left);
    match header.filter(|header| mode.takes_all(header.needs())) {
        Some(header) => Answer::Header(header),
        None if left.segment.is_some() => Answer::Refused,
        // Where no checksum can be, none is left to do.
        None => Partial::of_stack(front, len, left)
            .map_or(Answer::Header(Header::default()), Answer::Completed),
    }
}

/// Copies a header that says nothing.
fn write_nothing(uio: &mut dyn Transfer, mode: Mode) -> Result {
    let mut header = Header::default().to_bytes();
    uio.transfer(header.get_mut(..mode.header() as usize).unwrap_or_default()).map(drop)
}

/// Copies a header that says nothing, and the frame. Returns how many bytes of the frame were
/// copied.
fn write_finished(frame: &Mbuf, uio: &mut dyn Transfer, mode: Mode) -> Result<usize> {
    write_nothing(uio, mode)?;
    frame.write_range(0, usize::MAX, uio)
}

/// Copies a header, the first `len` bytes of the frame, both in `room`, and the rest of the frame.
/// Returns how many bytes of the frame were copied.
fn write_behind(
    frame: &Mbuf,
    header: Header,
    room: &mut [u8; WHOLE + FRONT],
    len: usize,
    uio: &mut dyn Transfer,
    mode: Mode,
) -> Result<usize> {
    let before = mode.header() as usize;
    let start = WHOLE.saturating_sub(before);
    let mut bytes = header.to_bytes();
    if before != WHOLE {
        // A header of 10 bytes has all but the last two.
        bytes.rotate_right(2);
    }
    if let Some(place) = room.first_chunk_mut() {
        *place = bytes;
    }
    let front = room.get_mut(start..WHOLE.wrapping_add(len)).unwrap_or_default();
    let copied = uio.transfer(front)?.saturating_sub(before);
    Ok(copied.wrapping_add(frame.write_range(len, usize::MAX, uio)?))
}

/// Copies a header that says nothing, and the frame with a checksum in its place. Returns how many
/// bytes of the frame were copied.
fn write_completed(
    frame: &Mbuf,
    partial: Partial,
    uio: &mut dyn Transfer,
    mode: Mode,
) -> Result<usize> {
    write_nothing(uio, mode)?;
    let field = partial.field();
    let start = partial.start.into();
    let mut checksum =
        segments::sum(frame, start, frame.packet_len() as usize).completed(partial.offset);
    let mut copied = frame.write_range(0, field, uio)?;
    let len = checksum.len();
    copied = copied.wrapping_add(uio.transfer(&mut checksum)?);
    let rest = frame.write_range(field.wrapping_add(len), usize::MAX, uio)?;
    Ok(copied.wrapping_add(rest))
}
