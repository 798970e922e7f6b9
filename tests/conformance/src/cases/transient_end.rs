// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The end of an interface that was told to go, whoever brings it about.

use super::transient::{get, goes_soon, going, set, tell};
use crate::abi::{CLONER_MINOR, O_RDWR, SIGKILL};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::sys::{Drvctl, Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("transient_last_close", "it goes with the last descriptor, not before", last)
                .added()
                .needs(&[Need::Process]),
            case("transient_killed", "it goes when the process that has it is killed", killed)
                .added()
                .needs(&[Need::Process]),
            case("transient_revoked", "it goes when the node is revoked", revoked)
                .added()
                .needs(&[Need::Revoke]),
            case(
                "transient_drvctl",
                "drvctl(8) detaches neither what will go nor what has",
                detached,
            )
            .added()
            .needs(&[Need::Drvctl]),
            case("transient_one_opening", "the setting is an opening's, not the next one's", one)
                .added(),
        ]
    }
}

/// In a child: keeps what it has inherited for a while.
fn hold(s: System, fd: usize) -> i32 {
    match get(s, fd as i32) {
        Ok(1) => s.sleep_ms(150),
        _ => return 1,
    }
    i32::from(!matches!(get(s, fd as i32), Ok(1)))
}

fn last(c: &Ctx) -> Verdict {
    let fd = going(c)?;
    let copy = c.sys.dup2(fd, 60).map(|fd| c.keep(fd)).on("dup2")?;
    c.close(fd).on("close of the first")?;
    let value = get(c.sys, copy).on("TAPGTRANSIENT of a duplicate")?;
    check!(value == 1, "a duplicate says {value}");
    let pid = c.sys.fork(hold, copy as usize).on("fork")?;
    c.close(copy).on("close of the second")?;
    check!(c.exists("tap0"), "it went although a child has it open");
    let status = super::passing::ended(c, pid)?;
    check!(status == 0, "the child ended with {status}");
    goes_soon(c, "the last process that had it open")
}

/// In a child: opens tap0, tells it to go, shows that by an interface more, and waits to be killed.
fn open_and_wait(s: System, _: usize) -> i32 {
    let told = s.open(c"/dev/tap0", O_RDWR).and_then(|fd| set(s, fd, 1));
    let shown = told.and_then(|()| s.open(c"/dev/tap", O_RDWR));
    while shown.is_ok() {
        s.sleep_ms(20);
    }
    1
}

fn killed(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.node(0)?;
    c.node(CLONER_MINOR)?;
    let pid = c.sys.fork(open_and_wait, 0).on("fork")?;
    check!(c.wait_for(|| c.exists("tap1")), "the child does not open it");
    c.sys.kill(pid, SIGKILL).on("kill")?;
    super::passing::ended(c, pid)?;
    goes_soon(c, "the process that had it open")?;
    super::module::unloads(c, "after the process was killed")
}

fn revoked(c: &Ctx) -> Verdict {
    for _ in 0..3 {
        let fd = going(c)?;
        c.set_up("tap0", true).on("up")?;
        let reader = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
        c.settle();
        c.sys.revoke(c"/dev/tap0").on("revoke")?;
        let value = c.join(reader, "read under revoke")?;
        check!(value <= 0, "read returned {value}");
        goes_soon(c, "the revocation of its node")?;
        check!(get(c.sys, fd).is_err(), "a revoked descriptor still says whether it goes");
        c.close(fd).on("close")?;
    }
    super::module::unloads(c, "after revoked nodes")
}

/// A drvctl(8) that comes while the device is being detached would wait for ever: see
/// docs/lifetimes.md. The creation waits for the end of that.
fn detached(c: &Ctx) -> Verdict {
    let device = super::power::device(c, 0);
    for _ in 0..5 {
        let fd = going(c)?;
        let refused = c.sys.drvctl(Drvctl::Detach, device.as_str());
        refused.fails_with(Errno::EBUSY, "drvctl -d of what will go")?;
        c.close(fd).on("close")?;
        goes_soon(c, "the close of its node")?;
        c.create("tap0").on("create again")?;
        c.destroy("tap0").on("destroy")?;
        let gone = c.sys.drvctl(Drvctl::Detach, device.as_str());
        gone.fails_with(Errno::ENXIO, "drvctl -d of what has gone")?;
    }
    super::module::unloads(c, "after drvctl")
}

fn one(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDWR)?;
    tell(c, fd, 0)?;
    c.close(fd).on("close of the clone")?;
    let fd = c.open_unit(0, O_RDWR)?;
    tell(c, fd, 1)?;
    tell(c, fd, 0)?;
    c.close(fd).on("close of a node that changed its mind")?;
    c.settle();
    let fd = c.open_unit(0, O_RDWR)?;
    let value = get(c.sys, fd).on("TAPGTRANSIENT")?;
    check!(value == 0, "the next opening begins with {value}");
    tell(c, fd, 1)?;
    c.close(fd).on("close")?;
    // As good as gone, although its name may still be there. EBADF, from VOP_ACCESS of a dead vnode:
    // the node is being revoked while the open waits for its lock.
    let path = c"/dev/tap0";
    let refused = c.open(path, O_RDWR);
    let good = matches!(refused, Err(Errno::ENXIO | Errno::EBADF));
    check!(good, "an open after the last close: {refused:?}");
    goes_soon(c, "the close of its node")?;
    let gone = c.wait_for(|| c.open(path, O_RDWR) == Err(Errno::ENXIO));
    check!(gone, "an open after the end does not fail with ENXIO");
    Ok(())
}
