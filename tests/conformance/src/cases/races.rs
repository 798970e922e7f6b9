// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The end of an interface while somebody uses it.

use crate::abi::{O_RDWR, POLLIN};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{Ctx, Name};
use crate::errno::Errno;
use crate::frames::{self, BROADCAST};
use crate::sys::{encode, Need, Sys};
use crate::text::Text;
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases<S: Sys>() -> &'static [Case<S>] {
    const {
        &[
            case(
                "destroy_while_reading",
                "behaviour: wakes the reader; ENXIO on a clone",
                reading::<S>,
            )
            .dangerous(&["F19"]),
            case(
                "destroy_while_reading_node",
                "on a node the kernel's answers are EIO, ENXIO, EBADF",
                reading_node::<S>,
            )
            .dangerous(&["F19"]),
            case(
                "destroy_while_writing",
                "a writer ends with an error, not with the kernel",
                writing::<S>,
            )
            .dangerous(&["F19"]),
            case(
                "stale_fd_after_recreate",
                "a stale descriptor never touches its successor",
                stale::<S>,
            )
            .dangerous(&["F18", "F19"]),
            case("stale_node_after_recreate", "the same for a node's descriptor", stale_node::<S>)
                .dangerous(&["F18", "F19"]),
            case(
                "close_while_reading",
                "behaviour: close from another thread ends a read at once",
                close_reading::<S>,
            )
            .dangerous(&["F29"]),
            case(
                "revoke_while_reading",
                "behaviour: revoke(2) ends a read on a node",
                revoked::<S>,
            )
            .dangerous(&["F29"])
            .needs(&[Need::Revoke]),
            case(
                "stop_continue_reading",
                "behaviour: a stopped and continued reader sees no end of file",
                stopped::<S>,
            )
            .differs(&["F6"])
            .needs(&[Need::Process, Need::Inet]),
            case(
                "stress_clone",
                "FreeBSD if_clone_test: parallel create, up, destroy",
                stress_clone::<S>,
            )
            .dangerous(&["F34"]),
            case("stress_ipv6_up", "FreeBSD if_clone_test _ipv6_up_stress", stress_ipv6::<S>)
                .dangerous(&["F34"])
                .needs(&[Need::Inet6]),
            case("stress_cloning_open", "two cloning opens at once", stress_open::<S>)
                .dangerous(&["F34"]),
            case(
                "stress_destroy_open",
                "destroy against open, read, write, poll, close",
                stress_destroy::<S>,
            )
            .dangerous(&["F19"]),
            case(
                "mac_change_while_sending",
                "behaviour: the MAC changes under the interface's lock",
                mac_change::<S>,
            )
            .dangerous(&["F41"])
            .needs(&[Need::Inet]),
        ]
    }
}

fn quiet_clone<S: Sys>(c: &Ctx<S>) -> Fallible<(i32, Name)> {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    Ok((fd, name))
}

fn quiet_node<S: Sys>(c: &Ctx<S>) -> Fallible<i32> {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.set_up("tap0", true).on("up")?;
    Ok(fd)
}

fn error_of(value: i64) -> Errno {
    Errno(i32::try_from(-value).unwrap_or(0))
}

fn reading<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn reading_node<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn write_until_error<S: Sys>(s: S, fd: usize) -> i64 {
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    for _ in 0..200_000 {
        if let Err(e) = s.write(fd as i32, In::bytes(&frame)) {
            return -i64::from(e.0);
        }
    }
    0
}

fn writing<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn stale<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn stale_node<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn close_it<S: Sys>(s: S, fd: usize) -> i64 {
    encode(s.close(fd as i32).map(|()| 0))
}

fn close_reading<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn revoke_tap0<S: Sys>(s: S, _: usize) -> i64 {
    encode(s.revoke(c"/dev/tap0").map(|()| 0))
}

fn revoked<S: Sys>(c: &Ctx<S>) -> Verdict {
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

fn child_reads<S: Sys>(s: S, fd: usize) -> i32 {
    let mut frame = [0; 2048];
    match s.read(fd as i32, Out::bytes(&mut frame)) {
        Ok(0) => 1,
        Ok(_) => 7,
        Err(_) => 2,
    }
}

fn stopped<S: Sys>(c: &Ctx<S>) -> Verdict {
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

/// What the stressing threads share: an interface socket and how often they go round.
const ROUNDS: usize = 60;

/// Creates, ups and destroys tap0 … tap3 in an order of its own. The argument is a socket and a
/// number packed together.
fn churn<S: Sys>(s: S, packed: usize) -> i64 {
    let (socket, which) = ((packed & 0xffff) as i32, packed >> 16);
    let names = ["tap0", "tap1", "tap2", "tap3"];
    let ask = |cmd, name| {
        let mut req = Ctx::<S>::ifreq(name);
        req.data[..2].copy_from_slice(&1_i16.to_ne_bytes());
        s.ioctl(socket, cmd, Out::value(&mut req))
    };
    let mut done = 0;
    for round in 0..ROUNDS {
        let name = names[(round + which) % names.len()];
        for cmd in [crate::abi::SIOCIFCREATE, crate::abi::SIOCSIFFLAGS, crate::abi::SIOCIFDESTROY] {
            match ask(cmd, name) {
                Ok(_) => done += 1,
                Err(Errno::EEXIST | Errno::ENXIO | Errno::EBUSY) => {}
                Err(e) => return -i64::from(e.0),
            }
        }
    }
    done
}

fn run_churn<S: Sys>(c: &Ctx<S>) -> Verdict {
    let mut threads = [0; 4];
    for (which, thread) in threads.iter_mut().enumerate() {
        let packed = c.socket as usize | which << 16;
        *thread = c.sys.spawn(churn, packed).on("spawn")?;
    }
    let mut done = 0;
    for thread in threads {
        let value = c.join_long(thread, "churning thread")?;
        check!(value >= 0, "a call failed with errno {}", -value);
        done += value;
    }
    check!(done > 0, "no call succeeded");
    Ok(())
}

fn stress_clone<S: Sys>(c: &Ctx<S>) -> Verdict {
    run_churn(c)
}

fn stress_ipv6<S: Sys>(c: &Ctx<S>) -> Verdict {
    crate::run::set_linklocal(c.sys, true).on("net.inet6.ip6.auto_linklocal")?;
    let result = run_churn(c);
    crate::run::set_linklocal(c.sys, false).on("net.inet6.ip6.auto_linklocal")?;
    result
}

fn open_and_close<S: Sys>(s: S, _: usize) -> i64 {
    for _ in 0..ROUNDS {
        match s.open(c"/dev/tap", O_RDWR) {
            Ok(fd) => {
                if s.close(fd).is_err() {
                    return -2;
                }
            }
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

fn stress_open<S: Sys>(c: &Ctx<S>) -> Verdict {
    c.node(crate::abi::CLONER_MINOR)?;
    let mut threads = [0; 3];
    for thread in &mut threads {
        *thread = c.sys.spawn(open_and_close, 0).on("spawn")?;
    }
    for thread in threads {
        let value = c.join_long(thread, "cloning thread")?;
        check!(value == 0, "a cloning open or close failed with errno {}", -value);
    }
    Ok(())
}

fn use_node<S: Sys>(s: S, _: usize) -> i64 {
    let mut opened = 0;
    for _ in 0..ROUNDS * 4 {
        let Ok(fd) = s.open(c"/dev/tap0", O_RDWR | crate::abi::O_NONBLOCK) else { continue };
        opened += 1;
        let mut frame = [0; 256];
        let mut fds = [crate::abi::PollFd { fd, events: POLLIN, revents: 0 }];
        // The answers are anybody's guess while the interface comes and goes.
        s.write(fd, In::bytes(&frame[..60])).unwrap_or(0);
        s.read(fd, Out::bytes(&mut frame)).unwrap_or(0);
        s.poll(&mut fds, 0).unwrap_or(0);
        if s.close(fd).is_err() {
            return -1;
        }
    }
    opened
}

fn stress_destroy<S: Sys>(c: &Ctx<S>) -> Verdict {
    c.node(0)?;
    let users = [c.sys.spawn(use_node, 0).on("spawn")?, c.sys.spawn(use_node, 0).on("spawn")?];
    for _ in 0..ROUNDS {
        c.create("tap0").on("create")?;
        c.set_up("tap0", true).on("up")?;
        c.destroy("tap0").on("destroy")?;
    }
    for user in users {
        let value = c.join_long(user, "user of the node")?;
        check!(value >= 0, "a close failed");
    }
    Ok(())
}

fn send_requests<S: Sys>(s: S, fd: usize) -> i64 {
    let request = frames::arp_request(1);
    let mut frame = [0; 2048];
    for _ in 0..500 {
        s.write(fd as i32, In::bytes(&request)).unwrap_or(0);
        s.read(fd as i32, Out::bytes(&mut frame)).unwrap_or(0);
    }
    0
}

fn mac_change<S: Sys>(c: &Ctx<S>) -> Verdict {
    let live = c.live(0, 1)?;
    let thread = c.sys.spawn(send_requests, live.fd as usize).on("spawn")?;
    for i in 0..200 {
        let text: Text<20> = Text::of(format_args!("02:11:22:33:44:{:02x}", i % 256));
        super::sysctl::write(c, "tap0", text.as_str()).on("sysctl write")?;
    }
    c.join_long(thread, "sender")?;
    c.greet(&live).map(drop)
}
