// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Counters, and bpf(4): each frame once.

use crate::abi::{BPF_D_IN, BPF_D_INOUT, BPF_D_OUT, IFQ_MAXLEN, O_RDWR};
use crate::bpf::{self, tap_on};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::frames::{self, BROADCAST};
use crate::sys::Need;
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("stats_exact_in", "ipackets and ibytes, each frame once", input).differs(&["F20"]),
            case("stats_exact_out", "opackets and obytes, each frame once", output)
                .differs(&["F20"])
                .needs(&[Need::Inet]),
            case("stats_multicast", "imcasts and omcasts exact", multicast)
                .differs(&["F20"])
                .needs(&[Need::Inet]),
            case("stats_drop_not_open", "not open: counted as drops, not as sent", dropped)
                .differs(&["F16"])
                .needs(&[Need::Bpf]),
            case("stats_close_purges", "a frame purged by close is not counted as sent", purged)
                .differs(&["F16"])
                .needs(&[Need::Inet]),
            case("queue_bound", "a queue nobody reads stays bounded, and works afterwards", bound)
                .needs(&[Need::Inet]),
            case("bpf_once_in", "bpf sees each frame once, incoming", bpf_in)
                .differs(&["F20"])
                .needs(&[Need::Bpf]),
            case("bpf_once_out", "bpf sees each frame once, outgoing", bpf_out)
                .needs(&[Need::Bpf, Need::Inet]),
            case("bpf_not_open", "bpf sees frames for nobody, no lock held", bpf_closed)
                .differs(&["F27"])
                .needs(&[Need::Bpf]),
            case("pfil_once", "pfil filters each frame once", pfil)
                .differs(&["F20"])
                .needs(&[Need::Pfil, Need::Inet]),
            case("no_mbuf_leak", "every mbuf is given back", leak)
                .guards(&["F4"])
                .needs(&[Need::MbufStat, Need::Inet]),
        ]
    }
}

fn input(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; 1514];
    let mut bytes = 0;
    for n in [14, 60, 300, 590, 1514] {
        frames::plain(&mut frame[..n], BROADCAST);
        bytes += c.send(fd, &frame[..n]).on("write")? as u64;
    }
    let after = c.settled_data("tap0")?;
    let packets = after.ipackets - before.ipackets;
    check!(packets == 5, "ipackets rose by {packets} for 5 frames");
    let counted = after.ibytes - before.ibytes;
    check!(counted == bytes, "ibytes rose by {counted} for {bytes}");
    check!(after.ierrors == before.ierrors, "ierrors rose by {}", after.ierrors - before.ierrors);
    Ok(())
}

fn output(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.drain(live.fd)?;
    let before = c.settled_data("tap0")?;
    let (mut packets, mut bytes) = c.drain(live.fd)?;
    for (i, size) in [98, 590, 1514].into_iter().enumerate() {
        let mut frame = [0; 1514];
        frames::echo_request(&mut frame[..size], live.mac, 1, i as u16);
        c.send(live.fd, &frame[..size]).on("write")?;
        check!(c.readable(live.fd, 4000), "no echo reply of {size} bytes");
        let (n, b) = c.drain(live.fd)?;
        packets += n;
        bytes += b;
    }
    let after = c.settled_data("tap0")?;
    let counted = (after.opackets - before.opackets, after.obytes - before.obytes);
    check!(counted == (packets, bytes), "read {packets}/{bytes}, counted {counted:?}");
    check!(after.oerrors == before.oerrors, "oerrors rose");
    Ok(())
}

fn multicast(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; 60];
    for to in [[1, 0, 0x5e, 0, 0, 1], BROADCAST] {
        frames::plain(&mut frame, to);
        c.send(live.fd, &frame).on("write")?;
    }
    frames::plain(&mut frame, live.mac);
    c.send(live.fd, &frame).on("write")?;
    let after = c.settled_data("tap0")?;
    let seen = after.imcasts - before.imcasts;
    let packets = after.ipackets - before.ipackets;
    check!(packets == 3, "ipackets rose by {packets} for 3 frames");
    // ether_input(9) counts group frames other than broadcasts.
    check!(seen == 1 || seen == 2, "imcasts rose by {seen} for a multicast and a broadcast");
    Ok(())
}

fn dropped(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let bpf = tap_on(c, "tap0", BPF_D_INOUT)?;
    let before = c.settled_data("tap0")?;
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    for _ in 0..3 {
        // The stack may say ENOBUFS of a frame that was dropped.
        c.send(bpf, &frame).unwrap_or(0);
    }
    let after = c.settled_data("tap0")?;
    let sent = (after.opackets - before.opackets, after.obytes - before.obytes);
    check!(sent == (0, 0), "frames for nobody are counted as sent: {sent:?}");
    Ok(())
}

fn purged(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    let before = c.settled_data("tap0")?;
    c.close(live.fd).on("close with a frame waiting")?;
    let after = c.settled_data("tap0")?;
    let sent = after.opackets - before.opackets;
    check!(sent == 0, "{sent} purged frames are counted as sent");
    Ok(())
}

fn bound(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let mut echo = [0; 98];
    for i in 0..3 * IFQ_MAXLEN {
        frames::echo_request(&mut echo, live.mac, 1, i as u16);
        c.send(live.fd, &echo).on("write")?;
        if i % 64 == 63 {
            c.settle();
        }
    }
    let (waiting, _) = c.drain(live.fd)?;
    check!(waiting as usize <= IFQ_MAXLEN + 1, "{waiting} frames waited");
    check!(waiting > 64, "only {waiting} frames waited");
    c.greet(&live).map(drop)
}

/// How many frames of one EtherType a bpf descriptor saw.
fn count(c: &Ctx, fd: i32, kind: u16) -> Fallible<usize> {
    let mut frames = 0;
    bpf::each(c, fd, &mut |frame| {
        frames += usize::from(frame.get(12..14) == Some(&kind.to_be_bytes()));
    })?;
    Ok(frames)
}

fn bpf_in(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    let (incoming, outgoing) = (tap_on(c, "tap0", BPF_D_IN)?, tap_on(c, "tap0", BPF_D_OUT)?);
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    for _ in 0..5 {
        c.send(fd, &frame).on("write")?;
    }
    let seen = count(c, incoming, frames::EXPERIMENTAL)?;
    check!(seen == 5, "bpf saw {seen} incoming frames of 5");
    let seen = count(c, outgoing, frames::EXPERIMENTAL)?;
    check!(seen == 0, "bpf saw {seen} outgoing frames, none was sent");
    Ok(())
}

fn bpf_out(c: &Ctx) -> Verdict {
    const ARP: u16 = 0x0806;
    let live = c.live(0, 1)?;
    c.settle();
    c.drain(live.fd)?;
    let outgoing = tap_on(c, "tap0", BPF_D_OUT)?;
    for _ in 0..5 {
        c.provoke(&live)?;
        c.drain(live.fd)?;
    }
    let seen = count(c, outgoing, ARP)?;
    // One more may be the stack's own announcement of its address.
    check!((5..=6).contains(&seen), "bpf saw {seen} outgoing frames of 5");
    Ok(())
}

fn bpf_closed(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let (sender, outgoing) = (tap_on(c, "tap0", BPF_D_IN)?, tap_on(c, "tap0", BPF_D_OUT)?);
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    // The stack may say ENOBUFS of a frame that was dropped.
    c.send(sender, &frame).unwrap_or(0);
    let seen = count(c, outgoing, frames::EXPERIMENTAL)?;
    check!(seen == 1, "bpf saw a frame for nobody {seen} times");
    Ok(())
}

fn pfil(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.settle();
    c.drain(live.fd)?;
    let before = c.sys.pfil("tap0").unwrap_or_default();
    c.provoke(&live)?;
    c.drain(live.fd)?;
    c.settle();
    let after = c.sys.pfil("tap0").unwrap_or_default();
    let runs = (after.input - before.input, after.output - before.output);
    check!(runs == (1, 1), "hooks ran {runs:?} times for one frame each way");
    Ok(())
}

fn leak(c: &Ctx) -> Verdict {
    let round = || -> Verdict {
        let live = c.live(0, 1)?;
        for _ in 0..8 {
            c.provoke(&live)?;
            c.sys.read(live.fd, Out::bad(64)).unwrap_or(0);
            c.send(live.fd, &[0xff; 13]).unwrap_or(0);
            c.send(live.fd, &[0xff; 2000]).unwrap_or(0);
            c.provoke(&live)?;
        }
        c.close(live.fd).on("close with frames waiting")?;
        c.destroy("tap0").on("destroy")
    };
    round()?;
    c.settle();
    let before = c.sys.mbufs().on("kern.mbuf.stats")?;
    for _ in 0..6 {
        round()?;
    }
    let mut after = 0;
    let settled = c.wait_for(|| {
        after = c.sys.mbufs().unwrap_or(u64::MAX);
        after <= before + 8
    });
    check!(settled, "{before} mbufs in use before, {after} after");
    Ok(())
}
