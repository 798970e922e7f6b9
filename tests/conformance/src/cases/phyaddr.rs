// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! SIOCSIFPHYADDR: how programs set the Ethernet address, in the shapes that they use.

use crate::abi::{self, IfAliasReq, AF_LINK, SIOCSIFPHYADDR};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::{Errno, Result};
use crate::sys::Need;
use crate::user::{Out, Plain};

use super::lifecycle::link_address;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("siocsifphyaddr", "libtuntap: the MAC in sa_data of an AF_LINK address", set)
                .guards(&["F10"]),
            case(
                "siocsifphyaddr_offset",
                "if_tap.c 1.42, tap_lifaddr: what would be a name's length moves nothing",
                offset,
            )
            .guards(&["F10"]),
            case("siocsifphyaddr_family", "if_tap.c 1.42, tap_lifaddr: other families are EINVAL", family),
            case("siocsifphyaddr_group", "group or zero addresses are EINVAL", group)
                .differs(&["F33"]),
            case("siocsifphyaddr_unprivileged", "if.c: only the superuser", unprivileged)
                .needs(&[Need::Privilege]),
            case(
                "siocsifphyaddr_sockaddr_dl",
                "if_tap.c 1.42, tap_lifaddr: a whole struct sockaddr_dl has the address behind its lengths",
                whole,
            )
            .differs(&["F42"]),
            case(
                "siocsifphyaddr_short",
                "libtuntap: sa_len of 6, 8 or 16, and the address in sa_data",
                short,
            )
            .guards(&["F42"]),
            case(
                "siocsifphyaddr_shapes",
                "a struct sockaddr_dl of any other shape is EINVAL",
                shapes,
            )
            .differs(&["F42"])
            .guards(&["F10", "F42"]),
        ]
    }
}

/// SIOCSIFPHYADDR of a structure as it is, which is longer than a struct sockaddr where it is a
/// struct sockaddr_dl.
pub fn set_sockaddr(c: &Ctx, name: &str, sockaddr: &[u8]) -> Result<()> {
    let mut req = IfAliasReq::zeroed();
    put_name(&mut req.name, name);
    let (own, rest) = sockaddr.split_at(sockaddr.len().min(req.addr.len()));
    req.addr[..own.len()].copy_from_slice(own);
    req.dst[..rest.len()].copy_from_slice(rest);
    c.sys.ioctl(c.socket, SIOCSIFPHYADDR, Out::value(&mut req)).map(drop)
}

/// SIOCSIFPHYADDR of a struct sockaddr with the address in sa_data.
pub fn set_phyaddr(c: &Ctx, name: &str, family: u8, mac: [u8; 6]) -> Result<()> {
    set_plain(c, name, 16, family, mac)
}

fn set_plain(c: &Ctx, name: &str, len: u8, family: u8, mac: [u8; 6]) -> Result<()> {
    let [a, b, d, e, f, g] = mac;
    set_sockaddr(c, name, &[len, family, a, b, d, e, f, g])
}

/// What programs state as its length: 20 bytes were the structure of 2008, 32 are that of today.
pub const SOCKADDR_DL: [u8; 2] = [20, 32];

/// A struct sockaddr_dl: length, family, index, type, the lengths of name, address and selector,
/// and behind them what they are the lengths of.
pub fn sockaddr_dl(len: u8, lengths: [u8; 3], mac: [u8; 6]) -> [u8; 20] {
    let [name, address, selector] = lengths;
    let mut sdl = [0; 20];
    sdl[..8].copy_from_slice(&[len, AF_LINK as u8, 0, 0, 0, name, address, selector]);
    sdl[8..14].copy_from_slice(&mac);
    sdl
}

fn set(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let mac = [2, 0x11, 0x22, 0x33, 0x44, 0x66];
    set_phyaddr(c, "tap0", AF_LINK as u8, mac).on("SIOCSIFPHYADDR")?;
    let now = link_address(c, "tap0")?;
    check!(now == mac, "the address is {now:x?}");
    Ok(())
}

/// Read as a struct sockaddr_dl, these would say that the address lies behind a long name.
fn offset(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for length in [1, 8, 14, 100, 255] {
        let mac = [2, 0, 6, length, 6, length];
        set_phyaddr(c, "tap0", AF_LINK as u8, mac).on("SIOCSIFPHYADDR")?;
        let now = link_address(c, "tap0")?;
        check!(now == mac, "{mac:x?} was given, the address is {now:x?}");
    }
    Ok(())
}

fn unchanged(c: &Ctx, family: u8, mac: [u8; 6], errno: Errno) -> Verdict {
    let before = link_address(c, "tap0")?;
    set_phyaddr(c, "tap0", family, mac).fails_with(errno, "SIOCSIFPHYADDR")?;
    let now = link_address(c, "tap0")?;
    check!(now == before, "refused, but the address is {now:x?}");
    Ok(())
}

fn family(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    unchanged(c, abi::AF_INET as u8, [2, 1, 1, 1, 1, 1], Errno::EINVAL)
}

fn group(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for mac in [[1, 0, 0x5e, 0, 0, 1], [0xff; 6], [0; 6]] {
        unchanged(c, AF_LINK as u8, mac, Errno::EINVAL)?;
    }
    Ok(())
}

fn unprivileged(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let before = link_address(c, "tap0")?;
    c.sys.seteuid(1).on("seteuid")?;
    let result = set_phyaddr(c, "tap0", AF_LINK as u8, [2, 1, 1, 1, 1, 1]);
    c.sys.seteuid(0).on("seteuid back")?;
    result.fails_with(Errno::EPERM, "SIOCSIFPHYADDR by another user")?;
    let now = link_address(c, "tap0")?;
    check!(now == before, "refused, but the address is {now:x?}");
    Ok(())
}

fn whole(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for len in SOCKADDR_DL {
        let mac = [2, 0x11, 0x22, 0x33, 0x44, len];
        set_sockaddr(c, "tap0", &sockaddr_dl(len, [0, 6, 0], mac)).on("SIOCSIFPHYADDR")?;
        let now = link_address(c, "tap0")?;
        check!(now == mac, "of a length of {len} the address is {now:x?}");
    }
    Ok(())
}

/// libtuntap states the length of the address alone.
fn short(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for len in [6, 8, 16] {
        let mac = [2, 0x11, 0x22, 0x33, 0x44, len];
        set_plain(c, "tap0", len, AF_LINK as u8, mac).on("SIOCSIFPHYADDR")?;
        let now = link_address(c, "tap0")?;
        check!(now == mac, "of a length of {len} the address is {now:x?}");
    }
    Ok(())
}

/// Names, addresses and selectors of lengths that lead elsewhere, or nowhere.
fn shapes(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let before = link_address(c, "tap0")?;
    let mac = [2, 0x11, 0x22, 0x33, 0x44, 0x55];
    let refused = |len: u8, lengths: [u8; 3], mac: [u8; 6]| {
        let sdl = sockaddr_dl(len, lengths, mac);
        set_sockaddr(c, "tap0", &sdl).fails_with(Errno::EINVAL, "another shape")?;
        let now = link_address(c, "tap0")?;
        check!(now == before, "length {len}, {lengths:?}: the address is {now:x?}");
        Ok(())
    };
    for len in SOCKADDR_DL {
        for lengths in [[200, 6, 0], [1, 6, 0], [0, 8, 0], [0, 5, 0], [0, 0, 0], [0, 6, 1]] {
            refused(len, lengths, mac)?;
        }
        for nobody in [[1, 0, 0x5e, 0, 0, 1], [0xff; 6], [0; 6]] {
            refused(len, [0, 6, 0], nobody)?;
        }
    }
    refused(255, [0, 6, 0], mac)
}
