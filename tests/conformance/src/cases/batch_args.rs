// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND and TAPRECV: which arrays they take, on which descriptors.

use crate::abi::offload::{TapFrame, BATCH_MAX, CUT, TAPRECV, TAPSEND};
use crate::abi::{CLONER_MINOR, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use crate::batch::{batch_at, receive, send, ECHO};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, ARP_LEN};
use crate::net::Live;
use crate::sys::Need;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_counts", "tap_rs(4): 1 to 1024 entries", counts)
                .added()
                .needs(&[Need::Inet]),
            case("batch_flags", "tap_rs(4): known flags, and the last frame ends", flags)
                .added()
                .needs(&[Need::Inet]),
            case("batch_direction", "tap_rs(4): open for reading, or for writing", direction)
                .added(),
            case("batch_gone", "every ioctl after the end is ENXIO", gone).added(),
            case("batch_array_efault", "tap_rs(4): an array that is not there", efault)
                .added()
                .needs(&[Need::Inet]),
            case(
                "batch_array_read_only",
                "tap_rs(4): no frame is taken for an array that cannot be written to",
                read_only,
            )
            .added()
            .needs(&[Need::Inet]),
        ]
    }
}

/// Calls that fail send nothing and take nothing of what waits.
struct Still {
    sent: u64,
    waiting: i32,
}

fn still(c: &Ctx, live: &Live) -> Fallible<Still> {
    c.provoke(live)?;
    let sent = c.settled_data(live.name.as_str())?.ipackets;
    Ok(Still { sent, waiting: c.queued(live.name.as_str())? })
}

impl Still {
    fn holds(&self, c: &Ctx, live: &Live) -> Verdict {
        let sent = c.settled_data(live.name.as_str())?.ipackets - self.sent;
        let waiting = c.queued(live.name.as_str())?;
        check!(sent == 0, "{sent} frames were sent by calls that failed");
        check!(waiting >= self.waiting, "{waiting} frames wait of {}", self.waiting);
        Ok(())
    }
}

fn counts(c: &Ctx) -> Verdict {
    for live in [c.live(0, 1)?, c.live_clone(2)?] {
        let before = still(c, &live)?;
        let mut frame = [0; ECHO];
        frames::plain(&mut frame, frames::BROADCAST);
        let mut entries = [TapFrame::place(&mut frame); BATCH_MAX + 1];
        for bad in [0, BATCH_MAX + 1] {
            for command in [TAPSEND, TAPRECV] {
                let at = entries.as_mut_ptr() as usize;
                let done = batch_at(c.sys, live.fd, command, at, bad);
                check!(done == Err(Errno::EINVAL), "{command:#x} of {bad} entries: {done:?}");
            }
        }
        for bad in [0x8000_0000, u32::MAX as usize] {
            let done = batch_at(c.sys, live.fd, TAPRECV, entries.as_mut_ptr() as usize, bad);
            check!(done == Err(Errno::EINVAL), "TAPRECV of {bad} entries: {done:?}");
        }
        before.holds(c, &live)?;
        for good in [1, 16, 17, BATCH_MAX] {
            let done = send(c.sys, live.fd, &mut entries[..good]).on("TAPSEND")?;
            check!(done == good, "TAPSEND of {good} entries used {done}");
            c.settled_data(live.name.as_str())?;
        }
        for good in [1, 16, 17, BATCH_MAX] {
            c.drain(live.fd)?;
            c.provoke(&live)?;
            let done = receive(c.sys, live.fd, &mut entries[..good]).on("TAPRECV")?;
            check!((1..=good.min(3)).contains(&done), "TAPRECV of {good} entries used {done}");
            let len = entries[0].len as usize;
            check!(len == ARP_LEN, "a frame of {len} bytes");
            entries.fill(TapFrame::place(&mut frame));
        }
        c.set_up(live.name.as_str(), false).on("down")?;
    }
    Ok(())
}

fn flags(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let before = still(c, &live)?;
    let mut frame = [0; ECHO];
    frames::plain(&mut frame, frames::BROADCAST);
    let good = [TapFrame::place(&mut frame); 20];
    for (at, flags) in [(0, 4), (19, 8), (7, 0x8000_0000), (16, u32::MAX), (19, 1), (19, 3)] {
        let mut bad = good;
        bad[at].flags = flags;
        let done = send(c.sys, live.fd, &mut bad);
        check!(done == Err(Errno::EINVAL), "TAPSEND with {flags:#x} at {at}: {done:?}");
        let done = receive(c.sys, live.fd, &mut bad);
        check!(done == Err(Errno::EINVAL), "TAPRECV with {flags:#x} at {at}: {done:?}");
        check!(bad[at].flags == flags, "a call that failed changed its array");
    }
    before.holds(c, &live)?;
    // What TAPRECV says of an entry may be left in it.
    for count in [1, 2] {
        let mut used = [TapFrame { flags: CUT, ..good[0] }; 2];
        let used = &mut used[..count];
        send(c.sys, live.fd, used).on("TAPSEND with CUT")?;
        c.provoke(&live)?;
        let done = receive(c.sys, live.fd, used).on("TAPRECV with CUT")?;
        let whole = used[..done].iter().all(|entry| entry.flags == 0);
        check!(done != 0 && whole, "CUT was left at a frame that is whole, of {count} entries");
    }
    Ok(())
}

fn direction(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let mut frame = [0; ECHO];
    frames::plain(&mut frame, frames::BROADCAST);
    for minor in [0, CLONER_MINOR] {
        for (mode, sends, receives) in [
            (O_RDONLY, Err(Errno::EBADF), Err(Errno::EAGAIN)),
            (O_WRONLY, Ok(1), Err(Errno::EBADF)),
            (O_RDWR, Ok(1), Err(Errno::EAGAIN)),
        ] {
            let path = c.node(minor)?;
            let fd = c.open(path.as_cstr(), mode | O_NONBLOCK).on("open")?;
            c.set_up(c.ifname(fd).on("TAPGIFNAME")?.as_str(), true).on("up")?;
            c.settle();
            if mode != O_WRONLY {
                c.drain(fd)?;
            }
            let mut entry = [TapFrame::place(&mut frame)];
            let done = send(c.sys, fd, &mut entry);
            check!(done == sends, "TAPSEND with mode {mode}: {done:?}");
            let done = receive(c.sys, fd, &mut entry);
            check!(done == receives, "TAPRECV with mode {mode}: {done:?}");
            c.close(fd).on("close")?;
        }
    }
    Ok(())
}

fn gone(c: &Ctx) -> Verdict {
    c.create("tap5").on("create")?;
    let node = c.open_unit(5, O_RDWR)?;
    let (clone, name) = c.open_clone(O_RDWR)?;
    for (fd, name) in [(node, "tap5"), (clone, name.as_str())] {
        c.destroy(name).on("destroy")?;
        let mut frame = [0; ECHO];
        frames::plain(&mut frame, frames::BROADCAST);
        let mut empty = frame;
        for command in [TAPSEND, TAPRECV] {
            for mut entry in [TapFrame::place(&mut frame), TapFrame::place(&mut empty[..0])] {
                let at = core::ptr::from_mut(&mut entry) as usize;
                let done = batch_at(c.sys, fd, command, at, 1);
                let good = match done {
                    Err(Errno::ENXIO) => true,
                    Err(Errno::EIO | Errno::EBADF) => fd == node,
                    _ => false,
                };
                check!(good, "{command:#x} of {name}, which is gone: {done:?}");
            }
        }
    }
    Ok(())
}

fn efault(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let before = still(c, &live)?;
    let edge = c.sys.edge();
    for (at, count) in [(0, 1), (8, 17), (edge, 1), (edge - 16, 2), (edge - 256, 17)] {
        for command in [TAPSEND, TAPRECV] {
            let done = batch_at(c.sys, live.fd, command, at, count);
            check!(done == Err(Errno::EFAULT), "{count} entries beyond memory: {done:?}");
        }
    }
    for command in [TAPSEND, TAPRECV] {
        let done = c.sys.ioctl(live.fd, command, crate::user::Out::bad(16));
        done.fails_with(Errno::EFAULT, "an argument that is not there")?;
    }
    before.holds(c, &live)
}

/// Where no program can write.
static READ_ONLY: [TapFrame; 17] = [TapFrame { addr: 8, len: 2048, flags: 0 }; 17];

fn read_only(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let before = still(c, &live)?;
    for count in [1, READ_ONLY.len()] {
        let done = batch_at(c.sys, live.fd, TAPRECV, READ_ONLY.as_ptr() as usize, count);
        check!(done == Err(Errno::EFAULT), "TAPRECV into {count} entries: {done:?}");
    }
    before.holds(c, &live)?;
    // TAPSEND does not write to it.
    let done = batch_at(c.sys, live.fd, TAPSEND, READ_ONLY.as_ptr() as usize, 1);
    check!(done == Err(Errno::EFAULT), "TAPSEND of a frame that is not there: {done:?}");
    Ok(())
}
