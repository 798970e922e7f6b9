// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What libtuntap's own regression programs try on a tap device, those aside that its library
//! refuses before any system call, such as malformed addresses and masks.

use crate::abi::{AF_LINK, IFDESCRSIZE, IFF_UP, O_RDWR, SIOCGIFDESCR, SIOCSIFDESCR};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::net::Live;
use crate::sys::Need;
use crate::text::Text;
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "libtuntap_up_ipv4",
                "libtuntap up+IPv4, IPv4+up: it answers in either order",
                ipv4,
            )
            .needs(&[Need::Inet]),
            case("libtuntap_up_ipv6", "libtuntap up+IPv6, IPv6+up: it is up in either order", ipv6)
                .needs(&[Need::Inet6]),
            case(
                "libtuntap_wrong_name",
                "libtuntap wrong type, wrong number: no interface's name, EINVAL",
                wrong_name,
            ),
            case(
                "libtuntap_mac_kept",
                "libtuntap existing MAC kept: by down, up, close and open",
                mac_kept,
            ),
            case(
                "libtuntap_persistent",
                "libtuntap persistent: made by name it outlives its descriptor, cloned it does not",
                persistent,
            ),
            case(
                "libtuntap_description",
                "libtuntap description: kept, replaced, and gone with the interface",
                description,
            ),
        ]
    }
}

/// Opens and greets: the interface has an address and is up.
fn answers(c: &Ctx) -> Verdict {
    let fd = c.open_unit(0, O_RDWR)?;
    c.greet(&Live { fd, name: Text::of(format_args!("tap0")), mac: [0; 6], net: 1 })?;
    c.close(fd).on("close")
}

fn ipv4(c: &Ctx) -> Verdict {
    for up_first in [true, false] {
        c.create("tap0").on("create")?;
        if up_first {
            c.set_up("tap0", true).on("up")?;
        }
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        if !up_first {
            c.set_up("tap0", true).on("up")?;
        }
        answers(c)?;
        c.destroy("tap0").on("destroy")?;
    }
    Ok(())
}

fn ipv6(c: &Ctx) -> Verdict {
    for up_first in [true, false] {
        c.create("tap0").on("create")?;
        if up_first {
            c.set_up("tap0", true).on("up")?;
        }
        super::foreign::add_inet6(c, "tap0")?;
        if !up_first {
            c.set_up("tap0", true).on("up")?;
        }
        let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
        check!(flags & IFF_UP != 0, "flags {flags:#x} after up");
        c.destroy("tap0").on("destroy")?;
    }
    Ok(())
}

fn wrong_name(c: &Ctx) -> Verdict {
    for name in ["tap", "tap-1", "tap1x", "7tap", "notap0", "tap99999999999"] {
        let made = c.create(name);
        if made.is_ok() {
            c.destroy(name).on("destroying what should not have been made")?;
        }
        made.fails_with(Errno::EINVAL, name)?;
    }
    check!(!c.exists("tap0") && !c.exists("tap1"), "a wrong name made an interface");
    Ok(())
}

fn mac_kept(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.create("tap1").on("create")?;
    let at_birth = super::lifecycle::link_address(c, "tap0")?;
    let other = super::lifecycle::link_address(c, "tap1")?;
    check!(at_birth != other, "two interfaces have the address {other:x?}");
    let set = [0x54, 0x1a, 0x13, 0xef, 0xb3, 0xb5];
    for wanted in [at_birth, set] {
        if wanted == set {
            super::phyaddr::set_phyaddr(c, "tap0", AF_LINK as u8, set).on("SIOCSIFPHYADDR")?;
        }
        for _ in 0..2 {
            let fd = c.open_unit(0, O_RDWR)?;
            c.set_up("tap0", true).on("up")?;
            c.set_up("tap0", false).on("down")?;
            c.close(fd).on("close")?;
        }
        let now = super::lifecycle::link_address(c, "tap0")?;
        check!(now == wanted, "the address was {wanted:x?} and is {now:x?}");
    }
    Ok(())
}

fn persistent(c: &Ctx) -> Verdict {
    c.create("tap5").on("create")?;
    let index = c.index("tap5").on("SIOCGIFINDEX")?;
    for _ in 0..3 {
        let fd = c.open_unit(5, O_RDWR)?;
        c.close(fd).on("close")?;
        let now = c.index("tap5").on("SIOCGIFINDEX after close")?;
        check!(now == index, "another tap5: index {index}, then {now}");
    }
    c.destroy("tap5").on("destroy")?;
    check!(!c.exists("tap5"), "tap5 outlived its destruction");
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.close(fd).on("close")?;
    check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    Ok(())
}

/// struct ifreq with ifr_buf and ifr_buflen.
fn describe(c: &Ctx, cmd: u64, text: &mut [u8; IFDESCRSIZE]) -> Result<()> {
    let mut req = Ctx::ifreq("tap0");
    req.data[..4].copy_from_slice(&(IFDESCRSIZE as u32).to_ne_bytes());
    let address = text.as_mut_ptr() as usize;
    req.data[8..16].copy_from_slice(&address.to_ne_bytes());
    c.sys.ioctl(c.socket, cmd, Out::value(&mut req)).map(drop)
}

fn description(c: &Ctx) -> Verdict {
    for _ in 0..2 {
        c.create("tap0").on("create")?;
        let mut seen = [0xa5; IFDESCRSIZE];
        describe(c, SIOCGIFDESCR, &mut seen).fails_with(Errno::ENOMSG, "none at birth")?;
        for words in ["to the lab", "a second one, which takes the first one's place"] {
            let mut text = [0; IFDESCRSIZE];
            text[..words.len()].copy_from_slice(words.as_bytes());
            describe(c, SIOCSIFDESCR, &mut text).on("SIOCSIFDESCR")?;
            describe(c, SIOCGIFDESCR, &mut seen).on("SIOCGIFDESCR")?;
            check!(seen == text, "another description than {words}");
        }
        // It is there still: the next interface of the name has to have none.
        c.destroy("tap0").on("destroy")?;
    }
    Ok(())
}
