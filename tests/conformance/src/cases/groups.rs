// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What sockets hear of an interface, and what they hold of it: routing messages, and memberships
//! of groups.

use crate::abi::{
    AF_INET, AF_ROUTE, F_SETFL, IPPROTO_IP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, LINK_STATE_DOWN,
    LINK_STATE_UP, O_NONBLOCK, O_RDWR, SOCK_DGRAM, SOCK_RAW,
};
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx, HANG_MS};
use crate::errno::{Errno, Result};
use crate::frames;
use crate::sys::{Need, System};
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "route_messages",
                "route(4): one arrival, link up and down, one departure, and nothing after it",
                messages,
            )
            .guards(&["F38"])
            .needs(&[Need::Route]),
            case(
                "group_memberships",
                "ip(4): an interface goes with groups joined through sockets",
                memberships,
            )
            .guards(&["F38"])
            .needs(&[Need::Groups, Need::Inet]),
            case(
                "group_membership_race",
                "ip(4): groups are joined and left while the interface goes",
                race,
            )
            .guards(&["F38"])
            .needs(&[Need::Groups, Need::Inet]),
        ]
    }
}

/// What is heard of one interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Heard {
    /// RTM_IFANNOUNCE, IFAN_ARRIVAL.
    Arrival,
    /// RTM_IFINFO of the link's state; those of a change of its flags are others.
    Link(i32),
    /// RTM_IFANNOUNCE, IFAN_DEPARTURE.
    Departure,
    /// Any other message about it.
    Other,
}

/// The next message about an interface of that name and index; EAGAIN when there is none.
fn hear(c: &Ctx, socket: i32, name: &str, index: &mut u16) -> Fallible<Option<Heard>> {
    const RTM_IFANNOUNCE: u8 = 0x10;
    const RTM_IFINFO: u8 = 0x14;
    let mut wanted = [0; 16];
    put_name(&mut wanted, name);
    let mut m = [0_u8; 2048];
    loop {
        match c.sys.read(socket, Out::bytes(&mut m)) {
            Ok(n) => check!(n >= 24, "a message of {n} bytes"),
            Err(Errno::EAGAIN) => return Ok(None),
            Err(e) => return Err(e).on("read of the routing socket"),
        }
        let short = |at: usize| u16::from_ne_bytes([m[at], m[at + 1]]);
        match m[3] {
            // struct if_announcemsghdr: index, name, what.
            RTM_IFANNOUNCE if m[6..22] == wanted => {
                *index = short(4);
                let arrives = short(22) == 0;
                return Ok(Some(if arrives { Heard::Arrival } else { Heard::Departure }));
            }
            // struct if_msghdr: addresses, flags, index; struct if_data has the link's state.
            RTM_IFINFO if short(12) == *index => {
                let state = i32::from_ne_bytes([m[20], m[21], m[22], m[23]]);
                return Ok(Some(Heard::Link(state)));
            }
            // Those about addresses and routes have the index further ahead, or none.
            _ if *index != 0 && m[3] != RTM_IFANNOUNCE && short(4) == *index => {
                return Ok(Some(Heard::Other));
            }
            _ => {}
        }
    }
}

/// Waits for a message, past others, but not past a departure.
fn await_message(
    c: &Ctx,
    socket: i32,
    index: &mut u16,
    expected: Heard,
    arrivals: &mut u32,
) -> Verdict {
    let end = c.sys.now_ms() + HANG_MS;
    while c.sys.now_ms() < end {
        match hear(c, socket, "tap0", index)? {
            Some(heard) => {
                *arrivals += u32::from(heard == Heard::Arrival);
                if heard == expected {
                    return Ok(());
                }
                check!(heard != Heard::Departure, "a departure instead of {expected:?}");
            }
            None => c.sys.sleep_ms(5),
        }
    }
    Err(Failure::of(format_args!("no message of {expected:?}")))
}

fn messages(c: &Ctx) -> Verdict {
    let socket = c.keep(c.sys.socket(AF_ROUTE, SOCK_RAW, 0).on("a routing socket")?);
    c.sys.fcntl(socket, F_SETFL, O_NONBLOCK as usize).on("F_SETFL")?;
    for _ in 0..3 {
        let (mut index, mut arrivals) = (0, 0);
        let mut heard = |expected| await_message(c, socket, &mut index, expected, &mut arrivals);
        c.create("tap0").on("create")?;
        heard(Heard::Arrival)?;
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        for _ in 0..2 {
            let fd = c.open_unit(0, O_RDWR)?;
            heard(Heard::Link(LINK_STATE_UP))?;
            c.close(fd).on("close")?;
            heard(Heard::Link(LINK_STATE_DOWN))?;
        }
        c.destroy("tap0").on("destroy")?;
        heard(Heard::Departure)?;
        check!(arrivals == 1, "{arrivals} arrivals");
        c.settle();
        let late = hear(c, socket, "tap0", &mut index)?;
        check!(late.is_none(), "{late:?} of what had departed");
    }
    Ok(())
}

/// A group of this link alone, for which no report is sent.
const GROUP: [u8; 4] = [224, 0, 0, 77];

/// Joins or leaves on the interface that has this address.
fn change(s: System, socket: i32, name: i32, net: u8) -> Result<()> {
    let mut request = [0; 8];
    request[..4].copy_from_slice(&GROUP);
    request[4..].copy_from_slice(&frames::our_ip(net));
    s.setsockopt(socket, IPPROTO_IP, name, In::bytes(&request))
}

fn memberships(c: &Ctx) -> Verdict {
    let mut sockets = [0; 4];
    for socket in &mut sockets {
        *socket = c.keep(c.sys.socket(AF_INET, SOCK_DGRAM, 0).on("a UDP socket")?);
    }
    for round in 0..4 {
        c.create("tap0").on("create")?;
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        for socket in sockets {
            change(c.sys, socket, IP_ADD_MEMBERSHIP, 1).on("IP_ADD_MEMBERSHIP")?;
        }
        change(c.sys, sockets[0], IP_DROP_MEMBERSHIP, 1).on("IP_DROP_MEMBERSHIP")?;
        if round % 2 == 0 {
            c.set_up("tap0", false).on("down")?;
        }
        c.destroy("tap0").on("destroy with groups joined")?;
        let left = change(c.sys, sockets[1], IP_DROP_MEMBERSHIP, 1);
        left.fails_with(Errno::EADDRNOTAVAIL, "leaving on what is gone")?;
    }
    c.create("tap0").on("create")?;
    c.inet("tap0", 1).on("SIOCAIFADDR")?;
    for socket in sockets {
        change(c.sys, socket, IP_ADD_MEMBERSHIP, 1).on("IP_ADD_MEMBERSHIP")?;
        c.close(socket).on("close with a group joined")?;
    }
    c.destroy("tap0").on("destroy after the sockets")
}

/// Joins and leaves; what fails otherwise than because the interface is not there, or about to go.
fn join_often(s: System, socket: usize) -> i64 {
    for _ in 0..400 {
        for name in [IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP] {
            match change(s, socket as i32, name, 1) {
                Ok(()) => {}
                Err(Errno::EADDRNOTAVAIL | Errno::EADDRINUSE | Errno::ENXIO | Errno::ENOBUFS) => {}
                Err(e) => return -i64::from(e.0),
            }
        }
    }
    0
}

fn race(c: &Ctx) -> Verdict {
    let socket = c.keep(c.sys.socket(AF_INET, SOCK_DGRAM, 0).on("a UDP socket")?);
    let thread = c.sys.spawn(join_often, socket as usize).on("spawn")?;
    let value = loop {
        c.create("tap0").on("create")?;
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        c.destroy("tap0").on("destroy")?;
        if let Some(value) = c.sys.joined(thread) {
            break value;
        }
    };
    check!(value == 0, "joining or leaving failed with errno {}", -value);
    Ok(())
}
