// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The offload header's ioctls: what may be set, what is told, and that it ends with the last
//! close.

use crate::abi::offload::{
    TAKES_CSUM, TAKES_ECN, TAKES_TSO4, TAKES_TSO6, TAPGOFFLOAD, TAPGVNETHDR, TAPSOFFLOAD,
    TAPSVNETHDR,
};
use crate::abi::O_RDWR;
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("offload_header_length", "tap_rs(4): TAPSVNETHDR takes 0, 10 and 12", length)
                .added(),
            case("offload_bits", "tap_rs(4): which bits TAPSOFFLOAD takes together", bits).added(),
            case(
                "offload_needs_header",
                "tap_rs(4): nothing is offered without a header, and it goes with the header",
                header,
            )
            .added(),
            case(
                "offload_ends_with_close",
                "tap_rs(4): the next opener of a node begins without a header",
                close,
            )
            .added(),
            case(
                "offload_last_close",
                "tap_rs(4): the header stays as long as a descriptor of the same open",
                last_close,
            )
            .added(),
            case(
                "offload_ends_with_clone",
                "tap_rs(4): the next interface of the same name begins without a header",
                clone,
            )
            .added(),
            case("offload_down_up", "down and up leave the header as it is", down).added(),
            case("offload_gone", "every ioctl after the end is ENXIO", gone).added(),
            case("offload_ioctl_efault", "ioctl(2) with a bad address", efault).added(),
        ]
    }
}

const ALL: u32 = TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_ECN;

/// A node's descriptor and a cloned one.
fn both(c: &Ctx) -> Fallible<[i32; 2]> {
    c.create("tap0").on("create")?;
    Ok([c.open_unit(0, O_RDWR)?, c.open_clone(O_RDWR)?.0])
}

/// What the descriptor's header and word are.
pub fn stands(c: &Ctx, fd: i32, header: i32, bits: u32) -> Verdict {
    let seen = c.header(fd).on("TAPGVNETHDR")?;
    check!(seen == header, "the header's length is {seen}, not {header}");
    let seen = c.offload(fd).on("TAPGOFFLOAD")?;
    check!(seen == bits, "the reader takes {seen:#x}, not {bits:#x}");
    Ok(())
}

fn length(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        stands(c, fd, 0, 0)?;
        for good in [10, 12, 0, 12, 12, 10, 0, 0] {
            c.set_header(fd, good).on("TAPSVNETHDR")?;
            stands(c, fd, good, 0)?;
        }
        for kept in [0, 10, 12] {
            c.set_header(fd, kept).on("TAPSVNETHDR")?;
            for bad in [-1, 1, 9, 11, 13, 14, 16, 20, 0x10_000a, i32::MAX, i32::MIN] {
                c.set_header(fd, bad).fails_with(Errno::EINVAL, "TAPSVNETHDR of no such length")?;
                stands(c, fd, kept, 0)?;
            }
        }
    }
    Ok(())
}

fn bits(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        let mut kept = 0;
        for bits in (0..0x40).chain([0x100, 0x8000_0000, u32::MAX, ALL]) {
            let large = bits & (TAKES_TSO4 | TAKES_TSO6) != 0;
            let good = bits & !ALL == 0
                && (!large || bits & TAKES_CSUM != 0)
                && (bits & TAKES_ECN == 0 || large);
            let set = c.set_offload(fd, bits);
            if good {
                set.on("TAPSOFFLOAD")?;
                kept = bits;
            } else {
                check!(set == Err(Errno::EINVAL), "TAPSOFFLOAD of {bits:#x}: {set:?}");
            }
            stands(c, fd, 12, kept)?;
        }
    }
    Ok(())
}

fn header(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        c.set_offload(fd, 0).on("TAPSOFFLOAD of nothing without a header")?;
        c.set_offload(fd, TAKES_CSUM).fails_with(Errno::EINVAL, "TAPSOFFLOAD without a header")?;
        c.set_header(fd, 10).on("TAPSVNETHDR")?;
        c.set_offload(fd, ALL).on("TAPSOFFLOAD")?;
        // Another length is still a header.
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        stands(c, fd, 12, ALL)?;
        c.set_header(fd, 13).fails_with(Errno::EINVAL, "TAPSVNETHDR of 13")?;
        stands(c, fd, 12, ALL)?;
        c.set_header(fd, 0).on("TAPSVNETHDR of none")?;
        stands(c, fd, 0, 0)?;
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        stands(c, fd, 12, 0)?;
    }
    Ok(())
}

fn close(c: &Ctx) -> Verdict {
    let [fd, _] = both(c)?;
    let before = c.capabilities("tap0")?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(fd, ALL).on("TAPSOFFLOAD")?;
    c.set_up("tap0", true).on("up")?;
    c.close(fd).on("close")?;
    let after = c.capabilities("tap0")?;
    check!(after == before, "capabilities {after:x?} after the close, {before:x?} before the open");
    let fd = c.open_unit(0, O_RDWR)?;
    stands(c, fd, 0, 0)?;
    // A frame of 20 bytes needs no header before it.
    let mut frame = [0; 20];
    frames::plain(&mut frame, frames::BROADCAST);
    let n = c.send(fd, &frame).on("write without a header")?;
    check!(n == frame.len(), "write returned {n}");
    Ok(())
}

fn last_close(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        c.set_offload(fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
        let spare = c.keep(c.sys.kqueue().on("kqueue")?);
        c.sys.dup2(fd, spare).on("dup2")?;
        c.close(fd).on("close of one of two")?;
        stands(c, spare, 12, TAKES_CSUM)?;
        c.close(spare).on("close of the other")?;
    }
    let fd = c.open_unit(0, O_RDWR)?;
    stands(c, fd, 0, 0)
}

fn clone(c: &Ctx) -> Verdict {
    let (fd, first) = c.open_clone(O_RDWR)?;
    let before = c.capabilities(first.as_str())?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(fd, ALL).on("TAPSOFFLOAD")?;
    c.close(fd).on("close")?;
    let (fd, second) = c.open_clone(O_RDWR)?;
    check!(first.as_str() == second.as_str(), "{first} and then {second}");
    stands(c, fd, 0, 0)?;
    let after = c.capabilities(second.as_str())?;
    check!(after == before, "capabilities {after:x?} of the second, {before:x?} of the first");
    Ok(())
}

fn down(c: &Ctx) -> Verdict {
    let [fd, _] = both(c)?;
    c.set_header(fd, 12).on("TAPSVNETHDR")?;
    c.set_offload(fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
    let offered = c.capabilities("tap0")?;
    for up in [true, false, true] {
        c.set_up("tap0", up).on("up or down")?;
        stands(c, fd, 12, TAKES_CSUM)?;
        let now = c.capabilities("tap0")?;
        check!(now == offered, "capabilities {now:x?} after up {up}, {offered:x?} before");
    }
    Ok(())
}

fn gone(c: &Ctx) -> Verdict {
    let [node, clone] = both(c)?;
    for (fd, name) in [(node, "tap0"), (clone, "tap1")] {
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        c.set_offload(fd, TAKES_CSUM).on("TAPSOFFLOAD")?;
        c.destroy(name).on("destroy")?;
        for cmd in [TAPSVNETHDR, TAPGVNETHDR, TAPSOFFLOAD, TAPGOFFLOAD] {
            let mut value = 0_i32;
            let asked = c.sys.ioctl(fd, cmd, Out::value(&mut value)).map(drop);
            // A node is revoked before that.
            check!(asked.is_err(), "an ioctl after the end succeeded");
            check!(fd == node || asked == Err(Errno::ENXIO), "an ioctl after the end: {asked:?}");
        }
        // Of the next interface's business none.
        c.create(name).on("create again")?;
        let fresh = c.capabilities(name)?;
        check!(c.set_header(fd, 10).is_err(), "TAPSVNETHDR of a successor succeeded");
        let now = c.capabilities(name)?;
        check!(now == fresh && now[1] == 0, "the successor's capabilities are {now:x?}");
    }
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    for fd in both(c)? {
        c.set_header(fd, 12).on("TAPSVNETHDR")?;
        for cmd in [TAPSVNETHDR, TAPGVNETHDR, TAPSOFFLOAD, TAPGOFFLOAD] {
            let asked = c.sys.ioctl(fd, cmd, Out::bad(4)).map(drop);
            asked.fails_with(Errno::EFAULT, "an ioctl with a bad address")?;
        }
        stands(c, fd, 12, 0)?;
    }
    Ok(())
}
