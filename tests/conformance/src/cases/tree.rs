// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The sysctl tree: who has opened what, and walks through it while interfaces come and go.

use crate::abi::{PollFd, SysctlNode, CTL_QUERY, O_RDWR, POLLIN, SYSCTL_VERSION};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::run::set_int;
use crate::sys::{Need, System};
use crate::sysctl_name::bytes_of;
use crate::text::{until_nul, Text};
use crate::user::{In, Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "sysctl_openers",
                "tap_rs(4): net.link.tap_openers says which process has opened what",
                openers,
            )
            .added(),
            case(
                "openers_gone",
                "net.link.tap_openers says nothing about a process that does not exist any more",
                gone,
            )
            .dangerous(&["F19"])
            .guards(&["F45"])
            .needs(&[Need::Process]),
            case(
                "openers_curtain",
                "behind a curtain, net.link.tap_openers shows a user his own processes",
                curtain,
            )
            .guards(&["F45"])
            .added()
            .needs(&[Need::Curtain, Need::Privilege]),
            case("sysctl_walk", "sysctl -a beside creations: every node is there, or is not", walk)
                .dangerous(&["F34"])
                .unseen(),
        ]
    }
}

/// Reads net.link.tap_openers into a buffer of `room` bytes.
fn read_openers(c: &Ctx, room: usize) -> Result<(Text<64>, usize)> {
    let mut text = [0xa5_u8; 64];
    let length = c.sys.sysctl_get("net.link.tap_openers", Out::bytes(&mut text[..room]))?;
    let content = core::str::from_utf8(until_nul(&text)).unwrap_or("?");
    Ok((Text::of(format_args!("{content}")), length))
}

fn opened_are(c: &Ctx, expected: &str) -> Verdict {
    let (text, length) = read_openers(c, 64).on("read")?;
    check!(text.as_str() == expected, "reads \"{text}\" instead of \"{expected}\"");
    check!(length == expected.len() + 1, "length {length} of \"{expected}\" and its NUL");
    Ok(())
}

fn openers(c: &Ctx) -> Verdict {
    opened_are(c, "")?;
    c.create("tap0").on("create")?;
    c.create("tap3").on("create")?;
    opened_are(c, "")?;
    let node = c.open_unit(3, O_RDWR)?;
    let pid = c.sys.getpid();
    let one: Text<64> = Text::of(format_args!("tap3={pid}"));
    opened_are(c, one.as_str())?;
    let (clone, name) = c.open_clone(O_RDWR)?;
    let both: Text<64> = Text::of(format_args!("{name}={pid} tap3={pid}"));
    opened_are(c, both.as_str())?;
    read_openers(c, both.as_str().len()).fails_with(Errno::ENOMEM, "no room for the NUL")?;

    let mut path = [0; 12];
    let depth = c.sys.sysctl_mib("net.link.tap_openers", &mut path).on("name")?;
    let size = c.sys.sysctl(&path[..depth], Out::none(), In::none()).on("size")?;
    check!(size == both.as_str().len() + 1, "size {size} of \"{both}\" and its NUL");
    c.sys
        .sysctl(&path[..depth], Out::none(), In::bytes(b"tap0=1"))
        .fails_with(Errno::EPERM, "write")?;

    c.close(node).on("close")?;
    c.close(clone).on("close of the clone")?;
    opened_are(c, "")
}

/// Opens a cloned interface, leaves it to a child, and ends.
fn leave_to_a_child(s: System, _: usize) -> i32 {
    let Ok(fd) = s.open(c"/dev/tap", O_RDWR) else { return 1 };
    i32::from(s.fork(hold, fd as usize).is_err())
}

/// Holds a descriptor until the interface goes.
fn hold(s: System, fd: usize) -> i32 {
    let mut fds = [PollFd { fd: fd as i32, events: POLLIN, revents: 0 }];
    i32::from(s.poll(&mut fds, 60_000).is_err())
}

fn gone(c: &Ctx) -> Verdict {
    c.node(crate::abi::CLONER_MINOR)?;
    c.create("tap3").on("create")?;
    let own = c.open_unit(3, O_RDWR)?;
    let pid = c.sys.fork(leave_to_a_child, 0).on("fork")?;
    let status = super::passing::ended(c, pid)?;
    check!(status == 0, "the opener ended with {status}");
    check!(c.exists("tap0"), "tap0 went, although a child has it open");
    let me: Text<64> = Text::of(format_args!("tap3={}", c.sys.getpid()));
    let said = opened_are(c, me.as_str());
    c.destroy("tap0").on("destroy")?;
    c.close(own).on("close")?;
    // Who held it is nobody's child any more, and ends when it hears of that.
    while let Ok(None) = c.sys.reap(-1) {
        c.sys.sleep_ms(5);
    }
    said
}

const CURTAIN: &str = "security.models.extensions.curtain";

fn curtain(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.open_unit(0, O_RDWR)?;
    let mine: Text<64> = Text::of(format_args!("tap0={}", c.sys.getpid()));
    opened_are(c, mine.as_str())?;
    let mut seen = [Ok(()), Ok(())];
    for (on, seen) in seen.iter_mut().enumerate() {
        set_int(c.sys, CURTAIN, on as i32).on(CURTAIN)?;
        let pid = c.sys.fork(what_a_stranger_sees, on).on("fork")?;
        let status = super::passing::ended(c, pid);
        *seen = status.and_then(|status| {
            check!(status == 0, "curtain {on}: a stranger's reading ended with {status}");
            // The superuser sees everybody's in either case.
            opened_are(c, mine.as_str())
        });
    }
    set_int(c.sys, CURTAIN, 0).on(CURTAIN)?;
    seen[0].and(seen[1])
}

/// In a child, as another user: sees the superuser's opens unless there is a curtain.
fn what_a_stranger_sees(s: System, curtain: usize) -> i32 {
    let mut path = [0; 12];
    let Ok(depth) = s.sysctl_mib("net.link.tap_openers", &mut path) else { return 1 };
    if s.setuid(1).is_err() {
        return 2;
    }
    let mut text = [0xa5_u8; 64];
    match s.sysctl(&path[..depth], Out::bytes(&mut text), In::none()) {
        Ok(_) if until_nul(&text).is_empty() == (curtain != 0) => 0,
        Ok(_) => 3,
        Err(_) => 4,
    }
}

/// How many nodes one can have below it, here.
const CHILDREN: usize = 64;
const ROUNDS: usize = 40;

/// Reads all that is below a node; whether an answer was one that a tree cannot give.
fn read_all(s: System, mib: &mut [i32; 12], depth: usize) -> Result<()> {
    mib[depth] = CTL_QUERY;
    let mut query = SysctlNode::zeroed();
    query.flags = SYSCTL_VERSION;
    let mut nodes = [SysctlNode::zeroed(); CHILDREN];
    let room = Out::bytes(bytes_of(&mut nodes));
    let length = match s.sysctl(&mib[..=depth], room, In::bytes(query.as_bytes())) {
        Ok(length) => length,
        // It went, it never had any, or it has more than there is room for.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ENOMEM) => return Ok(()),
        Err(e) => return Err(e),
    };
    let count = (length / size_of::<SysctlNode>()).min(CHILDREN);
    for node in &nodes[..count] {
        const KIND: u32 = 0xf;
        const NODE: u32 = 1;
        mib[depth] = node.num;
        if node.flags & KIND == NODE {
            if depth + 2 < mib.len() {
                read_all(s, mib, depth + 1)?;
            }
            continue;
        }
        let mut value = [0; 64];
        match s.sysctl(&mib[..=depth], Out::bytes(&mut value), In::none()) {
            Ok(_) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ENOMEM | Errno::EISDIR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Walks net.link and net.interfaces until it is over.
fn walk_often(s: System, _: usize) -> i64 {
    let mut mib = [0; 12];
    for _ in 0..ROUNDS {
        for top in ["net.link", "net.interfaces"] {
            let walked = s.sysctl_mib(top, &mut mib).and_then(|depth| read_all(s, &mut mib, depth));
            match walked {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(e) => return -i64::from(e.0),
            }
        }
    }
    0
}

fn walk(c: &Ctx) -> Verdict {
    let threads =
        [c.sys.spawn(walk_often, 0).on("spawn")?, c.sys.spawn(walk_often, 0).on("spawn")?];
    let mut values = [None; 2];
    while values.iter().any(Option::is_none) {
        for name in ["tap0", "tap1"] {
            c.create(name).on("create")?;
        }
        let (fd, _) = c.open_clone(O_RDWR)?;
        for name in ["tap0", "tap1"] {
            c.destroy(name).on("destroy")?;
        }
        c.close(fd).on("close")?;
        for (value, thread) in values.iter_mut().zip(threads) {
            *value = value.or_else(|| c.sys.joined(thread));
        }
    }
    check!(values == [Some(0); 2], "the walks ended with {values:?}");
    Ok(())
}
