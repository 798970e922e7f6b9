// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Cases that Linux has for its tun driver, by their names.

use super::foreign::{pair, plain};
use crate::abi::O_RDWR;
use crate::case::{case, Case, On, Verdict};
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::BROADCAST;
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "tun_delete_detach_close",
                "Linux tun.c delete_detach_close: destroy, then close",
                delete_close,
            )
            .dangerous(&["F19"]),
            case(
                "tun_detach_delete_close",
                "Linux tun.c detach_delete_close, detach_close_delete: close, then destroy",
                close_delete,
            ),
            case(
                "tun_reattach_delete_close",
                "Linux tun.c reattach: close, open, destroy, close",
                reattach,
            )
            .dangerous(&["F19"]),
            case(
                "tun_reattach_close_delete",
                "Linux tun.c reattach: close, open, close, destroy",
                reattach_close,
            ),
            case(
                "tun_deleted",
                "Linux tun.c tun_deleted: every call after deletion fails",
                all_fail,
            )
            .dangerous(&["F19"]),
            case(
                "syscall_storm",
                "random writes and ioctls on an interface that comes and goes",
                storm,
            )
            .dangerous(&["F19"]),
        ]
    }
}

fn delete_close(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    for (fd, name) in ends.into_iter().zip(["tap0", "tap1"]) {
        c.destroy(name).on("destroy")?;
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn close_delete(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    for (fd, name) in ends.into_iter().zip(["tap0", "tap1"]) {
        c.close(fd).on("close")?;
        c.destroy(name).on("destroy")?;
    }
    Ok(())
}

fn reattach(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.close(fd).on("close")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.destroy("tap0").on("destroy")?;
    c.close(fd).on("close of the second")?;
    c.open(c"/dev/tap0", O_RDWR).fails_with(Errno::ENXIO, "open of what is gone")
}

fn reattach_close(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for _ in 0..2 {
        let fd = c.open_unit(0, O_RDWR)?;
        c.close(fd).on("close")?;
    }
    c.destroy("tap0").on("destroy")?;
    c.open(c"/dev/tap0", O_RDWR).fails_with(Errno::ENXIO, "open of what is gone")
}

fn all_fail(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.destroy(name.as_str()).on("destroy")?;
    let mut frame = [0; 64];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::ENXIO, "read")?;
    c.send(fd, &plain(BROADCAST)).fails_with(Errno::ENXIO, "write")?;
    c.ifname(fd).map(drop).fails_with(Errno::ENXIO, "TAPGIFNAME")?;
    super::ioctl_fd::fionread(c, fd).map(drop).fails_with(Errno::ENXIO, "FIONREAD")?;
    c.close(fd).on("close")
}

fn storm(c: &Ctx) -> Verdict {
    c.sys.sigio_watch(false).on("sigaction")?;
    let mut random = super::write::Random(99);
    let mut frame = [0; 1600];
    for _ in 0..300 {
        let (fd, name) = c.open_clone(O_RDWR)?;
        c.set_nonblocking(fd, true).on("FIONBIO")?;
        for _ in 0..8 {
            let n = random.draw() as usize % frame.len();
            match random.draw() % 6 {
                0 => c.send(fd, &frame[..n]).map_or((), |_| ()),
                1 => c.sys.read(fd, Out::bytes(&mut frame)).map_or((), |_| ()),
                2 => c.set_up(name.as_str(), n & 1 == 0).unwrap_or(()),
                3 => {
                    let cmd = u64::from(random.draw()) & 0x1fff_ffff;
                    c.sys
                        .ioctl(fd, 0x4000_0000 | cmd & 0x03ff_ffff, Out::bytes(&mut frame))
                        .unwrap_or(0);
                }
                4 => {
                    c.poll_one(fd, 0x7f, 0);
                }
                _ => c.destroy(name.as_str()).unwrap_or(()),
            }
        }
        c.close(fd).on("close")?;
    }
    Ok(())
}
