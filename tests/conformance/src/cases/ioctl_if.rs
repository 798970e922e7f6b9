// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctls of the interface: address, MTU, media, as ifconfig(8) and programs use them.

use crate::abi::{
    self, IfLaddrReq, IfMediaReq, AF_LINK, IFLR_ACTIVE, IFM_1000_T, IFM_100_TX, IFM_10_T,
    IFM_ACTIVE, IFM_AUTO, IFM_AVALID, IFM_ETHER, IFM_FDX, O_RDWR, SIOCALIFADDR, SIOCGIFMEDIA,
    SIOCSIFMEDIA,
};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::{put_name, Ctx};
use crate::errno::Result;
use crate::user::{Out, Plain};

use super::lifecycle::link_address;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("ifconfig_link", "OpenVPN --lladdr: ifconfig tap0 link MAC active", link),
            case("mtu_range", "ether_ioctl: the MTU is bounded and kept", mtu),
            case("media_list", "the media list of if_tap.c 1.42", media).added(),
            case("media_set", "SIOCSIFMEDIA as if_tap.c 1.42 did it", media_set).added(),
            case("media_status", "link state is what the media say", media_status).added(),
            case(
                "interface_ioctl_unknown",
                "the rest to ether_ioctl: errors are not dropped",
                unknown,
            ),
        ]
    }
}

fn link(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let mac = [2, 0x11, 0x22, 0x33, 0x44, 0x77];
    let mut req = IfLaddrReq::zeroed();
    put_name(&mut req.name, "tap0");
    req.flags = IFLR_ACTIVE;
    // struct sockaddr_dl: length, family, index, type, name and address lengths, slen, data.
    req.addr[..8].copy_from_slice(&[20, AF_LINK as u8, 0, 0, 0, 0, 6, 0]);
    req.addr[8..14].copy_from_slice(&mac);
    req.prefixlen = 48;
    let socket = c.keep(c.sys.socket(AF_LINK, abi::SOCK_DGRAM, 0).on("a link socket")?);
    c.sys.ioctl(socket, SIOCALIFADDR, Out::value(&mut req)).on("SIOCALIFADDR")?;
    let now = link_address(c, "tap0")?;
    check!(now == mac, "the address is {now:x?}");
    Ok(())
}

fn mtu(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let now = c.mtu("tap0").on("SIOCGIFMTU")?;
    check!(now == 1500, "the MTU at birth is {now}");
    for mtu in [72, 1400, 1500, 9000, 9001, 65521, 1280] {
        c.set_mtu("tap0", mtu).on("SIOCSIFMTU")?;
        let now = c.mtu("tap0").on("SIOCGIFMTU")?;
        check!(now == mtu, "the MTU is {now}, not {mtu}");
    }
    for mtu in [0, -1, 71, 65522, 65536, i32::MAX] {
        check!(c.set_mtu("tap0", mtu).is_err(), "an MTU of {mtu} was taken");
        let now = c.mtu("tap0").on("SIOCGIFMTU")?;
        check!(now == 1280, "refused {mtu}, but the MTU is {now}");
    }
    Ok(())
}

/// SIOCGIFMEDIA with room for a list.
fn ask(c: &Ctx, list: &mut [i32; 16]) -> Result<IfMediaReq> {
    let mut req = IfMediaReq::zeroed();
    put_name(&mut req.name, "tap0");
    req.count = list.len() as i32;
    req.list = list.as_mut_ptr() as usize;
    c.sys.ioctl(c.socket, SIOCGIFMEDIA, Out::value(&mut req))?;
    Ok(req)
}

const FULL_LIST: [i32; 7] = [
    IFM_ETHER | IFM_10_T,
    IFM_ETHER | IFM_10_T | IFM_FDX,
    IFM_ETHER | IFM_100_TX,
    IFM_ETHER | IFM_100_TX | IFM_FDX,
    IFM_ETHER | IFM_1000_T,
    IFM_ETHER | IFM_1000_T | IFM_FDX,
    IFM_ETHER | IFM_AUTO,
];

fn media(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let mut list = [-1; 16];
    let req = ask(c, &mut list).on("SIOCGIFMEDIA")?;
    check!(req.count == 7, "{} media", req.count);
    check!(req.current == IFM_ETHER | IFM_AUTO, "current {:#x}", req.current);
    for word in FULL_LIST {
        check!(list[..7].contains(&word), "{word:#x} is not in the list");
    }
    check!(list[7..].iter().all(|&word| word == -1), "the list was written past its end");
    Ok(())
}

fn media_set(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for word in FULL_LIST {
        let mut req = Ctx::ifreq("tap0");
        req.data[..4].copy_from_slice(&word.to_ne_bytes());
        c.if_ioctl(SIOCSIFMEDIA, req).on("SIOCSIFMEDIA")?;
        let mut list = [-1; 16];
        let now = ask(c, &mut list).on("SIOCGIFMEDIA")?.current;
        check!(now == word, "current is {now:#x}, not {word:#x}");
    }
    let mut req = Ctx::ifreq("tap0");
    req.data[..4].copy_from_slice(&(IFM_ETHER | 31).to_ne_bytes());
    check!(c.if_ioctl(SIOCSIFMEDIA, req).is_err(), "a medium outside the list was taken");
    Ok(())
}

fn media_status(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let mut list = [-1; 16];
    let status = ask(c, &mut list).on("SIOCGIFMEDIA")?.status;
    check!(status & IFM_AVALID != 0, "the status is not valid: {status:#x}");
    check!(status & IFM_ACTIVE == 0, "active although nobody has it open: {status:#x}");
    c.open_unit(0, O_RDWR)?;
    let active = c.wait_for(|| ask(c, &mut list).is_ok_and(|r| r.status & IFM_ACTIVE != 0));
    check!(active, "not active although open");
    Ok(())
}

fn unknown(c: &Ctx) -> Verdict {
    const SIOCGLINKSTR: u64 = 0xc028_6987;
    c.create("tap0").on("create")?;
    let mut req = Ctx::ifreq("tap0");
    let result = c.sys.ioctl(c.socket, SIOCGLINKSTR, Out::value(&mut req));
    check!(result.is_err(), "an ioctl that tap has not succeeded");
    Ok(())
}
