// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The end of an interface while somebody uses it.

use crate::abi::{BIOCPROMISC, BPF_D_INOUT, O_RDWR};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{Ctx, Name};
use crate::errno::Errno;
use crate::frames::{self, BROADCAST};
use crate::sys::{encode, Need, System};
use crate::text::Text;
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("destroy_while_reading", "wakes the reader; ENXIO on a clone", reading)
                .dangerous(&["F19"]),
            case(
                "destroy_while_reading_node",
                "on a node the kernel's answers are EIO, ENXIO, EBADF",
                reading_node,
            )
            .dangerous(&["F19"]),
            case(
                "destroy_while_writing",
                "a writer ends with an error, not with the kernel",
                writing,
            )
            .dangerous(&["F19"]),
            case(
                "stale_fd_after_recreate",
                "a stale descriptor never touches its successor",
                stale,
            )
            .dangerous(&["F18", "F19"]),
            case("stale_node_after_recreate", "the same for a node's descriptor", stale_node)
                .dangerous(&["F18"]),
            case(
                "destroy_while_captured",
                "tcpdump: the interface leaves promiscuous mode without a complaint",
                captured,
            )
            .needs(&[Need::Bpf]),
            case(
                "close_while_reading",
                "close from another thread ends a read at once",
                close_reading,
            )
            .dangerous(&["F29"]),
            case("revoke_while_reading", "revoke(2) ends a read on a node", revoked)
                .dangerous(&["F29"])
                .needs(&[Need::Revoke]),
            case("revoke_while_polling", "revoke(2) wakes a poller of a node too", revoked_poll)
                .differs(&["F29"])
                .needs(&[Need::Revoke]),
            case(
                "stop_continue_reading",
                "a stopped and continued reader sees no end of file",
                stopped,
            )
            .differs(&["F6"])
            .needs(&[Need::Process, Need::Inet]),
        ]
    }
}

fn quiet_clone(c: &Ctx) -> Fallible<(i32, Name)> {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    Ok((fd, name))
}

fn quiet_node(c: &Ctx) -> Fallible<i32> {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    Ok(fd)
}

fn error_of(value: i64) -> Errno {
    Errno(i32::try_from(-value).unwrap_or(0))
}

fn reading(c: &Ctx) -> Verdict {
    for _ in 0..10 {
        let (fd, name) = quiet_clone(c)?;
        let threads = [
            c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?,
            c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?,
        ];
        c.settle();
        c.destroy(name.as_str()).on("destroy under readers")?;
        for thread in threads {
            let value = c.join(thread, "read after destroy")?;
            check!(error_of(value) == Errno::ENXIO, "read returned {value}, not ENXIO");
        }
        let mut frame = [0; 64];
        let again = c.sys.read(fd, Out::bytes(&mut frame));
        again.fails_with(Errno::ENXIO, "a later read")?;
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn is_dead(error: Errno) -> bool {
    [Errno::EIO, Errno::ENXIO, Errno::EBADF].contains(&error)
}

fn reading_node(c: &Ctx) -> Verdict {
    for _ in 0..10 {
        let fd = quiet_node(c)?;
        let thread = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
        c.settle();
        c.destroy("tap0").on("destroy under a reader")?;
        let value = c.join(thread, "read after destroy")?;
        check!(is_dead(error_of(value)), "read returned {value}");
        let mut frame = [0; 64];
        let again = c.sys.read(fd, Out::bytes(&mut frame));
        // vdevgone leaves a dead vnode: a character device that reads as at its end.
        check!(again.is_err() || again == Ok(0), "a later read returned {again:?}");
        let written = c.send(fd, &[0xff; 60]);
        check!(written.is_err(), "a later write returned {written:?}");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn write_until_error(s: System, fd: usize) -> i64 {
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    for _ in 0..200_000 {
        if let Err(e) = s.write(fd as i32, In::bytes(&frame)) {
            return -i64::from(e.0);
        }
    }
    0
}

fn writing(c: &Ctx) -> Verdict {
    for cloned in [true, false] {
        let (fd, name) =
            if cloned { quiet_clone(c)? } else { (quiet_node(c)?, Text::of(format_args!("tap0"))) };
        let thread = c.sys.spawn(write_until_error, fd as usize).on("spawn")?;
        c.settle();
        c.destroy(name.as_str()).on("destroy under a writer")?;
        let value = c.join(thread, "write after destroy")?;
        check!(is_dead(error_of(value)), "write ended with {value}");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn stale(c: &Ctx) -> Verdict {
    let (fd, name) = quiet_clone(c)?;
    c.destroy(name.as_str()).on("destroy")?;
    c.create(name.as_str()).on("create of a successor")?;
    let index = c.index(name.as_str()).on("SIOCGIFINDEX")?;
    c.set_up(name.as_str(), true).on("up")?;
    let mut frame = [0; 64];
    c.sys.read(fd, Out::bytes(&mut frame)).fails_with(Errno::ENXIO, "stale read")?;
    c.send(fd, &[0xff; 60]).fails_with(Errno::ENXIO, "stale write")?;
    check!(c.ifname(fd).is_err(), "stale TAPGIFNAME succeeded");
    let data = c.settled_data(name.as_str())?;
    check!(data.ipackets == 0, "the successor counted {} frames", data.ipackets);
    c.close(fd).on("stale close")?;
    let now = c.index(name.as_str()).on("the successor after the stale close")?;
    check!(now == index, "the successor was replaced");
    Ok(())
}

fn stale_node(c: &Ctx) -> Verdict {
    let fd = quiet_node(c)?;
    c.destroy("tap0").on("destroy")?;
    c.create("tap0").on("create of a successor")?;
    c.set_up("tap0", true).on("up")?;
    let successor = c.open_unit(0, O_RDWR)?;
    check!(c.send(fd, &[0xff; 60]).is_err(), "stale write succeeded");
    check!(c.ifname(fd).is_err(), "stale TAPGIFNAME succeeded");
    let data = c.settled_data("tap0")?;
    check!(data.ipackets == 0, "the successor counted {} frames", data.ipackets);
    c.close(fd).on("stale close")?;
    let name = c.ifname(successor).on("the successor's descriptor after the stale close")?;
    check!(name.as_str() == "tap0", "the successor's descriptor is {name}");
    Ok(())
}

fn captured(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let bpf = crate::bpf::tap_on(c, "tap0", BPF_D_INOUT)?;
    c.sys.ioctl(bpf, BIOCPROMISC, Out::none()).on("BIOCPROMISC")?;
    c.destroy("tap0").on("destroy under a capture")?;
    let mut buffer = [0; 64];
    check!(c.sys.read(bpf, Out::bytes(&mut buffer)).is_err(), "a capture of nothing succeeded");
    c.close(bpf).on("close of bpf")
}

/// Closes a descriptor; 0, or the errno negated.
pub fn close_it(s: System, fd: usize) -> i64 {
    encode(s.close(fd as i32).map(|()| 0))
}

fn close_reading(c: &Ctx) -> Verdict {
    for _ in 0..10 {
        let (fd, name) = quiet_clone(c)?;
        let reader = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
        c.settle();
        c.forget(fd);
        let closer = c.sys.spawn(close_it, fd as usize).on("spawn")?;
        let value = c.join(closer, "close under a reader")?;
        check!(value == 0, "close returned {value}");
        let value = c.join(reader, "read under close")?;
        check!(value < 0, "read returned {value}");
        check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    }
    Ok(())
}

fn revoke_tap0(s: System, _: usize) -> i64 {
    encode(s.revoke(c"/dev/tap0").map(|()| 0))
}

fn revoked(c: &Ctx) -> Verdict {
    let fd = quiet_node(c)?;
    let reader = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
    c.settle();
    let revoker = c.sys.spawn(revoke_tap0, 0).on("spawn")?;
    let value = c.join(revoker, "revoke under a reader")?;
    check!(value == 0, "revoke returned {value}");
    let value = c.join(reader, "read under revoke")?;
    check!(value <= 0, "read returned {value}");
    c.close(fd).on("close")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let name = c.ifname(fd).on("TAPGIFNAME")?;
    check!(name.as_str() == "tap0", "after revoke the node opens {name}");
    Ok(())
}

fn revoked_poll(c: &Ctx) -> Verdict {
    let fd = quiet_node(c)?;
    let poller = c.sys.spawn(super::poll::wait_in, fd as usize).on("spawn")?;
    c.settle();
    c.sys.revoke(c"/dev/tap0").on("revoke under a poll")?;
    let revents = c.join(poller, "poll under revoke")?;
    check!(revents > 0, "poll slept until its time was over: {revents}");
    c.close(fd).on("close")
}

fn child_reads(s: System, fd: usize) -> i32 {
    let mut frame = [0; 2048];
    match s.read(fd as i32, Out::bytes(&mut frame)) {
        Ok(0) => 1,
        Ok(_) => 7,
        Err(_) => 2,
    }
}

fn stopped(c: &Ctx) -> Verdict {
    use crate::abi::{SIGCONT, SIGSTOP};
    let live = c.live(0, 1)?;
    c.set_nonblocking(live.fd, false).on("FIONBIO off")?;
    let pid = c.sys.fork(child_reads, live.fd as usize).on("fork")?;
    c.settle();
    for signal in [SIGSTOP, SIGCONT] {
        c.sys.kill(pid, signal).on("kill")?;
        c.settle();
    }
    let early = c.sys.reap(pid).on("wait4")?;
    check!(early.is_none(), "the reader ended with {early:?} after stop and continue");
    c.send(live.fd, &frames::arp_request(1)).on("write")?;
    let mut status = None;
    let ended = c.wait_for(|| {
        status = c.sys.reap(pid).unwrap_or(None);
        status.is_some()
    });
    if !ended {
        c.sys.kill(pid, crate::abi::SIGKILL).on("kill")?;
    }
    check!(status == Some(7), "the reader ended with {status:?}");
    Ok(())
}
