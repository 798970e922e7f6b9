// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! write(2) of a frame behind an offload header.
#![forbid(unsafe_code)]

use super::segments;
use crate::ether::HDR_LEN;
use crate::kern::errno::{Errno, Result};
use crate::kern::mbuf::{MbufList, Writable};
use crate::offload::cut::Large;
use crate::offload::header::{Header, Partial, Plan, Refused};
use crate::offload::packet::{Family, Packet};

/// Makes of what was written, a header of `before` bytes and a frame of `len`, what goes up: the
/// frame, or the frames that a large packet stands for. If `whole` is set, a large packet that may be
/// for this system is not cut yet. EINVAL or EMSGSIZE if the header or the frame is not what
/// `shim/if_tap_rs.h` describes, ENOBUFS if there is no memory.
pub fn plan(
    mut frame: Writable,
    before: usize,
    len: usize,
    mtu: u64,
    whole: bool,
) -> Result<MbufList> {
    let header = frame.front().first_chunk().map(Header::from_bytes).ok_or(Errno::EINVAL)?;
    frame.strip(before);
    match header.plan(frame.front(), len, mtu).map_err(errno)? {
        Plan::Frame { len, sum, verified } => {
            frame.trim(len);
            if let Some(partial) = sum {
                complete(&mut frame, partial, verified, len);
            }
            if let Some(packet) = verified {
                frame.set_verified(&packet);
            }
            Ok(MbufList::of(frame.finish()))
        }
        Plan::Large(found) => large(frame, found, whole).ok_or(Errno::ENOBUFS),
    }
}

/// Completes the checksum of a frame of `len` bytes. A packet's own ends where the packet does.
fn complete(frame: &mut Writable, partial: Partial, packet: Option<Packet>, len: usize) {
    let end = packet.map_or(len, |packet| packet.end);
    segments::complete(frame, partial.start.into(), end, partial.offset);
}

/// The segments of a large packet; or the packet itself, if it may be for this system.
fn large(mut frame: Writable, large: Large, whole: bool) -> Option<MbufList> {
    let network = large.network();
    if whole && network.family == Family::V4 && network.start == HDR_LEN {
        frame.trim(large.end());
        frame.set_large(large.size() as u32);
        return Some(MbufList::of(frame.finish()));
    }
    segments::received(frame.as_mbuf(), large, frame.front())
}

/// The error for the writer of what is refused.
#[cold]
pub fn errno(refused: Refused) -> Errno {
    match refused {
        Refused::Invalid => Errno::EINVAL,
        Refused::TooLong => Errno::EMSGSIZE,
    }
}
