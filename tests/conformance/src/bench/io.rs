// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Frames in and out: write(2), read(2), and both with the stack's answer between them.

use super::{work, Tally, Workload};
use crate::case::{Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Result;
use crate::frames;
use crate::net::{Live, WIDEST};
use crate::user::Out;

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("write_60", "write of 60 B, which the stack drops", write::<60>).grows(),
            work("write_590", "write of 590 B", write::<590>),
            work("write_1514", "write of 1514 B", write::<1514>),
            work("write_9000", "write of 9000 B, MTU 9000", write::<9000>),
            work("read_60", "read of 60 B, UDP that the stack sent", read::<60>).grows(),
            work("read_590", "read of 590 B", read::<590>),
            work("read_1514", "read of 1514 B", read::<1514>),
            work("read_9000", "read of 9000 B, MTU 9000", read::<9000>),
            work("read_60_queued", "read of 60 B, 200 frames queued before the first", queued)
                .rounds(391),
            work("echo_98", "ICMP echo request of 98 B written, reply read", echo::<98>).grows(),
            work("echo_1514", "the same with 1514 B", echo::<1514>),
            work("echo_9000", "the same with 9000 B, MTU 9000", echo::<9000>),
            work("arp", "ARP request of 60 B written, reply read", arp),
            work("node_write_60", "write of 60 B on a node, not a cloned descriptor", on_node)
                .grows(),
            work("node_echo_98", "echo of 98 B on a node", node_echo),
        ]
    }
}

/// The largest frame at the default MTU.
const ETHER_MAX: usize = 1514;
const JUMBO_MTU: i32 = 9000;
/// Frames written and read here that UDP fills: Ethernet, IPv4 and UDP headers.
const UDP_HEADERS: usize = 42;

/// An interface of the cloning node that takes frames of that length.
fn live(c: &Ctx, length: usize) -> Fallible<Live> {
    let live = c.live_clone(1)?;
    if length > ETHER_MAX {
        c.set_mtu(live.name.as_str(), JUMBO_MTU).on("the jumbo MTU")?;
    }
    Ok(live)
}

fn write_on<const N: usize>(c: &Ctx, live: &Live, t: &mut Tally<'_>) -> Verdict {
    let mut frame = [0; N];
    frames::plain(&mut frame, live.mac);
    while t.again() {
        let n = t.count(|| c.send(live.fd, &frame)).on("write")?;
        check!(n == N, "{n} bytes of {N} were written");
    }
    Ok(())
}

fn write<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    write_on::<N>(c, &live(c, N)?, t)
}

fn on_node(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    write_on::<60>(c, &c.live(t.unit(), 1)?, t)
}

fn read<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, N)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    let payload = [0x5a; WIDEST];
    while t.again() {
        c.send(sender, &payload[..N - UDP_HEADERS]).on("a datagram")?;
        counted_read(c, t, &live, N)?;
    }
    Ok(())
}

fn counted_read(c: &Ctx, t: &mut Tally<'_>, live: &Live, length: usize) -> Verdict {
    let mut frame = [0; WIDEST];
    let n = t.count(|| c.sys.read(live.fd, Out::bytes(&mut frame))).on("read")?;
    check!(n == length, "a frame of {n} bytes instead of {length}");
    Ok(())
}

/// Fewer than the interface's queue takes.
const QUEUED: usize = 200;

fn queued(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, 60)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    let mut waiting = 0;
    while t.again() {
        if waiting == 0 {
            while waiting < QUEUED {
                c.send(sender, &[0x5a; 60 - UDP_HEADERS]).on("a datagram")?;
                waiting += 1;
            }
        }
        counted_read(c, t, &live, 60)?;
        waiting -= 1;
    }
    Ok(())
}

/// Writes a frame and reads what the stack answers at once.
fn exchange(c: &Ctx, fd: i32, request: &[u8], reply: &mut [u8]) -> Result<usize> {
    c.send(fd, request)?;
    c.sys.read(fd, Out::bytes(reply))
}

fn echo_on<const N: usize>(c: &Ctx, live: &Live, t: &mut Tally<'_>) -> Verdict {
    let mut request = [0; N];
    let mut reply = [0; WIDEST];
    let mut sequence = 0;
    while t.again() {
        sequence += 1;
        frames::echo_request(&mut request, live.mac, 1, sequence);
        let n = t.count(|| exchange(c, live.fd, &request, &mut reply)).on("write and read")?;
        check!(frames::is_echo_reply(&reply[..n], sequence), "no reply to echo {sequence}");
    }
    Ok(())
}

fn echo<const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    echo_on::<N>(c, &live(c, N)?, t)
}

fn node_echo(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    echo_on::<98>(c, &c.live(t.unit(), 1)?, t)
}

fn arp(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = live(c, 60)?;
    let request = frames::arp_request(1);
    let mut reply = [0; 128];
    while t.again() {
        let n = t.count(|| exchange(c, live.fd, &request, &mut reply)).on("write and read")?;
        check!(frames::arp_reply(&reply[..n], 1).is_some(), "no reply to ARP");
    }
    Ok(())
}
