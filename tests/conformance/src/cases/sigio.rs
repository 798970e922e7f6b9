// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! SIGIO.

use crate::abi::{FIOASYNC, FIOSETOWN, F_GETFL, F_SETFL, O_ASYNC, O_RDWR, POLL_HUP, POLL_IN};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Result;
use crate::frames;
use crate::net::Live;
use crate::sys::{Need, SigIo, System};
use crate::user::Out;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            // It closes at once behind the signal, when the soft interrupt may be running still.
            case("sigio", "tap(4): SIGIO on data, POLL_IN, to the owner", data)
                .differs(&["F25"])
                .needs(&[Need::Inet]),
            case("sigio_down", "POLL_HUP on down", down).guards(&["F23"]),
            case("sigio_off", "FIOASYNC 0 ends it", off).needs(&[Need::Inet]),
            case("sigio_fcntl", "F_SETFL O_ASYNC works", fcntl).needs(&[Need::Inet]),
            case("sigio_clone_async", "O_ASYNC in a cloning open leaves it to F_SETFL", at_open)
                .needs(&[Need::Inet]),
            case("sigio_after_close", "a stranger gets no signals", after_close)
                .differs(&["F12", "F25"])
                .needs(&[Need::Inet]),
            case("sigio_toggle_storm", "FIOASYNC on and off while frames come", toggle)
                .dangerous(&["F25"])
                .needs(&[Need::Inet]),
        ]
    }
}

fn set(c: &Ctx, fd: i32, cmd: u64, value: i32) -> Result<()> {
    let mut value = value;
    c.sys.ioctl(fd, cmd, Out::value(&mut value)).map(drop)
}

fn arm(c: &Ctx, fd: i32) -> Verdict {
    c.sys.sigio_watch(false).on("sigaction")?;
    set(c, fd, FIOSETOWN, c.sys.getpid()).on("FIOSETOWN")?;
    set(c, fd, FIOASYNC, 1).on("FIOASYNC")
}

/// Waits for a signal.
fn signal(c: &Ctx) -> Option<SigIo> {
    let mut seen = SigIo::default();
    let came = c.wait_for(|| {
        seen = c.sys.sigio_take();
        seen.count > 0
    });
    came.then_some(seen)
}

fn data(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    arm(c, live.fd)?;
    c.provoke(&live)?;
    let seen = signal(c);
    check!(seen.is_some(), "no signal for a frame");
    let code = seen.map_or(0, |s| s.code);
    check!(code == POLL_IN, "si_code {code}, not POLL_IN");
    Ok(())
}

fn down(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    arm(c, fd)?;
    c.settle();
    c.sys.sigio_take();
    c.set_up("tap0", false).on("down")?;
    let seen = signal(c);
    check!(seen.is_some(), "no signal for down");
    let code = seen.map_or(0, |s| s.code);
    check!(code == POLL_HUP, "si_code {code}, not POLL_HUP");
    Ok(())
}

/// Frames now cause no signal.
fn silent(c: &Ctx, live: &Live, when: &str) -> Verdict {
    c.settle();
    c.sys.sigio_take();
    c.drain(live.fd)?;
    c.provoke(live)?;
    c.settle();
    let seen = c.sys.sigio_take();
    check!(seen.count == 0, "{} signals {when}", seen.count);
    Ok(())
}

fn off(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    arm(c, live.fd)?;
    set(c, live.fd, FIOASYNC, 0).on("FIOASYNC 0")?;
    silent(c, &live, "after FIOASYNC 0")
}

fn fcntl(c: &Ctx) -> Verdict {
    by_flag(c, &c.live(0, 1)?)
}

fn at_open(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_ASYNC)?;
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    check!(flags & O_ASYNC == 0, "O_ASYNC is shown, but is not in effect");
    by_flag(c, &c.enliven(fd, name, 1)?)
}

/// F_SETFL turns signals on, and off again.
fn by_flag(c: &Ctx, live: &Live) -> Verdict {
    c.sys.sigio_watch(false).on("sigaction")?;
    set(c, live.fd, FIOSETOWN, c.sys.getpid()).on("FIOSETOWN")?;
    let flags = c.sys.fcntl(live.fd, F_GETFL, 0).on("F_GETFL")?;
    c.sys.fcntl(live.fd, F_SETFL, (flags | O_ASYNC) as usize).on("F_SETFL O_ASYNC")?;
    c.provoke(live)?;
    check!(signal(c).is_some(), "no signal for a frame");
    c.sys.fcntl(live.fd, F_SETFL, (flags & !O_ASYNC) as usize).on("F_SETFL")?;
    silent(c, live, "after O_ASYNC was cleared")
}

fn after_close(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    arm(c, live.fd)?;
    c.close(live.fd).on("close")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    let live = crate::net::Live { fd, ..live };
    c.greet(&live)?;
    silent(c, &live, "to the owner of a descriptor that was closed")?;
    // The owner is forgotten too: the next opener's FIOASYNC signals nobody.
    set(c, fd, FIOASYNC, 1).on("FIOASYNC")?;
    silent(c, &live, "although this opener named no owner")
}

const TOGGLES: usize = 400;

fn toggle_async(s: System, fd: usize) -> i64 {
    for i in 0..TOGGLES {
        let mut on = (i % 2) as i32;
        if s.ioctl(fd as i32, FIOASYNC, Out::value(&mut on)).is_err() {
            return -1;
        }
    }
    0
}

fn toggle(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    arm(c, live.fd)?;
    let thread = c.sys.spawn(toggle_async, live.fd as usize).on("spawn")?;
    for _ in 0..TOGGLES {
        c.send(live.fd, &frames::arp_request(1)).on("write")?;
        c.drain(live.fd)?;
    }
    let value = c.join(thread, "toggling FIOASYNC")?;
    check!(value == 0, "FIOASYNC failed");
    c.greet(&live).map(drop)
}
