// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! drvctl(8): what an administrator can do to the device behind an interface.

use crate::abi::O_RDWR;
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::{Ctx, Name};
use crate::errno::Errno;
use crate::sys::{Drvctl, Need};
use crate::text::Text;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "drvctl_suspend_resume",
                "pmf(9): frames pass after suspend and resume, and a suspended device can go",
                suspend,
            )
            .needs(&[Need::Drvctl, Need::Inet]),
            case(
                "drvctl_detach",
                "only the destruction of an interface detaches its device",
                detach,
            )
            .dangerous(&["F3", "F22"])
            .needs(&[Need::Drvctl]),
        ]
    }
}

/// The device behind tap`unit`.
pub fn device(c: &Ctx, unit: u32) -> Name {
    match c.module.name.to_bytes() {
        b"if_tap" => Text::of(format_args!("tap{unit}")),
        _ => Text::of(format_args!("tap_rs{unit}")),
    }
}

fn suspend(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let name = device(c, 0);
    for _ in 0..3 {
        c.sys.drvctl(Drvctl::Suspend, name.as_str()).on("drvctl -S")?;
        c.sys.drvctl(Drvctl::Resume, name.as_str()).on("drvctl -Q")?;
        c.greet(&live)?;
        c.provoke(&live)?;
        c.drain(live.fd)?;
    }
    c.sys.drvctl(Drvctl::Suspend, name.as_str()).on("drvctl -S")?;
    c.close(live.fd).on("close while suspended")?;
    c.destroy("tap0").on("destroy while suspended")?;
    let gone = c.sys.drvctl(Drvctl::Resume, name.as_str());
    gone.fails_with(Errno::ENXIO, "drvctl -Q of what is gone")?;
    c.create("tap0").on("create again")
}

fn detach(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let (fd, cloned) = c.open_clone(O_RDWR)?;
    for unit in [0, 1] {
        let name = device(c, unit);
        let refused = c.sys.drvctl(Drvctl::Detach, name.as_str());
        refused.fails_with(Errno::EBUSY, name.as_str())?;
    }
    check!(c.exists("tap0") && c.exists(cloned.as_str()), "drvctl took an interface away");
    let same = c.ifname(fd).on("TAPGIFNAME")?;
    check!(same.as_str() == cloned.as_str(), "the descriptor is {same}'s, not {cloned}'s");
    c.close(fd).on("close")?;
    c.destroy("tap0").on("destroy")?;
    let gone = c.sys.drvctl(Drvctl::Detach, device(c, 0).as_str());
    gone.fails_with(Errno::ENXIO, "drvctl -d of what is gone")?;
    super::module::unloads(c, "after drvctl")
}
