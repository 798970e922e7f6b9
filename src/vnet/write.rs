// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! write(2) of a frame behind an offload header.
#![forbid(unsafe_code)]

use super::mode::Mode;
use super::segments;
use crate::kern::errno::{Errno, Result};
use crate::kern::mbuf::{MbufList, Writable};
use crate::kern::uio::Uio;
use crate::offload::checksum::TCP_OFFSET;
use crate::offload::cut::Large;
use crate::offload::header::{frame_len, Header, Partial, Plan, Refused};
use crate::offload::packet::{Packet, Transport};

/// Copies what is written from user space: a frame, or the frames that a large packet stands for.
/// EINVAL or EMSGSIZE if the header or the frame is not what `shim/if_tap_rs.h` describes, and the
/// errors of [`kern::mbuf`](crate::kern::mbuf).
pub fn read_from(uio: &mut Uio<'_>, mode: Mode, mtu: u64) -> Result<MbufList> {
    let before = mode.header() as usize;
    let len = frame_len(uio.resid(), before).map_err(errno)?;
    let mut frame = Writable::read_from(uio, before, len)?;
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
            let mut frames = MbufList::new();
            frames.push(frame.finish());
            Ok(frames)
        }
        Plan::Large(large) => cut(&frame, large).ok_or(Errno::ENOBUFS),
    }
}

/// Completes the checksum of a frame of `len` bytes. A packet's own ends where the packet does.
fn complete(frame: &mut Writable, partial: Partial, packet: Option<Packet>, len: usize) {
    let end = packet.map_or(len, |packet| packet.end);
    segments::complete(frame, partial.start.into(), end, partial.offset);
}

/// The segments of a large packet.
fn cut(frame: &Writable, large: Large) -> Option<MbufList> {
    let packet = Packet {
        network: large.network(),
        transport: Transport::Tcp,
        start: large.start(),
        end: large.end(),
    };
    segments::cut(frame.as_mbuf(), large, frame.front(), |segment| {
        let end = segment.as_mbuf().packet_len() as usize;
        segments::complete(segment, packet.start, end, TCP_OFFSET);
        segment.set_verified(&packet);
    })
}

fn errno(refused: Refused) -> Errno {
    match refused {
        Refused::Invalid => Errno::EINVAL,
        Refused::TooLong => Errno::EMSGSIZE,
    }
}
