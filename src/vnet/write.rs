// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! write(2) of a frame behind an offload header.
#![forbid(unsafe_code)]

use super::segments;
use crate::ether::HDR_LEN;
use crate::kern::errno::{Errno, Result};
use crate::kern::mbuf::{MbufList, Writable};
use crate::kern::uio::Transfer;
use crate::offload::cut::Large;
use crate::offload::header::{Header, Partial, Plan, Refused};
use crate::offload::packet::{Family, Packet};

/// Converts what is written, a header of `before` bytes and a frame of `total`, into the packet to
/// pass up, or the packets that a large one is cut into. The beginning has been read, and the rest is
/// read from `uio`. If `whole` is set, a large packet that may be for this system is not cut yet.
/// EINVAL or EMSGSIZE if the header or the frame is not what `shim/if_tap_rs.h` describes, and the
/// errors of [`kern::mbuf`](crate::kern::mbuf).
pub fn plan(
    uio: &mut dyn Transfer,
    mut frame: Writable,
    before: usize,
    total: usize,
    mtu: u64,
    whole: bool,
) -> Result<MbufList> {
    let header = frame.front().first_chunk().map(Header::from_bytes).ok_or(Errno::EINVAL)?;
    frame.strip(before);
    match header.plan(frame.front(), total, mtu).map_err(errno)? {
        Plan::Frame { len, sum, verified } => {
            frame.read_rest(uio, total)?;
            frame.trim(len);
            if let Some(partial) = sum {
                complete(&mut frame, partial, verified, len);
            }
            if let Some(packet) = verified {
                frame.set_verified(&packet);
            }
        }
        Plan::Large(large) if whole && may_be_whole(&large) => {
            frame.read_rest(uio, total)?;
            frame.trim(large.end());
            frame.set_large(large.size() as u32);
        }
        Plan::Large(large) => return segments::read_from(uio, frame, large),
    }
    Ok(MbufList::of(frame.finish()))
}

/// Completes the checksum of a frame of `len` bytes. A packet's own ends where the packet does.
fn complete(frame: &mut Writable, partial: Partial, packet: Option<Packet>, len: usize) {
    let end = packet.map_or(len, |packet| packet.end);
    segments::complete(frame, partial.start.into(), end, partial.offset);
}

/// Whether a large packet may be for this system, as far as its headers say.
fn may_be_whole(large: &Large) -> bool {
    let network = large.network();
    network.family == Family::V4 && network.start == HDR_LEN
}

/// The error for the writer of what is refused.
#[cold]
pub fn errno(refused: Refused) -> Errno {
    match refused {
        Refused::Invalid => Errno::EINVAL,
        Refused::TooLong => Errno::EMSGSIZE,
    }
}
