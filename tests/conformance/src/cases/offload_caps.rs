// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the interface tells the stack that it can do: as much as the reader takes.

use crate::abi::offload::{
    IFCAP_RX, IFCAP_TSOV4, IFCAP_TSOV6, IFCAP_TX, TAKES_CSUM, TAKES_ECN, TAKES_TSO4, TAKES_TSO6,
};
use crate::abi::{BRDGADD, BRDGDEL, O_RDWR};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::sys::{Need, System};
use crate::user::Out;

use super::offload_ioctl::stands;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "offload_capabilities",
                "tap_rs(4): if_capabilities follow the header and what the reader takes",
                follow,
            )
            .added(),
            case(
                "offload_administrator",
                "ifconfig(8): the administrator may clear what is offered, and set it again",
                administrator,
            )
            .added(),
            case(
                "offload_administrator_up",
                "ifconfig(8): the same of an interface that is up, and it still works",
                administrator_up,
            )
            .added()
            .needs(&[Need::Inet]),
            case(
                "offload_capabilities_bridged",
                "bridge(4): a member's capabilities come and go",
                bridged,
            )
            .added()
            .needs(&[Need::Bridge]),
            case(
                "offload_capabilities_race",
                "two threads set what the reader takes, and a third what is up",
                race,
            )
            .added(),
        ]
    }
}

/// Bits of the reader's, and those of the interface that they mean.
const MEANING: [(u32, u64); 6] = [
    (0, 0),
    (TAKES_CSUM, IFCAP_TX),
    (TAKES_CSUM | TAKES_TSO4, IFCAP_TX | IFCAP_TSOV4),
    (TAKES_CSUM | TAKES_TSO6, IFCAP_TX | IFCAP_TSOV6),
    (TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_ECN, IFCAP_TX | IFCAP_TSOV4 | IFCAP_TSOV6),
    (TAKES_CSUM | TAKES_TSO4 | TAKES_ECN, IFCAP_TX | IFCAP_TSOV4),
];

fn offered(c: &Ctx, capabilities: u64, enabled: u64) -> Verdict {
    let [can, does] = c.capabilities("tap0")?;
    check!(can == capabilities, "the interface can {can:#x}, not {capabilities:#x}");
    check!(does == enabled, "the interface does {does:#x}, not {enabled:#x}");
    Ok(())
}

fn open(c: &Ctx) -> Fallible<i32> {
    c.create("tap0").on("create")?;
    offered(c, 0, 0)?;
    c.open_unit(0, O_RDWR)
}

fn follow(c: &Ctx) -> Verdict {
    let fd = open(c)?;
    for up in [false, true] {
        c.set_up("tap0", up).on("up or down")?;
        offered(c, 0, 0)?;
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        offered(c, IFCAP_RX, IFCAP_RX)?;
        for (bits, means) in MEANING {
            c.set_offload(fd, bits).on("TAPSOFFLOAD")?;
            offered(c, IFCAP_RX | means, IFCAP_RX | means)?;
            c.set_offload(fd, 0x10).fails_with(Errno::EINVAL, "TAPSOFFLOAD of an unknown bit")?;
            offered(c, IFCAP_RX | means, IFCAP_RX | means)?;
        }
        c.set_header(fd, 0).on("TAPSVNETHDR of none")?;
    }
    offered(c, 0, 0)
}

fn administrator(c: &Ctx) -> Verdict {
    let fd = open(c)?;
    c.enable("tap0", IFCAP_TX).fails_with(Errno::EINVAL, "SIOCSIFCAP without a header")?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(fd, TAKES_CSUM | TAKES_TSO4).on("TAPSOFFLOAD")?;
    let all = IFCAP_RX | IFCAP_TX | IFCAP_TSOV4;
    for less in [all & !IFCAP_TSOV4, IFCAP_TX, IFCAP_RX, 0, 0x800, all] {
        c.enable("tap0", less).on("SIOCSIFCAP")?;
        offered(c, all, less)?;
        stands(c, fd, 12, TAKES_CSUM | TAKES_TSO4)?;
    }
    c.enable("tap0", all | IFCAP_TSOV6).fails_with(Errno::EINVAL, "SIOCSIFCAP of more")?;
    offered(c, all, all)?;
    // What the administrator has cleared of what comes in, the reader's word does not bring back.
    c.enable("tap0", 0).on("SIOCSIFCAP of nothing")?;
    c.set_offload(fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
    offered(c, IFCAP_RX | IFCAP_TX, IFCAP_TX)?;
    c.set_header(fd, 10).on("TAPSVNETHDR of another length")?;
    offered(c, IFCAP_RX | IFCAP_TX, IFCAP_TX)?;
    c.close(fd).on("close")?;
    offered(c, 0, 0)
}

fn administrator_up(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_header(live.fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(live.fd, TAKES_CSUM | TAKES_TSO4).on("TAPSOFFLOAD")?;
    let all = IFCAP_RX | IFCAP_TX | IFCAP_TSOV4;
    for less in [IFCAP_RX, 0, all] {
        c.enable("tap0", less).on("SIOCSIFCAP while up")?;
        offered(c, all, less)?;
        let flags = c.flags("tap0").on("SIOCGIFFLAGS")?;
        let up = crate::abi::IFF_UP | crate::abi::IFF_RUNNING;
        check!(flags & up == up, "the interface has the flags {flags:#x}");
    }
    c.set_header(live.fd, 0).on("TAPSVNETHDR of none")?;
    c.greet(&live).map(drop)
}

fn bridged(c: &Ctx) -> Verdict {
    let fd = open(c)?;
    c.set_up("tap0", true).on("up")?;
    c.fresh("bridge77")?;
    c.set_up("bridge77", true).on("bridge up")?;
    super::foreign::bridge(c, BRDGADD, "tap0").on("BRDGADD")?;
    for round in 0..4 {
        c.set_header(fd, 10).on("TAPSVNETHDR of a member")?;
        for (bits, means) in MEANING {
            c.set_offload(fd, bits).on("TAPSOFFLOAD of a member")?;
            offered(c, IFCAP_RX | means, IFCAP_RX | means)?;
        }
        if round % 2 == 0 {
            super::foreign::bridge(c, BRDGDEL, "tap0").on("BRDGDEL")?;
            super::foreign::bridge(c, BRDGADD, "tap0").on("BRDGADD again")?;
        }
        c.set_header(fd, 0).on("TAPSVNETHDR of none")?;
        offered(c, 0, 0)?;
    }
    c.close(fd).on("close of a member")?;
    c.destroy("tap0").on("destroy of a member")?;
    c.destroy("bridge77").on("destroy of the bridge")
}

/// Sets what the reader takes again and again; the errno of what fails.
fn set_often(s: System, fd: usize) -> i64 {
    let set = |cmd, mut value: u32| s.ioctl(fd as i32, cmd, Out::value(&mut value));
    for round in 0..200 {
        let (bits, _) = MEANING[round % MEANING.len()];
        let header = if round % 7 == 0 { 0 } else { 12 };
        let header = set(crate::abi::offload::TAPSVNETHDR, header);
        // EINVAL: the other one has just taken the header away.
        match header.and_then(|_| set(crate::abi::offload::TAPSOFFLOAD, bits)) {
            Ok(_) | Err(Errno::EINVAL) => {}
            Err(e) => return i64::from(e.0),
        }
    }
    0
}

fn race(c: &Ctx) -> Verdict {
    let fd = open(c)?;
    let threads = [c.sys.spawn(set_often, fd as usize), c.sys.spawn(set_often, fd as usize)];
    for round in 0..100 {
        c.set_up("tap0", round % 2 == 0).on("up or down")?;
        c.capabilities("tap0")?;
    }
    for thread in threads {
        let errno = c.join_long(thread.on("spawn")?, "setting what the reader takes")?;
        check!(errno == 0, "an ioctl failed with errno {errno}");
    }
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
    offered(c, IFCAP_RX | IFCAP_TX, IFCAP_RX | IFCAP_TX)
}
