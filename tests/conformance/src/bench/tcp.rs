// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Bytes of TCP between a peer on the wire side and a socket of the program's, the whole way: reads
//! and writes of the tap and of the socket, the stack, and the acknowledgements.

use super::offload::{behind, LARGE, SEGMENT, SEGMENTS};
use super::{work, Tally, Workload};
use crate::abi::offload::{IFCAP_RX, TAKES_CSUM, TAKES_TSO4, VNET_HDR};
use crate::case::{Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::net::Live;
use crate::packets::Packet;
use crate::peer::{Peer, MSS_1460, MSS_1460_UNSCALED, MSS_65481};
use crate::sys::Need;
use crate::user::{In, Out, Plain};
use crate::view::View;

const NEEDS: &[Need] = &[Need::Inet, Need::Tcp];
const ROUNDS: usize = 61;

/// The workloads of this topic; each says how many bytes a round is.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            tcp("tcp_in_frames", "64240 B of TCP come in, 44 frames", frames_in::<1500>),
            tcp("tcp_in_mtu", "the same in one frame, MTU 65521", frames_in::<65521>).added(),
            tcp("tcp_in_whole", "the same in one large packet", large_in::<true>).added(),
            tcp("tcp_in_cut", "the same, cut by the driver", large_in::<false>).added(),
            tcp("tcp_out_window", "256960 B of TCP go out, window of 64 KB", plain_out::<64>),
            tcp("tcp_out_window_csum", "the same, checksums left", csum_out::<64>).added(),
            tcp("tcp_out_window_tso", "the same, large packets", tso_out::<64>).added(),
            tcp("tcp_out_buffer", "256960 B of TCP go out, buffer of 192 KB", plain_out::<512>),
            tcp("tcp_out_buffer_csum", "the same, checksums left", csum_out::<512>).added(),
            tcp("tcp_out_buffer_tso", "the same, large packets", tso_out::<512>).added(),
            tcp("tcp_out_mtu", "the same, MTU 65521", mtu_out).added(),
        ]
    }
}

const fn tcp(
    name: &'static str,
    what: &'static str,
    run: fn(&Ctx, &mut Tally<'_>) -> Verdict,
) -> Workload {
    work(name, what, run).rounds(ROUNDS).needs(NEEDS)
}

/// An interface without a header, or with one and a reader that takes `bits`.
fn live(c: &Ctx, bits: Option<u32>, mtu: i32) -> Fallible<Live> {
    let live = match bits {
        Some(bits) => behind(c, bits)?,
        None => c.live_clone(1)?,
    };
    if mtu > 1500 {
        c.set_mtu(live.name.as_str(), mtu).on("SIOCSIFMTU")?;
    }
    Ok(live)
}

/// Reads the socket until it has nothing more; how many bytes came.
fn read_socket(c: &Ctx, socket: i32, room: &mut [u8]) -> Result<usize> {
    let mut seen = 0;
    loop {
        match c.sys.read(socket, Out::bytes(room)) {
            Ok(0) | Err(Errno::EAGAIN) => return Ok(seen),
            Ok(n) => seen += n,
            Err(e) => return Err(e),
        }
    }
}

/// Frames of a round, each behind room for a header.
struct Train {
    bytes: [u8; SEGMENTS * (54 + SEGMENT) + VNET_HDR],
    /// The length of each.
    each: usize,
    count: usize,
}

impl Train {
    fn new() -> Self {
        Self { bytes: [0; SEGMENTS * (54 + SEGMENT) + VNET_HDR], each: 0, count: 0 }
    }

    /// The connection's next bytes, in `count` frames, ready to go without a header.
    fn fill(&mut self, next: &mut Packet, count: usize) {
        let payload = LARGE / count;
        (self.each, self.count) = (54 + payload, count);
        for frame in self.bytes.chunks_exact_mut(self.each).take(count) {
            next.completed(frame, 0);
            next.seq = next.seq.wrapping_add(payload as u32);
        }
    }

    /// The same, in one large packet behind its header.
    fn fill_large(&mut self, next: &mut Packet) {
        (self.each, self.count) = (VNET_HDR + 54 + LARGE, 1);
        let (header, frame) = self.bytes[..self.each].split_at_mut(VNET_HDR);
        header.copy_from_slice(next.large(SEGMENT as u16).as_bytes());
        next.whole(frame, 0);
        next.seq = next.seq.wrapping_add(LARGE as u32);
    }

    /// Writes all, has the program read them, and reads what the stack sends.
    fn go(&self, c: &Ctx, fd: i32, socket: i32, room: &mut [u8]) -> Result<usize> {
        for frame in self.bytes.chunks_exact(self.each).take(self.count) {
            c.send(fd, frame)?;
        }
        let seen = read_socket(c, socket, room)?;
        read_socket(c, fd, &mut room[..128])?;
        Ok(seen)
    }
}

fn transfer_in(
    c: &Ctx,
    t: &mut Tally<'_>,
    live: &Live,
    options: &'static [u8],
    fill: fn(&mut Train, &mut Packet),
) -> Verdict {
    Peer::talk(c, live, false, options, |peer| {
        c.set_nonblocking(peer.socket, true).on("FIONBIO")?;
        let mut room = [0; LARGE];
        let mut train = Train::new();
        while t.again() {
            fill(&mut train, &mut peer.next);
            let seen = t.count(|| train.go(c, live.fd, peer.socket, &mut room)).on("transfer")?;
            check!(seen == LARGE, "{seen} bytes of {LARGE} came to the socket");
        }
        Ok(())
    })
}

fn frames_in<const MTU: i32>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, None, MTU)?;
    if MTU > 1500 {
        return transfer_in(c, t, &live, &MSS_65481, |train, next| train.fill(next, 1));
    }
    transfer_in(c, t, &live, &MSS_1460, |train, next| train.fill(next, SEGMENTS))
}

fn large_in<const WHOLE: bool>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, Some(0), 1500)?;
    if !WHOLE {
        c.enable(live.name.as_str(), IFCAP_RX).on("ifconfig -lro")?;
    }
    transfer_in(c, t, &live, &MSS_1460, Train::fill_large)
}

/// So many bytes at least go out in a round.
const OUT: usize = 4 * LARGE;

/// The program writes as much as it can, the peer reads as much as there is, and acknowledges it,
/// until enough has come. Returns how much.
fn go_out(c: &Ctx, peer: &mut Peer, next: &mut u32, room: &mut [u8]) -> Verdict {
    let bytes = [0x5a; 32_768];
    let begun = *next;
    for _ in 0..1000 {
        loop {
            match c.sys.write(peer.socket, In::bytes(&bytes)) {
                Ok(_) => {}
                Err(Errno::EAGAIN) => break,
                Err(e) => return Err(e).on("write of the program"),
            }
        }
        let before = *next;
        while let Some(n) = peer.read_now(c, room)? {
            let Some(view) = View::of(&room[..n]).filter(|view| view.ports[1] == 40_000) else {
                continue;
            };
            check!(view.seq == *next, "byte {} comes, not {}", view.seq, *next);
            *next = next.wrapping_add((n - view.payload) as u32);
        }
        if *next != before {
            peer.acknowledge(c, *next)?;
        } else {
            c.sys.sleep_ms(1);
        }
        if next.wrapping_sub(begun) as usize >= OUT {
            return Ok(());
        }
    }
    check!(false, "only {} bytes came", next.wrapping_sub(begun));
    Ok(())
}

fn transfer_out(c: &Ctx, t: &mut Tally<'_>, live: &Live, options: &'static [u8]) -> Verdict {
    Peer::talk(c, live, false, options, |peer| {
        c.set_nonblocking(peer.socket, true).on("FIONBIO")?;
        let mut room = [0; 65_600];
        let mut next = peer.first;
        while t.again() {
            t.count(|| go_out(c, peer, &mut next, &mut room))?;
        }
        Ok(())
    })
}

/// What a window of so many kilobytes takes of options.
const fn options(window: usize) -> &'static [u8] {
    if window == 64 {
        &MSS_1460_UNSCALED
    } else {
        &MSS_1460
    }
}

fn plain_out<const WINDOW: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    transfer_out(c, t, &live(c, None, 1500)?, options(WINDOW))
}

fn csum_out<const WINDOW: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    transfer_out(c, t, &live(c, Some(TAKES_CSUM), 1500)?, options(WINDOW))
}

fn tso_out<const WINDOW: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    transfer_out(c, t, &live(c, Some(TAKES_CSUM | TAKES_TSO4), 1500)?, options(WINDOW))
}

fn mtu_out(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    transfer_out(c, t, &live(c, None, 65521)?, &MSS_65481)
}
