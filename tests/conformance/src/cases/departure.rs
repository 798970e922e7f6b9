// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Closing a node whose interface is transient, while other threads open, destroy, revoke and unload
//! it.

use crate::abi::{CLONER_MINOR, O_RDWR, SIOCIFCREATE};
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
                "transient_against_destroy",
                "the close of a node and a destroy of its interface at once: it goes once",
                against_destroy,
            )
            .guards(&["F48"])
            .added(),
            case(
                "transient_against_open",
                "nobody opens what goes: ENXIO, or the next interface of that name",
                against_open,
            )
            .guards(&["F48"])
            .added(),
            case(
                "transient_against_revoke",
                "revocations that meet closes of nodes whose interface goes",
                against_revoke,
            )
            .added()
            .needs(&[Need::Revoke]),
            case(
                "unload_against_transient",
                "unload against closes that take interfaces along: EBUSY or clean",
                against_unload,
            )
            .guards(&["F39"])
            .added(),
        ]
    }
}

/// How many interfaces are told to go, and how often that is tried at most.
const ROUNDS: i64 = 40;
const TRIES: usize = 2000;

/// Makes tap0, opens its node, tells it to go, and closes it, again and again. Others interfere, so
/// each of that may fail, but for the close. How many times it was told to go.
fn make_and_leave(s: System, socket: usize) -> i64 {
    let mut told = 0;
    for _ in 0..TRIES {
        if told == ROUNDS {
            break;
        }
        Ctx::thread_ioctl(s, socket, "tap0", SIOCIFCREATE).unwrap_or(());
        let Ok(fd) = s.open(c"/dev/tap0", O_RDWR) else {
            s.sleep_ms(1);
            continue;
        };
        told += i64::from(super::transient::set(s, fd, 1).is_ok());
        if s.close(fd).is_err() {
            return -1;
        }
    }
    told
}

/// What a thread of [`make_and_leave`] does while `round` is called again and again.
fn beside(c: &Ctx, mut round: impl FnMut() -> Verdict) -> Verdict {
    c.node(0)?;
    let thread = c.sys.spawn(make_and_leave, c.socket as usize).on("spawn")?;
    let mut rounds = 0_u32;
    let mut verdict = Ok(());
    let told = loop {
        if let Some(told) = c.sys.joined(thread) {
            break told;
        }
        // The other thread comes to its end in any case, or it would go on in the next one.
        if verdict.is_ok() {
            verdict = round();
        }
        rounds += 1;
        // Or the other thread might never get as far as that.
        if verdict.is_err() || rounds.is_multiple_of(8) {
            c.sys.sleep_ms(1);
        }
    };
    verdict?;
    check!(told >= 0, "a close failed");
    check!(told > 0, "no interface was ever told to go");
    if c.sys.modstat(c.module.name).is_err() {
        c.load().on("load again")?;
    }
    // One that could not be told to go may be left.
    c.settle();
    c.destroy("tap0").unwrap_or(());
    check!(!c.exists("tap0"), "tap0 cannot be destroyed");
    super::module::unloads(c, "afterwards")
}

fn against_destroy(c: &Ctx) -> Verdict {
    beside(c, || match c.destroy("tap0") {
        Ok(()) | Err(Errno::ENXIO) => Ok(()),
        Err(e) => Err(e).on("destroy"),
    })
}

fn against_open(c: &Ctx) -> Verdict {
    beside(c, || {
        let fd = match c.sys.open(c"/dev/tap0", O_RDWR) {
            Ok(fd) => fd,
            // Open already, gone or about to go, or the vnode is being revoked.
            Err(Errno::EBUSY | Errno::ENXIO | Errno::EBADF | Errno::EIO) => return Ok(()),
            Err(e) => return Err(e).on("open"),
        };
        // Whoever has opened it has it: it goes only if an administrator destroys it.
        let value = super::transient::get(c.sys, fd);
        c.sys.close(fd).on("close")?;
        check!(value == Ok(0), "an opening among closes says {value:?}");
        Ok(())
    })
}

fn against_revoke(c: &Ctx) -> Verdict {
    beside(c, || match c.sys.revoke(c"/dev/tap0") {
        // The vnode died between its lookup and its turn.
        Ok(()) | Err(Errno::EBADF) => Ok(()),
        Err(e) => Err(e).on("revoke"),
    })
}

fn against_unload(c: &Ctx) -> Verdict {
    c.node(CLONER_MINOR)?;
    beside(c, || match c.unload() {
        Ok(()) => c.load().on("load again"),
        Err(Errno::EBUSY) => Ok(()),
        Err(e) => Err(e).on("unload"),
    })
}
