// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! How long a frame may be that is written: what Ethernet cannot carry the stack drops, as it does
//! with a frame from a wire. It is no error of the writer's.

use crate::abi::{ETHER_HDR, VLAN_TAG};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, BROADCAST, LONGEST};

use super::write::open_up;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("header_only_write", "14 bytes are the least", least),
            case("largest_write", "an MTU, a header and a VLAN tag reach the stack", largest)
                .guards(&["F15"]),
            case(
                "oversize_write",
                "btpand(8): a write does not fail for its length; the stack drops and counts",
                oversize,
            )
            .guards(&["F43"]),
            case("oversize_write_64k", "65535 bytes are the most, EMSGSIZE beyond", huge)
                .differs(&["F13"])
                .guards(&["F13", "F43"]),
            case("small_mtu_write", "the bound is the stack's, and follows the MTU", small)
                .guards(&["F43"]),
            case(
                "encapsulated_write",
                "ether_input: PPPoE of eight bytes more, MPLS of any length",
                encapsulated,
            )
            .guards(&["F43"]),
        ]
    }
}

/// Not on a stack for each case that writes a frame.
static BEYOND: [u8; LONGEST + 1] = [0xff; LONGEST + 1];
const PPPOE: u16 = 0x8864;
const MPLS: u16 = 0x8847;
const VLAN: u16 = 0x8100;

/// Writes `n` bytes of no known protocol, which a driver must take.
pub fn accepted(c: &Ctx, fd: i32, n: usize) -> Verdict {
    accepted_of(c, fd, n, frames::EXPERIMENTAL)
}

fn accepted_of(c: &Ctx, fd: i32, n: usize, kind: u16) -> Verdict {
    let mut room = [0; LONGEST];
    let frame = &mut room[..n];
    frames::plain(frame, BROADCAST);
    frames::ether(frame, BROADCAST, frames::PEER_MAC, kind);
    let written = c.send(fd, frame).on("write")?;
    check!(written == n, "write of {n} returned {written}");
    Ok(())
}

fn least(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    accepted(c, fd, ETHER_HDR)?;
    accepted(c, fd, ETHER_HDR + 1)
}

/// How many input errors these frames of `kind` are, each of so many bytes. One by one, because a
/// queue of frames on their way up is bounded.
fn errors_of(c: &Ctx, fd: i32, kind: u16, sizes: &[usize]) -> Fallible<u64> {
    let before = c.settled_data("tap0")?;
    for &n in sizes {
        accepted_of(c, fd, n, kind)?;
    }
    let after = c.settled_data("tap0")?;
    let frames = after.ipackets - before.ipackets;
    check!(frames >= sizes.len() as u64, "of {} frames {frames} came in", sizes.len());
    Ok(after.ierrors - before.ierrors)
}

fn fits(c: &Ctx, fd: i32, kind: u16, sizes: &[usize]) -> Verdict {
    let errors = errors_of(c, fd, kind, sizes)?;
    check!(errors == 0, "{errors} errors with frames of {kind:#x} that fit, {sizes:?}");
    Ok(())
}

fn dropped(c: &Ctx, fd: i32, kind: u16, sizes: &[usize]) -> Verdict {
    let errors = errors_of(c, fd, kind, sizes)?;
    check!(errors == sizes.len() as u64, "{errors} errors with frames of {kind:#x}, {sizes:?}");
    Ok(())
}

fn largest(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    fits(c, fd, frames::EXPERIMENTAL, &[1500 + ETHER_HDR])?;
    fits(c, fd, VLAN, &[1500 + ETHER_HDR + VLAN_TAG])
}

fn oversize(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    dropped(c, fd, frames::EXPERIMENTAL, &[1515, 1519, 1690, 2048, 2049, 4096, 9000, 16384])?;
    fits(c, fd, frames::EXPERIMENTAL, &[60])
}

fn huge(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    dropped(c, fd, frames::EXPERIMENTAL, &[65534, LONGEST])?;
    c.send(fd, &BEYOND).fails_with(Errno::EMSGSIZE, "write of 64 KiB")
}

fn small(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.set_mtu("tap0", 600).on("mtu 600")?;
    fits(c, fd, frames::EXPERIMENTAL, &[614])?;
    dropped(c, fd, frames::EXPERIMENTAL, &[615, 1514])?;
    c.set_mtu("tap0", 1500).on("mtu 1500")?;
    fits(c, fd, frames::EXPERIMENTAL, &[615, 1514])
}

fn encapsulated(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    fits(c, fd, PPPOE, &[1514, 1522])?;
    dropped(c, fd, PPPOE, &[1523])?;
    fits(c, fd, MPLS, &[1518, 1530, 9000])
}
