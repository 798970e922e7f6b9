// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets from a socket of the program's: a reader who takes them gets them with a header
//! that says all, and every other reader gets segments.

use crate::abi::offload::{
    VnetHdr, GSO_TCPV4, GSO_TCPV6, IFCAP_TSOV4, MAX_FRAME, NEEDS_CSUM, TAKES_CSUM, TAKES_ECN,
    TAKES_TSO4, TAKES_TSO6,
};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::net::Live;
use crate::packets::{pattern, pattern_at};
use crate::peer::{Peer, MSS_1260, MSS_1424, MSS_1440, MSS_1456, MSS_1460, MSS_1460_UNSCALED};
use crate::sys::{Need, System};
use crate::user::In;
use crate::view::View;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const NEEDS: &[Need] = &[Need::Inet, Need::Tcp];
    const {
        &[
            case("offload_tso_v4", "tap_rs(4): large packets of TCP in IPv4 are read", v4)
                .added()
                .needs(NEEDS),
            case("offload_tso_v6", "the same in IPv6", v6).added().needs(&[
                Need::Inet,
                Need::Inet6,
                Need::Tcp,
            ]),
            case(
                "offload_tso_not_taken",
                "tap_rs(4): a reader who does not take them gets segments",
                not_taken,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tso_too_long",
                "tcp_output(): 45 segments of 1456 bytes are more than IP's length can say",
                too_long,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tso_jumbo",
                "ip6_output(): more than 65535 bytes get an option, which no segment may have",
                jumbo,
            )
            .guards(&["F53"])
            .added()
            .needs(&[Need::Inet, Need::Inet6, Need::Tcp]),
            case("offload_tso_longest", "tap_rs(4): TAP_MAXFRAME bytes hold every frame", longest)
                .guards(&["F54"])
                .added()
                .needs(&[Need::Inet, Need::Inet6, Need::Tcp]),
            case(
                "offload_tso_taken_back",
                "tap_rs(4): TSO and CSUM come and go in the middle of a transfer",
                taken_back,
            )
            .added()
            .needs(NEEDS),
            case(
                "offload_tso_short_read",
                "tap(4): a buffer of an MTU gets the beginning of a large packet",
                short_read,
            )
            .added()
            .needs(NEEDS),
        ]
    }
}

/// How many bytes the program sends.
const TOTAL: usize = 1 << 20;

/// The program: sends the whole stream.
fn write_all(s: System, socket: usize) -> i64 {
    let mut bytes = [0; 32_768];
    let mut place = 0;
    while place < TOTAL {
        pattern(&mut bytes, place);
        match s.write(socket as i32, In::bytes(&bytes)) {
            Ok(n) => place += n,
            Err(e) => return -i64::from(e.0),
        }
    }
    place as i64
}

/// What came of a transfer.
#[derive(Default)]
struct Seen {
    /// Packets that stood for several.
    large: usize,
    /// The most payload of a packet.
    most: usize,
}

/// A packet that stands for several says so exactly; no other one is longer than a segment.
fn check_large(header: VnetHdr, view: View, payload: usize, mss: usize) -> Verdict {
    if header.gso_type == 0 {
        check!(payload <= mss, "{payload} bytes in a packet that stands for itself");
        check!(header.gso_size == 0, "gso_size {} without a type", header.gso_size);
        return Ok(());
    }
    let kind = if view.v6 { GSO_TCPV6 } else { GSO_TCPV4 };
    check!(header.gso_type == kind, "type {:#x}", header.gso_type);
    check!(header.flags == NEEDS_CSUM, "flags {:#x} of a large packet", header.flags);
    check!(usize::from(header.gso_size) == mss, "gso_size {}, not {mss}", header.gso_size);
    let headers = view.payload;
    check!(usize::from(header.hdr_len) == headers, "hdr_len {}, not {headers}", header.hdr_len);
    check!(payload > mss, "a large packet of {payload} bytes");
    Ok(())
}

/// The peer reads the whole stream, and acknowledges what has come whenever nothing more does.
/// After that `change` may do something to the reader's word.
fn transfer(
    c: &Ctx,
    peer: &mut Peer,
    change: &mut dyn FnMut(usize) -> Verdict,
) -> crate::case::Fallible<Seen> {
    let thread = c.sys.spawn(write_all, peer.socket as usize).on("spawn")?;
    let (mut next, mut seen, mut idle, mut rounds) = (0, Seen::default(), 0, 0);
    let mut frame = [0; 66_000];
    while next < TOTAL {
        let Some((header, view, n)) = peer.receive(c, &mut frame, 20)? else {
            idle += 1;
            check!(idle < 600, "only {next} bytes of {TOTAL} came");
            rounds += 1;
            peer.acknowledge(c, peer.first.wrapping_add(next as u32))?;
            change(rounds)?;
            continue;
        };
        check!(n <= MAX_FRAME, "a frame of {n} bytes");
        let payload = &frame[view.payload..n];
        check_large(header, view, payload.len(), peer.mss)?;
        let place = view.seq.wrapping_sub(peer.first) as usize;
        let end = place + payload.len();
        // What was purged is sent again, and so may be what has come.
        if place <= next && end > next {
            let wrong = (0..payload.len()).find(|&i| payload[i] != pattern_at(place + i));
            check!(wrong.is_none(), "a wrong byte in {place} to {end}: {wrong:?}");
            seen.large += usize::from(header.gso_type != 0);
            seen.most = seen.most.max(payload.len());
            (next, idle) = (end, 0);
        }
    }
    peer.acknowledge(c, peer.first.wrapping_add(next as u32))?;
    let sent = c.join_long(thread, "the program")?;
    check!(sent == TOTAL as i64, "the program's writes end with {sent}");
    Ok(seen)
}

fn takes(c: &Ctx, bits: u32, v6: bool, options: &'static [u8]) -> Verdict {
    let live = c.live_with_header(bits)?;
    let seen = Peer::talk(c, &live, v6, options, |peer| transfer(c, peer, &mut |_| Ok(())))?;
    check!(seen.large > 3, "only {} large packets were read", seen.large);
    check!(seen.most >= 8 * 1460, "the largest packet has {} bytes", seen.most);
    Ok(())
}

fn v4(c: &Ctx) -> Verdict {
    takes(c, TAKES_CSUM | TAKES_TSO4, false, &MSS_1460_UNSCALED)
}

fn v6(c: &Ctx) -> Verdict {
    takes(c, TAKES_CSUM | TAKES_TSO6 | TAKES_ECN, true, &MSS_1440)
}

fn not_taken(c: &Ctx) -> Verdict {
    for bits in [TAKES_CSUM, 0, TAKES_CSUM | TAKES_TSO6] {
        let live = c.live_with_header(bits)?;
        let quiet = &mut |_| Ok(());
        let seen = Peer::talk(c, &live, false, &MSS_1460, |peer| transfer(c, peer, quiet))?;
        check!(seen.large == 0, "{} large packets were read by who takes {bits}", seen.large);
        c.clean()?;
    }
    Ok(())
}

fn too_long(c: &Ctx) -> Verdict {
    takes(c, TAKES_CSUM | TAKES_TSO4, false, &MSS_1456)
}

fn jumbo(c: &Ctx) -> Verdict {
    takes(c, TAKES_CSUM | TAKES_TSO6, true, &MSS_1260)
}

fn longest(c: &Ctx) -> Verdict {
    takes(c, TAKES_CSUM | TAKES_TSO6, true, &MSS_1424)
}

fn taken_back(c: &Ctx) -> Verdict {
    const WORDS: [u32; 4] = [TAKES_CSUM, TAKES_CSUM | TAKES_TSO4, 0, TAKES_CSUM | TAKES_TSO4];
    let live = c.live_with_header(WORDS[1])?;
    let mut change = |round: usize| {
        // What is purged is sent again only after a while: now and then.
        if !round.is_multiple_of(12) {
            return Ok(());
        }
        c.sys.sleep_ms(10);
        c.set_offload(live.fd, WORDS[round / 12 % WORDS.len()]).on("TAPSOFFLOAD")?;
        if round.is_multiple_of(36) {
            let now = c.capabilities("tap0")?[0];
            c.enable("tap0", now & !IFCAP_TSOV4).on("SIOCSIFCAP without TSO")?;
        }
        Ok(())
    };
    Peer::talk(c, &live, false, &MSS_1460, |peer| transfer(c, peer, &mut change)).map(drop)
}

fn short_read(c: &Ctx) -> Verdict {
    let live = c.live_with_header(TAKES_CSUM | TAKES_TSO4)?;
    Peer::talk(c, &live, false, &MSS_1460, |peer| read_short(c, &live, peer))
}

fn read_short(c: &Ctx, live: &Live, peer: &mut Peer) -> Verdict {
    let before = c.settled_data("tap0")?;
    let mut bytes = [0; 8000];
    pattern(&mut bytes, 0);
    c.send(peer.socket, &bytes).on("write of the program")?;
    let mut frame = [0; 1514];
    let mut cut = 0;
    let mut ack = peer.first;
    while let Some((header, n)) = c.take(live.fd, &mut frame, 500)? {
        let Some(view) = View::of(&frame[..n]).filter(|view| view.seq == ack) else { continue };
        let len = view.end - view.payload;
        check!(n == view.end.min(frame.len()), "{n} bytes of a packet of {}", view.end);
        cut += usize::from(header.gso_type != 0);
        ack = ack.wrapping_add(len as u32);
        peer.acknowledge(c, ack)?;
    }
    check!(ack == peer.first.wrapping_add(8000), "not all of 8000 bytes came");
    let after = c.settled_data("tap0")?;
    let errors = (after.oerrors - before.oerrors) as usize;
    check!(cut > 0 && errors == cut, "{cut} large packets were cut, {errors} counted");
    Ok(())
}
