// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Signals that come to who sleeps in the driver.

use crate::abi::{O_RDWR, SIGCONT, SIGIO, SIGKILL, SIGSTOP};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{Ctx, Name};
use crate::errno::Errno;
use crate::frames;
use crate::sys::{Need, System};
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("read_eintr", "read(2): a caught signal ends it, EINTR", interrupted)
                .needs(&[Need::Process, Need::Inet]),
            case(
                "read_restarts",
                "sigaction(2): with SA_RESTART the read goes on, and gets the next frame",
                restarted,
            )
            .needs(&[Need::Process, Need::Inet]),
            case(
                "stopped_holder",
                "its interface goes and comes again while the holder is stopped",
                stopped_holder,
            )
            .dangerous(&["F18", "F19"])
            .needs(&[Need::Process]),
        ]
    }
}

/// What a child says of its read.
const FRAME: i32 = 7;
const INTERRUPTED: i32 = 4;

fn status_of_read(s: System, fd: usize) -> i32 {
    let mut frame = [0; 2048];
    match s.read(fd as i32, Out::bytes(&mut frame)) {
        Ok(0) => 1,
        Ok(_) => FRAME,
        Err(e) => e.0,
    }
}

/// What the read says, if a write after it says the same.
fn status_of_both(s: System, fd: usize) -> i32 {
    let status = status_of_read(s, fd);
    let mut frame = [0; 60];
    frames::plain(&mut frame, frames::BROADCAST);
    match s.write(fd as i32, In::bytes(&frame)) {
        Err(e) if e.0 == status => status,
        _ => 99,
    }
}

fn read_catching(s: System, fd: usize, restart: bool) -> i32 {
    if s.sigio_watch(restart).is_err() {
        return 2;
    }
    status_of_read(s, fd)
}

fn read_without_restart(s: System, fd: usize) -> i32 {
    read_catching(s, fd, false)
}

fn read_with_restart(s: System, fd: usize) -> i32 {
    read_catching(s, fd, true)
}

/// Sends the signal again and again, for the child may not have come to its sleep yet, and one
/// that is not caught yet is nothing. The child's status, if that ended it.
pub(super) fn signal_often(c: &Ctx, pid: i32, times: u32) -> Fallible<Option<i32>> {
    for _ in 0..times {
        c.sys.kill(pid, SIGIO).on("kill")?;
        c.settle();
        if let Some(status) = c.sys.reap(pid).on("wait4")? {
            return Ok(Some(status));
        }
    }
    Ok(None)
}

fn interrupted(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let pid = c.sys.fork(read_without_restart, live.fd as usize).on("fork")?;
    let status = signal_often(c, pid, 100)?;
    if status.is_none() {
        c.sys.kill(pid, SIGKILL).on("kill")?;
    }
    check!(status == Some(INTERRUPTED), "the interrupted read ended with {status:?}");
    c.set_nonblocking(live.fd, true).on("FIONBIO")?;
    c.greet(&live).map(drop)
}

fn restarted(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let pid = c.sys.fork(read_with_restart, live.fd as usize).on("fork")?;
    let early = signal_often(c, pid, 8)?;
    check!(early.is_none(), "the read ended with {early:?} although it is to be restarted");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let status = super::passing::ended(c, pid)?;
    check!(status == FRAME, "the restarted read ended with {status}");
    Ok(())
}

fn stopped_holder(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    let pid = c.sys.fork(status_of_both, fd as usize).on("fork")?;
    let result = stop_and_replace(c, fd, &name, pid);
    if result.is_err() {
        // Nobody else would ever wake it.
        c.sys.kill(pid, SIGKILL).unwrap_or(());
        super::passing::ended(c, pid).unwrap_or(0);
    }
    result
}

fn stop_and_replace(c: &Ctx, fd: i32, name: &Name, pid: i32) -> Verdict {
    c.close(fd).on("close of the parent's descriptor")?;
    c.settle();
    c.sys.kill(pid, SIGSTOP).on("stop")?;
    c.settle();
    c.destroy(name.as_str()).on("destroy of a stopped process's interface")?;
    c.create(name.as_str()).on("create of its successor")?;
    c.set_up(name.as_str(), true).on("up")?;
    let unit_zero = c.open_unit(0, O_RDWR)?;
    let (other, next) = c.open_clone(O_RDWR)?;
    check!(next.as_str() == "tap1", "the next unit is {next}");
    let early = c.sys.reap(pid).on("wait4")?;
    check!(early.is_none(), "the stopped process ended with {early:?}");
    c.sys.kill(pid, SIGCONT).on("continue")?;
    let status = super::passing::ended(c, pid)?;
    check!(status == Errno::ENXIO.0, "the reader that was stopped ended with {status}");
    for (fd, name) in [(unit_zero, "tap0"), (other, "tap1")] {
        let now = c.ifname(fd).on("TAPGIFNAME")?;
        check!(now.as_str() == name, "{name} became {now}");
    }
    check!(c.exists(name.as_str()), "{name}'s successor went with its predecessor's holder");
    Ok(())
}
