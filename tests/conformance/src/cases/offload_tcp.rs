// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets to a socket of the program's: every byte comes, and is acknowledged.

use crate::abi::offload::{IFCAP_RX, TAKES_CSUM};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::packets::{pattern_at, ACK, FIN, PSH};
use crate::peer::{Peer, MSS_1440, MSS_1460, MSS_1460_UNSCALED};
use crate::sys::Need;
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const NEEDS: &[Need] = &[Need::Inet, Need::Tcp];
    const {
        &[
            case("offload_tcp_v4", "tap_rs(4): 44 segments in one write, and an ACK", v4)
                .added()
                .needs(NEEDS),
            case("offload_tcp_v6", "the same in IPv6", v6).added().needs(&[
                Need::Inet,
                Need::Inet6,
                Need::Tcp,
            ]),
            case(
                "offload_tcp_not_trusted",
                "ifconfig(8): the same without the Rx bits",
                not_trusted,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tcp_asleep",
                "RFC 9293: a lone large packet is acknowledged, whether or not the socket is read",
                asleep,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tcp_small_mtu",
                "a large packet of segments of the MTU that there is now",
                small_mtu,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tcp_unload",
                "what a socket has not read yet outlives the interface, and the module",
                unload,
            )
            .added()
            .needs(NEEDS),
        ]
    }
}

/// The socket gives these bytes of the stream next.
fn comes(c: &Ctx, socket: i32, place: usize, payload: usize) -> Verdict {
    let mut bytes = [0; 65_600];
    let mut seen = 0;
    while seen < payload {
        check!(c.readable(socket, 8000), "only {seen} bytes of {payload} come to the socket");
        let n = c.sys.read(socket, Out::bytes(&mut bytes[..payload - seen])).on("read")?;
        check!(n > 0, "the end after {seen} bytes of {payload}");
        let wrong = (0..n).find(|&i| bytes[i] != pattern_at(place + seen + i));
        check!(wrong.is_none(), "a wrong byte behind {seen} of {payload}: {wrong:?}");
        seen += n;
    }
    Ok(())
}

/// Large packets of several sizes, and an end in the last one.
fn transfer(c: &Ctx, peer: &mut Peer) -> Verdict {
    let mut place = 0;
    // The protocols' queue takes 255 packets.
    let sizes = [(1448, 44 * 1448), (1400, 2801), (100, 25_000), (1448, 1448), (1000, 60_001)];
    for (size, payload) in sizes {
        if size == 1400 {
            peer.next.flags = ACK | PSH;
        }
        // The program reads only after all has been acknowledged: the window takes it.
        peer.send(c, place, payload, size)?;
        peer.acknowledged(c)?;
        comes(c, peer.socket, place, payload)?;
        place += payload;
    }
    peer.next.flags = ACK | PSH | FIN;
    peer.send(c, place, 5000, 1440)?;
    peer.next.seq = peer.next.seq.wrapping_add(1);
    peer.acknowledged(c)?;
    comes(c, peer.socket, place, 5000)?;
    let end = c.sys.read(peer.socket, Out::bytes(&mut [0; 16]));
    check!(end == Ok(0), "after the end the socket gives {end:?}");
    Ok(())
}

fn v4(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    Peer::talk(c, &live, false, &MSS_1460, |peer| transfer(c, peer))
}

fn v6(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM)?;
    Peer::talk(c, &live, true, &MSS_1440, |peer| {
        let mut place = 0;
        for (size, payload) in [(1440, 44 * 1440), (1428, 2857), (100, 25_000), (1000, 60_001)] {
            peer.send(c, place, payload, size)?;
            peer.acknowledged(c)?;
            comes(c, peer.socket, place, payload)?;
            place += payload;
        }
        Ok(())
    })
}

fn not_trusted(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    c.enable("tap0", 0).on("SIOCSIFCAP of nothing")?;
    Peer::talk(c, &live, false, &MSS_1460, |peer| {
        peer.send(c, 0, 44 * 1448, 1448)?;
        peer.acknowledged(c)?;
        comes(c, peer.socket, 0, 44 * 1448)?;
        c.enable("tap0", IFCAP_RX).on("SIOCSIFCAP")?;
        peer.send(c, 44 * 1448, 44 * 1448, 1448)?;
        peer.acknowledged(c)?;
        comes(c, peer.socket, 44 * 1448, 44 * 1448)
    })
}

fn asleep(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    Peer::talk(c, &live, false, &MSS_1460_UNSCALED, |peer| {
        let mut place = 0;
        for payload in [1448, 1449, 2896, 14_480] {
            peer.send(c, place, payload, 1448)?;
            peer.acknowledged(c)?;
            place += payload;
        }
        comes(c, peer.socket, 0, place)
    })
}

fn small_mtu(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    Peer::talk(c, &live, false, &MSS_1460, |peer| {
        let mut place = 0;
        for mtu in [1500, 600, 1500, 9000] {
            c.set_mtu("tap0", mtu).on("SIOCSIFMTU")?;
            peer.send(c, place, 20_000, mtu as u16 - 40)?;
            peer.acknowledged(c)?;
            comes(c, peer.socket, place, 20_000)?;
            place += 20_000;
        }
        Ok(())
    })
}

fn unload(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    Peer::talk(c, &live, false, &MSS_1460, |peer| {
        peer.send(c, 0, 44 * 1448, 1448)?;
        peer.acknowledged(c)?;
        c.close(live.fd).on("close")?;
        c.destroy("tap0").on("destroy")?;
        let unloaded = c.unload();
        check!(matches!(unloaded, Ok(()) | Err(Errno::EBUSY)), "unload: {unloaded:?}");
        comes(c, peer.socket, 0, 44 * 1448)?;
        if unloaded.is_ok() {
            c.load().on("load again")?;
        }
        Ok(())
    })?;
    super::module::unloads(c, "after a socket was read")
}
