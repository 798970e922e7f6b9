// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Writing: one frame a call.
//!
//! What lengths a frame may have is in [`super::length`].

use crate::abi::{ETHER_HDR, O_RDWR};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, BROADCAST};
use crate::net::Live;
use crate::sys::{Need, System};
use crate::user::In;

use super::length::accepted;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("zero_write", "EINVAL, zero included", zero).differs(&["F14"]),
            case("short_write", "shorter than a header is EINVAL", short).differs(&["F15"]),
            case("jumbo_mtu", "jumbo MTUs work", jumbo).needs(&[Need::Inet]),
            case("huge_mtu", "tap_rs(4): MTUs up to 65521 work", huge).added().needs(&[Need::Inet]),
            case("write_efault", "EFAULT leaves no trace", efault).differs(&["F16"]),
            case("write_efault_midway", "a fault in the middle of a frame", efault_midway),
            case("writev_one_frame", "rump virtif: a writev is one frame", writev)
                .needs(&[Need::Inet]),
            case("writev_zero", "writev(2) of empty spans", writev_zero).differs(&["F14"]),
            case("write_down", "a frame for an interface that is down is no error", down),
            case("write_from_thread_storm", "many writers at once, all counted", storm)
                .differs(&["F20"]),
            case("write_any_bytes", "syzkaller: survives any bytes", any_bytes),
            case(
                "write_invalid_ethertype",
                "Linux tap.c test_packet_crash_tap_invalid_eth_proto",
                ethertypes,
            ),
            case("write_tagged_frame", "a VLAN-tagged frame of full size is accepted", tagged),
        ]
    }
}

/// tap0, open, up and non-blocking.
pub fn open_up(c: &Ctx) -> Fallible<i32> {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    Ok(fd)
}

fn zero(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    c.send(fd, &[]).fails_with(Errno::EINVAL, "write of nothing")?;
    let (fd, _) = c.open_clone(O_RDWR)?;
    c.send(fd, &[]).fails_with(Errno::EINVAL, "write of nothing to a clone")
}

fn short(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let frame = [0xff; ETHER_HDR];
    for n in 1..ETHER_HDR {
        let result = c.send(fd, &frame[..n]);
        result.fails_with(Errno::EINVAL, "write shorter than a header")?;
    }
    Ok(())
}

fn jumbo(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    echoes(c, &live, 9000, &[1514, 2048, 2049, 4096, 9000, 9014])
}

fn huge(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    // A cluster, and buffers of almost a page: at the ends of the first ones, and all of them.
    let ends = [2045, 2046, 2047, 6077, 6078, 6079, 10110, 10111];
    echoes(c, &live, 65521, &ends)?;
    echoes(c, &live, 65521, &[16384, 16385, 32768, 65534, 65535])
}

/// Frames of these sizes are answered whole, at that MTU.
fn echoes(c: &Ctx, live: &Live, mtu: i32, sizes: &[usize]) -> Verdict {
    c.set_mtu("tap0", mtu).on("SIOCSIFMTU")?;
    for (i, &size) in sizes.iter().enumerate() {
        let n = super::read::echo(c, live, size, 100 + i as u16)?;
        check!(n == size, "the answer to {size} bytes has {n}");
    }
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let before = c.settled_data("tap0")?;
    c.sys.write(fd, In::bad(100)).fails_with(Errno::EFAULT, "write from nowhere")?;
    let after = c.settled_data("tap0")?;
    let packets = after.ipackets - before.ipackets;
    check!(packets == 0, "ipackets rose by {packets}");
    check!(after.ierrors == before.ierrors, "ierrors rose: a refused write must leave no trace");
    Ok(())
}

fn efault_midway(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let before = c.settled_data("tap0")?;
    for good in [1, 13, 14, 100, 1000] {
        c.sys
            .write(fd, In::across(c.sys.edge(), good, 300))
            .fails_with(Errno::EFAULT, "write across the end of memory")?;
    }
    let after = c.settled_data("tap0")?;
    check!(after.ipackets == before.ipackets, "a broken frame was passed up");
    accepted(c, fd, 60)
}

fn writev(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let request = frames::arp_request(1);
    for cut in [1, 6, 14, 15, 42, 59] {
        let (head, tail) = request.split_at(cut);
        let n = c.sys.writev(live.fd, &[In::bytes(head), In::bytes(tail)]).on("writev")?;
        check!(n == 60, "writev returned {n}");
        check!(c.readable(live.fd, 4000), "no answer to a request cut at {cut}");
        c.drain(live.fd)?;
    }
    let each: [In<'_>; 15] = core::array::from_fn(|i| In::bytes(&request[i * 4..i * 4 + 4]));
    let n = c.sys.writev(live.fd, &each).on("writev of fifteen spans")?;
    check!(n == 60, "writev returned {n}");
    check!(c.readable(live.fd, 4000), "no answer to a request in fifteen spans");
    Ok(())
}

fn writev_zero(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let spans = [In::bytes(&[]), In::bytes(&[])];
    c.sys.writev(fd, &spans).fails_with(Errno::EINVAL, "writev of nothing")
}

fn down(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    accepted(c, fd, 60)
}

const EACH: u64 = 250;

fn write_many(s: System, fd: usize) -> i64 {
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    let mut failed = 0;
    for i in 0..EACH {
        failed += i64::from(s.write(fd as i32, In::bytes(&frame)).is_err());
        if i % 16 == 15 {
            s.sleep_ms(10);
        }
    }
    failed
}

fn storm(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let before = c.settled_data("tap0")?;
    let mut threads = [0; 4];
    for thread in &mut threads {
        *thread = c.sys.spawn(write_many, fd as usize).on("spawn")?;
    }
    for thread in threads {
        let failed = c.join(thread, "writer")?;
        check!(failed == 0, "{failed} writes failed");
    }
    let after = c.settled_data("tap0")?;
    let seen = after.ipackets - before.ipackets + after.iqdrops - before.iqdrops;
    check!(seen == 4 * EACH, "{} frames written, {seen} counted", 4 * EACH);
    Ok(())
}

/// The same sequence on every run (Knuth's MMIX generator).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

fn any_bytes(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let mut random = Random(1);
    let mut frame = [0; 1518];
    for round in 0..600 {
        let n = 14 + random.draw() as usize % 1505;
        for byte in &mut frame[..n] {
            *byte = random.draw() as u8;
        }
        // Half of them are for this interface, of the types that a stack looks into.
        if round % 2 == 0 {
            let kind = [0x0800, 0x0806, 0x86dd, 0x8100, 0x8864][random.draw() as usize % 5];
            frames::ether(&mut frame, live.mac, frames::PEER_MAC, kind);
        }
        let written = c.send(live.fd, &frame[..n]).on("write of random bytes")?;
        check!(written == n, "write of {n} returned {written}");
        if round % 64 == 63 {
            c.drain(live.fd)?;
        }
    }
    c.greet(&live).map(drop)
}

fn ethertypes(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let mut frame = [0; 60];
    for kind in [0, 1, 0x05dc, 0x05dd, 0x05ff, 0x0600, 0x8100, 0x88a8, 0x9100, 0xffff] {
        frames::plain(&mut frame, live.mac);
        frames::ether(&mut frame, live.mac, frames::PEER_MAC, kind);
        for n in [14, 17, 18, 60] {
            let written = c.send(live.fd, &frame[..n]).on("write")?;
            check!(written == n, "write of {n} bytes of type {kind:#x} returned {written}");
        }
    }
    c.greet(&live).map(drop)
}

fn tagged(c: &Ctx) -> Verdict {
    let fd = open_up(c)?;
    let mut frame = [0; 1518];
    frames::plain(&mut frame, BROADCAST);
    frames::ether(&mut frame, BROADCAST, frames::PEER_MAC, 0x8100);
    frame[14..16].copy_from_slice(&[0, 77]);
    let n = c.send(fd, &frame).on("write of a full tagged frame")?;
    check!(n == 1518, "write returned {n}");
    Ok(())
}
