// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Opening and closing: the nodes, the cloning node, and what a descriptor keeps.

use crate::abi::{
    self, major, minor, Stat, CLONER_MINOR, F_GETFD, F_GETFL, O_CLOEXEC, O_NONBLOCK, O_RDONLY,
    O_RDWR, O_WRONLY, S_IFCHR, S_IFMT,
};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{self, BROADCAST};
use crate::sys::{encode, Need, System};
use crate::user::{Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("open_enxio", "QEMU stops at ENXIO: an absent unit", absent),
            case("double_open_ebusy", "tap(4): a node opens once; QEMU goes on at EBUSY", busy),
            case("open_again_after_close", "a node opens again after close", again),
            case("open_busy_by_clone", "a cloned interface is open: its node is EBUSY", by_clone),
            case("open_race_one_wins", "two opens at once, one wins", race).guards(&["F11"]),
            case("clone_open", "tap(4): the cloning node makes an interface, close ends it", clone),
            case("clone_lowest_unit", "the cloning open takes the lowest free unit", lowest),
            case("clone_many", "twenty descriptors, twenty interfaces, none left", many),
            case("cloexec", "tun-rs: O_CLOEXEC holds on the cloning open", cloexec)
                .differs(&["F28"]),
            case("clone_nonblock", "tinc: O_NONBLOCK at open counts", clone_nonblock)
                .differs(&["F28"]),
            case("node_nonblock", "tinc: O_NONBLOCK at open counts on a node", node_nonblock)
                .differs(&["F28"]),
            case("clone_rdonly", "O_RDONLY must not become writable", clone_rdonly)
                .differs(&["F28"]),
            case("clone_wronly", "O_WRONLY must not become readable", clone_wronly)
                .differs(&["F28"]),
            case(
                "node_access_mode",
                "open(2): a read-only node descriptor does not write",
                node_mode,
            ),
            case("fstat_rdev", "aircrack-ng: st_mode and st_rdev of a cloned descriptor", fstat)
                .differs(&["F30"]),
            case("fstat_node", "fstat(2) of a node is the node's", fstat_node),
            case("close_resets_nonblock", "non-blocking mode ends with close", nonblock_reset)
                .differs(&["F12"]),
            case("close_purges_queue", "the next opener gets no old frame", purge)
                .guards(&["F4"])
                .needs(&[Need::Inet]),
            case("dup_keeps_it_open", "dup2(2): the last close counts", dup),
        ]
    }
}

fn absent(c: &Ctx) -> Verdict {
    let path = c.node(7)?;
    c.open(path.as_cstr(), O_RDWR).fails_with(Errno::ENXIO, "open of an absent unit")?;
    check!(!c.exists("tap7"), "the open made tap7");
    c.open(c"/dev/no-such-node", O_RDWR).fails_with(Errno::ENOENT, "open of no node")
}

fn busy(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.open(c"/dev/tap0", O_RDWR).fails_with(Errno::EBUSY, "second open")?;
    // The refused open must not have closed the first.
    let name = c.ifname(fd).on("TAPGIFNAME on the first")?;
    check!(name.as_str() == "tap0", "the first descriptor is {name}");
    c.open(c"/dev/tap0", O_RDONLY).fails_with(Errno::EBUSY, "third open")
}

fn again(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for _ in 0..20 {
        let fd = c.open_unit(0, O_RDWR)?;
        c.close(fd).on("close")?;
        check!(c.exists("tap0"), "close of a node destroyed tap0");
    }
    Ok(())
}

fn by_clone(c: &Ctx) -> Verdict {
    let (_, name) = c.open_clone(O_RDWR)?;
    check!(name.as_str() == "tap0", "the cloning open made {name}");
    let path = c.node(0)?;
    c.open(path.as_cstr(), O_RDWR).fails_with(Errno::EBUSY, "open of its node")
}

fn open_tap0(s: System, _: usize) -> i64 {
    encode(s.open(c"/dev/tap0", O_RDWR).map(|fd| fd as usize))
}

fn race(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.node(0)?;
    for round in 0..200 {
        let thread = c.sys.spawn(open_tap0, 0).on("spawn")?;
        let mine = open_tap0(c.sys, 0);
        let theirs = c.join(thread, "open")?;
        let winners = [mine, theirs].into_iter().filter(|&fd| fd >= 0);
        check!(winners.clone().count() < 2, "round {round}: both opens succeeded");
        for fd in winners {
            c.sys.close(fd as i32).on("close")?;
        }
        let other = mine.min(theirs);
        let busy = -i64::from(Errno::EBUSY.0);
        check!(other >= 0 || other == busy, "round {round}: errno {}", -other);
    }
    Ok(())
}

fn clone(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    check!(c.exists(name.as_str()), "{name} is not there");
    c.close(fd).on("close")?;
    check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    Ok(())
}

fn lowest(c: &Ctx) -> Verdict {
    for name in ["tap0", "tap2"] {
        c.create(name).on("create")?;
    }
    let (_, first) = c.open_clone(O_RDWR)?;
    let (_, second) = c.open_clone(O_RDWR)?;
    check!(first.as_str() == "tap1", "first is {first}, not tap1");
    check!(second.as_str() == "tap3", "second is {second}, not tap3");
    Ok(())
}

fn many(c: &Ctx) -> Verdict {
    let mut fds = [0; 20];
    for fd in &mut fds {
        *fd = c.open_clone(O_RDWR)?.0;
    }
    for (i, &fd) in fds.iter().enumerate() {
        let name = c.ifname(fd).on("TAPGIFNAME")?;
        for &other in &fds[i + 1..] {
            let its = c.ifname(other).on("TAPGIFNAME")?;
            check!(its.as_str() != name.as_str(), "two descriptors are {name}");
        }
    }
    for fd in fds {
        let name = c.ifname(fd).on("TAPGIFNAME")?;
        c.close(fd).on("close")?;
        check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    }
    Ok(())
}

fn cloexec(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDWR | O_CLOEXEC)?;
    let flags = c.sys.fcntl(fd, F_GETFD, 0).on("F_GETFD")?;
    check!(flags & abi::FD_CLOEXEC != 0, "F_GETFD says {flags}");
    let (fd, _) = c.open_clone(O_RDWR)?;
    let flags = c.sys.fcntl(fd, F_GETFD, 0).on("F_GETFD")?;
    check!(flags & abi::FD_CLOEXEC == 0, "close-on-exec although nobody asked");
    Ok(())
}

/// A read of an empty interface returns EWOULDBLOCK; the interface is up afterwards.
pub fn does_not_block(c: &Ctx, fd: i32, name: &str) -> Verdict {
    let flags = c.sys.fcntl(fd, F_GETFL, 0).on("F_GETFL")?;
    check!(flags & O_NONBLOCK != 0, "F_GETFL says {flags:#x}");
    c.set_up(name, true).on("up")?;
    let thread = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
    c.settle();
    if let Some(value) = c.sys.joined(thread) {
        check!(value == -i64::from(Errno::EAGAIN.0), "read returned {value}");
        return Ok(());
    }
    // It blocks: destroying is no way out with every driver, going down is.
    c.set_up(name, false).on("down")?;
    c.join(thread, "read after down")?;
    Err(crate::case::Failure::of(format_args!("read blocks on {name}")))
}

fn clone_nonblock(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR | O_NONBLOCK)?;
    does_not_block(c, fd, name.as_str())
}

fn node_nonblock(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR | O_NONBLOCK)?;
    does_not_block(c, fd, "tap0")
}

fn clone_rdonly(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDONLY)?;
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    c.send(fd, &frame).fails_with(Errno::EBADF, "write to a read-only descriptor")
}

fn clone_wronly(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_WRONLY)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.set_up(name.as_str(), true).on("up")?;
    let mut frame = [0; 60];
    c.sys
        .read(fd, Out::bytes(&mut frame))
        .fails_with(Errno::EBADF, "read from a write-only descriptor")
}

fn node_mode(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDONLY)?;
    c.send(fd, &[0; 60]).fails_with(Errno::EBADF, "write to a read-only descriptor")?;
    c.close(fd).on("close")?;
    let fd = c.open_unit(0, O_WRONLY)?;
    let mut frame = [0; 60];
    c.sys
        .read(fd, Out::bytes(&mut frame))
        .fails_with(Errno::EBADF, "read from a write-only descriptor")
}

fn fstat(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let (fd, name) = c.open_clone(O_RDWR)?;
    check!(name.as_str() == "tap1", "cloned {name}, not tap1");
    let mut st = Stat::garbage();
    c.sys.fstat(fd, Out::value(&mut st)).on("fstat")?;
    check!(st.mode & S_IFMT == S_IFCHR, "st_mode {:o}", st.mode);
    let (maj, min) = (major(st.rdev), minor(st.rdev));
    check!(min == 1 && maj == c.major(), "st_rdev is {maj},{min}, not {},1", c.major());
    check!(st.uid == 0 && st.gid == 0, "owner {}:{}", st.uid, st.gid);
    check!(st.birthtime[0] > 0 && st.atime[0] > 0, "no times");
    check!(st.rest.iter().all(|&word| word != 0xa5a5_a5a5), "uninitialised words came back");
    Ok(())
}

fn fstat_node(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let mut st = Stat::garbage();
    c.sys.fstat(fd, Out::value(&mut st)).on("fstat")?;
    check!(st.mode & S_IFMT == S_IFCHR, "st_mode {:o}", st.mode);
    check!(minor(st.rdev) == 0 && major(st.rdev) == c.major(), "st_rdev {:#x}", st.rdev);
    check!(CLONER_MINOR != minor(st.rdev), "st_rdev is the cloner's");
    Ok(())
}

fn nonblock_reset(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    c.close(fd).on("close")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let thread = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
    c.settle();
    let early = c.sys.joined(thread);
    check!(early.is_none(), "read of the next opener returned {early:?} at once");
    c.set_up("tap0", false).on("down")?;
    let value = c.join(thread, "read after down")?;
    check!(value == -i64::from(Errno::EHOSTDOWN.0), "read returned {value}");
    Ok(())
}

fn purge(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    c.provoke(&live)?;
    c.close(live.fd).on("close with a frame waiting")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    let mut frame = [0; 2048];
    for _ in 0..64 {
        match c.sys.read(fd, Out::bytes(&mut frame)) {
            Err(Errno::EAGAIN) => return Ok(()),
            // The stack announces the address when the link comes up; an ARP reply is the old frame.
            Ok(n) => check!(frames::arp_reply(&frame[..n], 1).is_none(), "an old frame is read"),
            Err(e) => return Err(e).on("read"),
        }
    }
    Err(crate::case::Failure::of(format_args!("frames without end")))
}

fn dup(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let other = c.keep(c.sys.dup2(fd, 60).on("dup2")?);
    c.close(fd).on("close of the first")?;
    check!(c.exists(name.as_str()), "{name} went with the first of two descriptors");
    let same = c.ifname(other).on("TAPGIFNAME on the second")?;
    check!(same.as_str() == name.as_str(), "the second descriptor is {same}");
    c.close(other).on("close of the last")?;
    check!(!c.exists(name.as_str()), "{name} outlived its last descriptor");
    Ok(())
}
