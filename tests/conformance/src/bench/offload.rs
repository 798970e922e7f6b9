// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames behind an offload header, and large packets: for nobody, and to be cut.

use super::{work, Tally, Workload};
use crate::abi::offload::{VnetHdr, TAKES_CSUM, TAKES_TSO4, VNET_HDR};
use crate::abi::BRDGADD;
use crate::case::{Fallible, On, Verdict};
use crate::cases::foreign;
use crate::check;
use crate::ctx::Ctx;
use crate::frames;
use crate::net::{Live, WIDEST};
use crate::packets::{complete, Packet, FAR_MAC};
use crate::sys::Need;
use crate::user::{Out, Plain};

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("vnet_write_60", "write of 60 B behind a header", write::<60>).added(),
            work("vnet_write_1514", "write of 1514 B behind a header", write::<1514>).added(),
            work("vnet_write_9000", "write of 9000 B behind a header", write::<9000>).added(),
            work("vnet_write_csum_1514", "write of 1514 B, checksum to complete", checksum).added(),
            work("vnet_read_60", "read of 60 B behind a header", read::<60>).added(),
            work("vnet_read_1514", "read of 1514 B behind a header", read::<1514>).added(),
            work("vnet_read_9000", "read of 9000 B behind a header", read::<9000>).added(),
            work("write_tagged_x44", "44 writes of 1518 B behind a VLAN tag", one_by_one)
                .rounds(101),
            work("vnet_write_gso_cut", "the same in one write, which is cut", large::<false>)
                .rounds(101)
                .added(),
            work("vnet_write_gso_local", "44 segments in one write, to no socket", large::<true>)
                .rounds(101)
                .added(),
            work("vnet_write_gso_bridged", "44 segments in one write, for a bridge", bridged)
                .needs(&[Need::Inet, Need::Bridge])
                .rounds(101)
                .added(),
        ]
    }
}

const UDP_HEADERS: usize = 42;
/// Segments of a large packet, and their payload.
pub const SEGMENTS: usize = 44;
/// See [`SEGMENTS`].
pub const SEGMENT: usize = 1460;
/// Bytes of a large packet's payload.
pub const LARGE: usize = SEGMENTS * SEGMENT;

/// An interface of the cloning node with a header of 12 bytes and a reader that takes `bits`.
pub fn behind(c: &Ctx, bits: u32) -> Fallible<Live> {
    let live = c.live_clone(1)?;
    c.drain(live.fd)?;
    c.set_header(live.fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
    c.set_offload(live.fd, bits).on("TAPSOFFLOAD")?;
    Ok(live)
}

/// The same that takes frames of that length.
fn live(c: &Ctx, length: usize) -> Fallible<Live> {
    let live = behind(c, TAKES_CSUM | TAKES_TSO4)?;
    if length > 1514 {
        c.set_mtu(live.name.as_str(), 9000).on("the jumbo MTU")?;
    }
    Ok(live)
}

/// Writes what is in `bytes`, a header and a frame, again and again. What comes of it is taken away.
fn rounds(c: &Ctx, live: &Live, bytes: &[u8], t: &mut Tally<'_>) -> Verdict {
    while t.again() {
        let n = t.count(|| c.send(live.fd, bytes)).on("write")?;
        check!(n == bytes.len(), "{n} bytes of {} were written", bytes.len());
        c.drain(live.fd)?;
    }
    Ok(())
}

fn put_header(bytes: &mut [u8], header: VnetHdr) {
    bytes[..VNET_HDR].copy_from_slice(header.as_bytes());
}

fn write<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, N)?;
    let mut bytes = [0; VNET_HDR + WIDEST];
    put_header(&mut bytes, VnetHdr::NONE);
    frames::plain(&mut bytes[VNET_HDR..VNET_HDR + N], live.mac);
    rounds(c, &live, &bytes[..VNET_HDR + N], t)
}

/// A packet that the stack drops, because there is no VLAN.
fn tagged(live: &Live) -> Packet {
    Packet { tagged: true, ..Packet::tcp(false, live.mac) }
}

fn checksum(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, 1514)?;
    let packet = tagged(&live);
    let mut bytes = [0; VNET_HDR + 1514];
    put_header(&mut bytes, packet.needs_csum());
    packet.whole(&mut bytes[VNET_HDR..], 0);
    rounds(c, &live, &bytes, t)
}

fn read<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, N)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    let payload = [0x5a; WIDEST];
    let mut bytes = [0; VNET_HDR + WIDEST];
    while t.again() {
        c.send(sender, &payload[..N - UDP_HEADERS]).on("a datagram")?;
        let n = t.count(|| c.sys.read(live.fd, Out::bytes(&mut bytes))).on("read")?;
        check!(n == VNET_HDR + N, "{n} bytes instead of a header and {N}");
    }
    Ok(())
}

fn one_by_one(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let packet = tagged(&live);
    let mut frame = [0; 58 + SEGMENT];
    packet.whole(&mut frame, 0);
    complete(&mut frame, packet.start(), packet.offset());
    while t.again() {
        let written = t.count(|| (0..SEGMENTS).try_for_each(|_| c.send(live.fd, &frame).map(drop)));
        written.on("write")?;
    }
    Ok(())
}

/// Writes [`SEGMENTS`] of a packet at once, again and again.
fn segments(c: &Ctx, live: &Live, packet: Packet, t: &mut Tally<'_>) -> Verdict {
    let mut bytes = [0; VNET_HDR + 58 + LARGE];
    let bytes = &mut bytes[..VNET_HDR + packet.headers() + LARGE];
    put_header(bytes, packet.large(SEGMENT as u16));
    packet.whole(&mut bytes[VNET_HDR..], 0);
    rounds(c, live, bytes, t)
}

fn large<const LOCAL: bool>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, 1514)?;
    let packet = if LOCAL { Packet::tcp(false, live.mac) } else { tagged(&live) };
    segments(c, &live, packet, t)
}

/// What a bridge takes, all of it, while the stack would receive a large packet as it is.
fn bridged(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, 1514)?;
    c.fresh("bridge77")?;
    foreign::bridge(c, BRDGADD, live.name.as_str()).on("BRDGADD")?;
    c.set_up("bridge77", true).on("bridge up")?;
    segments(c, &live, Packet::tcp(false, FAR_MAC), t)
}
