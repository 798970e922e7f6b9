// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The large packets of a program: passed up whole if they are for this system, and cut otherwise.
#![forbid(unsafe_code)]

use super::segments;
use crate::kern::ifcount::Counter;
use crate::kern::ifnet::Interface;
use crate::kern::mbuf::{Mbuf, Writable};
use crate::offload::cut::{Cut, Large};
use crate::offload::packet::{Packet, FRONT};

/// Passes up a large packet. Whether it is for this system is decided here, and not when it was
/// written, because a bridge may have taken the interface since. If there is no memory to cut it,
/// it is dropped and counted. A call in flight only, in a soft interrupt.
#[cold]
#[inline(never)]
pub fn receive(interface: &Interface, mut packet: Mbuf) {
    let mut front = [0; FRONT];
    packet.copy_to(0, &mut front);
    let len = packet.packet_len() as usize;
    let found = Packet::parse(&front, len);
    let large = found.and_then(|found| Large::of_packet(&front, &found, packet.segment()));
    // Both were found when it was written.
    let (Some(found), Some(large)) = (found, large) else { return };
    if interface.is_local(&packet) {
        packet = match Writable::again(packet) {
            Ok(packet) => return receive_local(interface, packet, large, &front, &found),
            Err(packet) => packet,
        };
    }
    match segments::received(&packet, large, &front) {
        Ok(frames) => frames.for_each(|frame| interface.input(frame)),
        Err(_) => interface.count(Counter::InputErrors),
    }
}

/// Passes up a large packet that is for this system, in two parts.
fn receive_local(
    interface: &Interface,
    packet: Writable,
    large: Large,
    front: &[u8; FRONT],
    found: &Packet,
) {
    match halve(packet, large, front, found) {
        Some((first, rest)) => {
            interface.input_local(first.finish());
            interface.input_local(rest.finish());
        }
        None => interface.count(Counter::InputErrors),
    }
}

/// Makes two packets of one: the first segment, and the rest. TCP counts packets, and acknowledges
/// every second one at once. `None` when there is no memory.
fn halve(
    mut packet: Writable,
    large: Large,
    front: &[u8; FRONT],
    found: &Packet,
) -> Option<(Writable, Writable)> {
    let mut cut = Cut::new(large, front);
    let segment = cut.advance()?;
    let mut first = segments::copy(packet.as_mbuf(), &segment, 0).ok()?;
    let payload = segment.payload.len();
    let segment = cut.rest()?;
    let headers = segment.headers.len();
    // The headers of the rest go where the first segment's payload was, if the first mbuf has it.
    let mut rest = if payload.wrapping_add(headers) <= packet.front().len() {
        packet.put(payload, segment.headers);
        packet.strip(payload);
        packet
    } else {
        segments::copy(packet.as_mbuf(), &segment, 0).ok()?
    };
    segments::verify(&mut first, found);
    segments::verify(&mut rest, found);
    Some((first, rest))
}
