// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! revoke(2) of the cloning device's node, and pollers that a revoke or a close meets.

use crate::abi::{CLONER_MINOR, O_RDWR, SIOCIFCREATE, SIOCIFDESTROY};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::sys::{Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "revoke_cloner",
                "a revoke of the cloning device's node ends nothing of the interfaces it has made",
                cloner,
            )
            .needs(&[Need::Revoke]),
            case(
                "revoke_cloner_against_destroy",
                "opens, destroys and revokes of the cloning device's node do not deadlock",
                against_destroy,
            )
            .differs(&["F34"])
            .guards(&["F34", "F50"])
            .needs(&[Need::Revoke]),
            case(
                "revoke_against_poll",
                "a poll that meets a revoke ends, whichever of them is first",
                against_poll,
            )
            .differs(&["F29"])
            .needs(&[Need::Revoke]),
            case(
                "close_ends_poll",
                "the close of a descriptor wakes up its pollers, also if the interface stays",
                closed,
            )
            .guards(&["F52"])
            .added(),
        ]
    }
}

/// How often each thread goes round.
const ROUNDS: usize = 40;

fn cloner(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    let reader = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
    c.settle();
    c.sys.revoke(c"/dev/tap").on("revoke")?;
    c.settle();
    let early = c.sys.joined(reader);
    check!(early.is_none(), "the reader of {name} ended with {early:?}");
    let now = c.ifname(fd).on("TAPGIFNAME after the revoke")?;
    check!(now.as_str() == name.as_str(), "{name} has become {now}");
    let next = c.open(c"/dev/tap", O_RDWR).on("open after the revoke")?;
    c.close(next).on("close")?;
    c.destroy(name.as_str()).on("destroy")?;
    c.join(reader, "read after destroy").map(drop)
}

fn open_cloner(s: System, _: usize) -> i64 {
    for _ in 0..ROUNDS {
        // The revoke may come first.
        if let Ok(fd) = s.open(c"/dev/tap", O_RDWR) {
            s.close(fd).unwrap_or(());
        }
    }
    0
}

fn revoke_cloner(s: System, _: usize) -> i64 {
    for _ in 0..ROUNDS * 2 {
        match s.revoke(c"/dev/tap") {
            // The vnode died between its lookup and its turn.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

/// Destroys an interface whose node has a vnode, which the destruction therefore revokes.
fn create_and_destroy(s: System, socket: usize) -> i64 {
    for _ in 0..ROUNDS {
        if let Err(e) = Ctx::thread_ioctl(s, socket, "tap9", SIOCIFCREATE) {
            return -i64::from(e.0);
        }
        if let Ok(fd) = s.open(c"/dev/tap9", O_RDWR) {
            s.close(fd).unwrap_or(());
        }
        if let Err(e) = Ctx::thread_ioctl(s, socket, "tap9", SIOCIFDESTROY) {
            return -i64::from(e.0);
        }
    }
    0
}

fn against_destroy(c: &Ctx) -> Verdict {
    c.node(CLONER_MINOR)?;
    c.node(9)?;
    let threads = [
        (c.sys.spawn(open_cloner, 0).on("spawn")?, "opens of the cloning device"),
        (c.sys.spawn(create_and_destroy, c.socket as usize).on("spawn")?, "creates and destroys"),
        (c.sys.spawn(revoke_cloner, 0).on("spawn")?, "revokes"),
    ];
    for (thread, what) in threads {
        let value = c.join_long(thread, what)?;
        check!(value == 0, "{what}: errno {}", -value);
    }
    super::module::unloads(c, "afterwards")
}

fn against_poll(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    for _ in 0..ROUNDS {
        let fd = c.open_unit(0, O_RDWR)?;
        let poller = c.sys.spawn(super::poll::wait_in, fd as usize).on("spawn")?;
        c.sys.revoke(c"/dev/tap0").on("revoke beside a poll")?;
        let revents = c.join(poller, "poll beside a revoke")?;
        check!(revents > 0, "poll slept until its time was over: {revents}");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn closed(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    super::transient::tell(c, fd, 0)?;
    c.set_up(name.as_str(), true).on("up")?;
    let poller = c.sys.spawn(super::poll::wait_in, fd as usize).on("spawn")?;
    c.settle();
    c.close(fd).on("close under a poll")?;
    let revents = c.join(poller, "poll under close")?;
    check!(revents > 0, "poll slept until its time was over: {revents}");
    check!(c.exists(name.as_str()), "{name} went although it was told to stay");
    c.destroy(name.as_str()).on("destroy")
}
