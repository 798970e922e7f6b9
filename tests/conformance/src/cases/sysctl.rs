// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! net.link.tap.tapN, the address as text.

use crate::abi::O_RDWR;
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames;
use crate::sys::Need;
use crate::sysctl_name;
use crate::text::Text;
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("sysctl_mac_format", "tap(4): xx:xx:xx:xx:xx:xx, 17 characters and a NUL", format),
            case("sysctl_mac_ok", "ZeroTier: sysctl -w net.link.tap.tapN=MAC", ok),
            case(
                "sysctl_mac_short_form",
                "if_tap.c 1.42, tap_sysctl_handler: 11 to 17 characters",
                short,
            ),
            case("sysctl_mac_bad", "a bad address is EINVAL and changes nothing", bad),
            case("sysctl_mac_multicast", "a group address is EINVAL", multicast).differs(&["F33"]),
            case("sysctl_mac_zero", "the zero address is EINVAL", zero).differs(&["F33"]),
            case(
                "sysctl_mac_unprivileged",
                "sysctl(3): EPERM for others, who may read",
                unprivileged,
            )
            .needs(&[Need::Privilege]),
            case("sysctl_mac_on_the_wire", "the new address is the one ARP answers with", wire)
                .needs(&[Need::Inet]),
            case("sysctl_node_goes", "detach takes the node away", goes),
            case("sysctl_node_of_clone", "ZeroTier: every interface has its node", clone),
            case("sysctl_mac_long", "more than 17 characters is refused", long),
        ]
    }
}

/// The name of an interface's node.
fn path(name: &str) -> Text<48> {
    Text::of(format_args!("net.link.tap.{name}"))
}

fn mib(c: &Ctx, name: &str, mib: &mut [i32; 12]) -> Result<usize> {
    c.sys.sysctl_mib(path(name).as_str(), mib)
}

/// Reads an interface's node.
pub fn read(c: &Ctx, name: &str) -> Result<Text<32>> {
    sysctl_name::read_text(c.sys, path(name).as_str())
}

/// Writes an interface's node as sysctl(8) does, without the NUL.
pub fn write(c: &Ctx, name: &str, value: &str) -> Result<()> {
    c.sys.sysctl_set(path(name).as_str(), In::bytes(value.as_bytes()))
}

fn format(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let mut path = [0; 12];
    let depth = mib(c, "tap0", &mut path).on("net.link.tap.tap0")?;
    let mut text = [0xa5_u8; 32];
    let length = c.sys.sysctl(&path[..depth], Out::bytes(&mut text), In::none()).on("read")?;
    check!(length == 18, "length {length}, expected 18");
    check!(text[17] == 0, "no NUL at the end");
    check!(text[18..].iter().all(|&b| b == 0xa5), "bytes past the string were written");
    for (i, &b) in text[..17].iter().enumerate() {
        let fits = if i % 3 == 2 { b == b':' } else { b.is_ascii_hexdigit() };
        check!(fits, "byte {i} is {b:#x}");
    }
    Ok(())
}

fn ok(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    write(c, "tap0", "02:11:22:33:44:55").on("write")?;
    let now = read(c, "tap0").on("read")?;
    check!(now.as_str() == "02:11:22:33:44:55", "reads {now}");
    Ok(())
}

fn short(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    write(c, "tap0", "2:1:2:3:4:5").on("write of 11 characters")?;
    let now = read(c, "tap0").on("read")?;
    check!(now.as_str() == "02:01:02:03:04:05", "reads {now}");
    Ok(())
}

fn refused(c: &Ctx, values: &[&str]) -> Verdict {
    c.create("tap0").on("create")?;
    let before = read(c, "tap0").on("read")?;
    for value in values {
        write(c, "tap0", value).fails_with(Errno::EINVAL, value)?;
        let now = read(c, "tap0").on("read")?;
        check!(now.as_str() == before.as_str(), "refused {value}, but it reads {now}");
    }
    Ok(())
}

fn bad(c: &Ctx) -> Verdict {
    refused(
        c,
        &["02:11:22:33:44", "zz:zz:zz:zz:zz:zz", "0:1:2:3:4", "02:11:22:33:44:zz", "hello world"],
    )
}

fn multicast(c: &Ctx) -> Verdict {
    refused(c, &["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"])
}

fn zero(c: &Ctx) -> Verdict {
    refused(c, &["00:00:00:00:00:00"])
}

fn long(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let before = read(c, "tap0").on("read")?;
    check!(write(c, "tap0", "02:11:22:33:44:555555").is_err(), "21 characters were taken");
    let now = read(c, "tap0").on("read")?;
    check!(now.as_str() == before.as_str(), "refused, but it reads {now}");
    Ok(())
}

fn unprivileged(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let before = read(c, "tap0").on("read")?;
    c.sys.seteuid(1).on("seteuid")?;
    let written = write(c, "tap0", "02:11:22:33:44:55");
    let seen = read(c, "tap0");
    c.sys.seteuid(0).on("seteuid back")?;
    written.fails_with(Errno::EPERM, "write by another user")?;
    let seen = seen.on("read by another user")?;
    check!(seen.as_str() == before.as_str(), "reads {seen}, was {before}");
    Ok(())
}

fn wire(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    write(c, "tap0", "02:11:22:33:44:55").on("write")?;
    let mac = c.greet(&live)?;
    check!(mac == [2, 0x11, 0x22, 0x33, 0x44, 0x55], "ARP answers {mac:x?}");
    let mut echo = [0; 98];
    frames::echo_request(&mut echo, mac, 1, 7);
    c.send(live.fd, &echo).on("echo request")?;
    check!(c.readable(live.fd, 4000), "no echo reply at the new address");
    Ok(())
}

fn goes(c: &Ctx) -> Verdict {
    c.create("tap3").on("create")?;
    read(c, "tap3").on("read")?;
    c.destroy("tap3").on("destroy")?;
    read(c, "tap3").fails_with(Errno::ENOENT, "the node after destroy")
}

fn clone(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let text = read(c, name.as_str()).on("read")?;
    check!(text.as_str().starts_with("f2:0b:a4:"), "reads {text}");
    c.close(fd).on("close")?;
    read(c, name.as_str()).fails_with(Errno::ENOENT, "the node after close")
}
