// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces made and destroyed by name, as ifconfig(8) does it.

use crate::abi::{
    EcCapReq, IFF_BROADCAST, IFF_MULTICAST, IFF_RUNNING, IFF_SIMPLEX, IFF_UP, LAST_UNIT,
    LINK_STATE_DOWN, LINK_STATE_UP, O_RDWR, SIOCGETHERCAP,
};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx, Name};
use crate::errno::Errno;
use crate::sys::Need;
use crate::text::Text;
use crate::user::{Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("create_destroy", "ifconfig(8): create, destroy; t_tap tap_create_destroy", plain),
            case("create_destroy_up", "t_tap: create, up, destroy while up", up),
            case("create_destroy_up_down", "t_tap: create, up, down, destroy", up_down),
            case("create_destroy_inet", "t_tap: destroy with an IPv4 address", inet)
                .guards(&["F38"])
                .needs(&[Need::Inet]),
            case("create_twice_eexist", "clone create of a present unit is EEXIST", twice),
            case("destroy_absent_enxio", "tun-rs: destroying a vanished name is ENXIO", absent),
            case("unit_limit", "units 0 … 0xffffe, EINVAL beyond", limit).differs(&["F31"]),
            case("unit_last", "0xffffe is the last unit, and it opens", last).guards(&["F31"]),
            case("unit_cloner_collision", "0xfffff is the cloner's minor, no unit", collision)
                .differs(&["F31"]),
            case("unit_24_bits", "cf_unit has 24 bits: tap16777216 must not make tap0", wrapped)
                .dangerous(&["F31"]),
            case(
                "many_interfaces",
                "more of them than the kernel has soft interrupts, and the last one works",
                many,
            )
            .dangerous(&["added"]),
            case(
                "flags_at_birth",
                "if_tap.c 1.42, tap_attach: broadcast, simplex, multicast; not up",
                flags,
            ),
            case("mac_prefix", "tap(4): f2:0b:a4 and three random bytes", mac),
            case("ethercap", "VLAN_MTU and JUMBO_MTU", ethercap),
            case("link_state", "link is down until opened, and after close", link),
            case("destroy_while_open", "aircrack-ng: SIOCIFDESTROY before close", while_open)
                .dangerous(&["F19"]),
            case("running_follows_up", "if_init sets RUNNING, if_stop clears it", running),
        ]
    }
}

fn plain(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    check!(c.exists("tap0"), "tap0 is not there after create");
    c.destroy("tap0").on("destroy")?;
    c.flags("tap0").fails_with(Errno::ENXIO, "SIOCGIFFLAGS after destroy")
}

fn up(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    c.destroy("tap0").on("destroy while up")?;
    check!(!c.exists("tap0"), "tap0 outlived its destruction");
    Ok(())
}

fn up_down(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    c.set_up("tap0", false).on("down")?;
    c.destroy("tap0").on("destroy")?;
    check!(!c.exists("tap0"), "tap0 outlived its destruction");
    Ok(())
}

fn inet(c: &Ctx) -> Verdict {
    for _ in 0..3 {
        c.create("tap0").on("create")?;
        c.inet("tap0", 1).on("SIOCAIFADDR")?;
        c.destroy("tap0").on("destroy with an address")?;
        check!(!c.exists("tap0"), "tap0 outlived its destruction");
    }
    Ok(())
}

fn twice(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.create("tap0").fails_with(Errno::EEXIST, "second create")
}

fn absent(c: &Ctx) -> Verdict {
    c.destroy("tap0").fails_with(Errno::ENXIO, "destroy of an absent interface")
}

fn limit(c: &Ctx) -> Verdict {
    for name in ["tap1048576", "tap16777215", "tap2147483647"] {
        let made = c.create(name);
        if made.is_ok() {
            c.destroy(name).on("destroying what should not have been made")?;
        }
        made.fails_with(Errno::EINVAL, name)?;
        check!(!c.exists(name), "{name} exists after EINVAL");
    }
    Ok(())
}

fn last(c: &Ctx) -> Verdict {
    c.create("tap1048574").on("create tap1048574")?;
    let fd = c.open_unit(LAST_UNIT, O_RDWR)?;
    let name = c.ifname(fd).on("TAPGIFNAME")?;
    check!(name.as_str() == "tap1048574", "its node opens {name}");
    c.close(fd).on("close")?;
    c.destroy("tap1048574").on("destroy")
}

/// A kernel's table of soft interrupts takes some 800: 32 KiB for what is 40 bytes each.
const MANY: u32 = 900;
/// Out of the other cases' way.
const MANY_FROM: u32 = 3000;

fn many(c: &Ctx) -> Verdict {
    let name = |number: u32| -> Name { Text::of(format_args!("tap{}", MANY_FROM + number)) };
    let made = (0..MANY).try_for_each(|number| c.create(name(number).as_str()));
    let works = made.on("create one of many").and_then(|()| last_of_many(c, &name(MANY - 1)));
    for number in 0..MANY {
        if c.exists(name(number).as_str()) {
            c.destroy(name(number).as_str()).on("destroy one of many")?;
        }
    }
    works
}

fn last_of_many(c: &Ctx, name: &Name) -> Verdict {
    c.set_up(name.as_str(), true).on("up")?;
    let fd = c.open_unit(MANY_FROM + MANY - 1, O_RDWR)?;
    c.send(fd, &[0xff; 60]).on("write to the last of many")?;
    let packets = c.settled_data(name.as_str())?.ipackets;
    check!(packets == 1, "the last of many counts {packets} frames instead of 1");
    c.close(fd).on("close")
}

fn collision(c: &Ctx) -> Verdict {
    let made = c.create("tap1048575");
    if made.is_ok() {
        c.destroy("tap1048575").on("destroy tap1048575")?;
    }
    made.fails_with(Errno::EINVAL, "create of the cloner's minor")
}

fn wrapped(c: &Ctx) -> Verdict {
    let made = c.create("tap16777216");
    check!(!c.exists("tap0"), "tap16777216 made tap0");
    made.fails_with(Errno::EINVAL, "create tap16777216")
}

fn flags(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
    let wanted = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
    check!(flags == wanted, "flags {flags:#x}, expected {wanted:#x}");
    Ok(())
}

fn mac(c: &Ctx) -> Verdict {
    let mut seen = [[0; 3]; 2];
    for (name, tail) in ["tap0", "tap1"].into_iter().zip(&mut seen) {
        c.create(name).on("create")?;
        let mac = link_address(c, name)?;
        check!(mac[..3] == [0xf2, 0x0b, 0xa4], "{name} begins with {:x?}", &mac[..3]);
        tail.copy_from_slice(&mac[3..]);
    }
    check!(seen[0] != seen[1], "two interfaces got one address, {:x?}", seen[0]);
    Ok(())
}

/// The interface's MAC, through its sysctl node.
pub fn link_address(c: &Ctx, name: &str) -> crate::case::Fallible<[u8; 6]> {
    let text = super::sysctl::read(c, name).on("net.link.tap")?;
    let mut mac = [0; 6];
    for (byte, part) in mac.iter_mut().zip(text.as_str().split(':')) {
        *byte = u8::from_str_radix(part, 16).unwrap_or(0);
    }
    Ok(mac)
}

fn ethercap(c: &Ctx) -> Verdict {
    const VLAN_MTU: i32 = 1;
    const JUMBO_MTU: i32 = 4;
    c.create("tap0").on("create")?;
    let mut req = EcCapReq::zeroed();
    put_name(&mut req.name, "tap0");
    c.sys.ioctl(c.socket, SIOCGETHERCAP, Out::value(&mut req)).on("SIOCGETHERCAP")?;
    let wanted = VLAN_MTU | JUMBO_MTU;
    check!(req.capabilities & wanted == wanted, "capabilities {:#x}", req.capabilities);
    Ok(())
}

fn link(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    check!(c.data("tap0")?.link_state == LINK_STATE_DOWN, "link is not down at birth");
    let fd = c.open_unit(0, O_RDWR)?;
    let is = |state| c.wait_for(|| c.data("tap0").is_ok_and(|d| d.link_state == state));
    check!(is(LINK_STATE_UP), "link is not up while open");
    c.close(fd).on("close")?;
    check!(is(LINK_STATE_DOWN), "link is not down after close");
    Ok(())
}

fn while_open(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.destroy("tap0").on("destroy while open")?;
    check!(!c.exists("tap0"), "tap0 outlived its destruction");
    c.close(fd).on("close of the dead descriptor")?;
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.destroy(name.as_str()).on("destroy while open by cloning")?;
    check!(!c.exists(name.as_str()), "{name} outlived its destruction");
    c.close(fd).on("close of the dead cloned descriptor")
}

fn running(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let both = IFF_UP | IFF_RUNNING;
    let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
    check!(flags & both == both, "flags {flags:#x} while up");
    c.set_up("tap0", false).on("down")?;
    let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
    check!(flags & both == 0, "flags {flags:#x} while down");
    Ok(())
}
