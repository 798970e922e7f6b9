// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Descriptors that go other ways than open and close: through sockets, to the limit of what a
//! process may have, and to the kernel's own use.

use crate::abi::{CLONER_MINOR, F_CLOSEM, O_RDWR, TAPGIFNAME};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::{Ctx, Name};
use crate::errno::Errno;
use crate::frames;
use crate::sys::{encode, Need, System};
use crate::text::Text;
use crate::user::{In, Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("descriptor_passed", "QEMU helper=: a descriptor comes over a socket", passed)
                .needs(&[Need::Process]),
            case(
                "descriptor_in_flight",
                "unix(4): nobody receives it, and the kernel's collector is the last to close",
                in_flight,
            )
            .guards(&["F22"]),
            case(
                "descriptor_in_flight_destroyed",
                "what arrives of an interface that has gone meanwhile is ENXIO",
                in_flight_destroyed,
            )
            .dangerous(&["F18", "F22"]),
            case(
                "open_at_limit",
                "setrlimit(2): EMFILE, and nothing is left of the interface",
                at_limit,
            ),
            case(
                "closem_against_clones",
                "fcntl(2), F_CLOSEM: what it closes in the middle of a cloning open is closed",
                closem,
            )
            .dangerous(&["F34"]),
            case(
                "fktrace_clone",
                "fktrace(2): records are frames, and the kernel's thread is the last to close",
                traced,
            )
            .needs(&[Need::Ktrace, Need::Process]),
            case(
                "fktrace_destroyed",
                "fktrace(2): the interface goes under the kernel's thread that writes to it",
                traced_destroyed,
            )
            .dangerous(&["F19", "F22"])
            .needs(&[Need::Ktrace, Need::Process]),
        ]
    }
}

/// A pair of sockets; both ends are closed when the case ends.
fn pair(c: &Ctx) -> Fallible<[i32; 2]> {
    let ends = c.sys.socketpair().on("socketpair")?;
    Ok(ends.map(|fd| c.keep(fd)))
}

/// In a child that has inherited the socket: receives a descriptor, and uses it.
fn receive_and_use(s: System, socket: usize) -> i32 {
    let Ok(fd) = s.receive_fd(socket as i32) else { return 1 };
    let mut req = crate::abi::IfReq::garbage();
    let mut frame = [0; 60];
    frames::plain(&mut frame, frames::BROADCAST);
    let named = s.ioctl(fd, TAPGIFNAME, Out::value(&mut req)).is_ok();
    let written = s.write(fd, In::bytes(&frame)) == Ok(60);
    i32::from(!named || !written || &req.name[..3] != b"tap")
}

/// Waits for a child; its status.
pub fn ended(c: &Ctx, pid: i32) -> Fallible<i32> {
    let mut status = None;
    c.wait_for(|| {
        status = c.sys.reap(pid).unwrap_or(Some(-1));
        status.is_some()
    });
    if status.is_none() {
        c.sys.kill(pid, crate::abi::SIGKILL).on("kill")?;
    }
    status.ok_or_else(|| crate::case::Failure::of(format_args!("the child does not end")))
}

/// A cloned interface whose only descriptor is a message.
fn sent(c: &Ctx, socket: i32) -> Fallible<Name> {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    c.sys.send_fd(socket, fd).on("sendmsg")?;
    c.close(fd).on("close")?;
    check!(c.exists(name.as_str()), "{name} went although its descriptor is on its way");
    Ok(name)
}

fn passed(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    let name = sent(c, ends[0])?;
    let fd = c.keep(c.sys.receive_fd(ends[1]).on("recvmsg")?);
    let same = c.ifname(fd).on("TAPGIFNAME of what was received")?;
    check!(same.as_str() == name.as_str(), "what was received is {same}, not {name}");
    c.close(fd).on("close")?;
    check!(!c.exists(name.as_str()), "{name} outlived its last descriptor");
    // To another process, whose end is then the interface's.
    let name = sent(c, ends[0])?;
    let pid = c.sys.fork(receive_and_use, ends[1] as usize).on("fork")?;
    let status = ended(c, pid)?;
    check!(status == 0, "the receiver ended with {status}");
    let gone = c.wait_for(|| !c.exists(name.as_str()));
    check!(gone, "{name} outlived the process that had it last");
    Ok(())
}

fn in_flight(c: &Ctx) -> Verdict {
    for _ in 0..5 {
        let ends = pair(c)?;
        let names = [sent(c, ends[0])?, sent(c, ends[0])?, sent(c, ends[1])?];
        for fd in ends {
            c.close(fd).on("close of a socket")?;
        }
        for name in names {
            let gone = c.wait_for(|| !c.exists(name.as_str()));
            check!(gone, "{name} outlived the message that its descriptor was in");
        }
    }
    super::module::unloads(c, "after descriptors that nobody received")
}

fn in_flight_destroyed(c: &Ctx) -> Verdict {
    let ends = pair(c)?;
    let name = sent(c, ends[0])?;
    c.destroy(name.as_str()).on("destroy")?;
    c.create(name.as_str()).on("create again")?;
    let fd = c.keep(c.sys.receive_fd(ends[1]).on("recvmsg")?);
    c.ifname(fd).map(drop).fails_with(Errno::ENXIO, "TAPGIFNAME")?;
    c.send(fd, &[0xff; 60]).fails_with(Errno::ENXIO, "write")?;
    c.close(fd).on("close")?;
    check!(c.exists(name.as_str()), "{name}'s successor went with its predecessor's descriptor");
    c.destroy(name.as_str()).on("destroy")?;
    // And one that is never received.
    let name = sent(c, ends[0])?;
    c.destroy(name.as_str()).on("destroy")?;
    for fd in ends {
        c.close(fd).on("close of a socket")?;
    }
    super::module::unloads(c, "after a dead descriptor in a socket")
}

/// The two lowest numbers that are no descriptors.
fn free(c: &Ctx) -> Fallible<[i32; 2]> {
    let first = c.keep(c.sys.kqueue().on("kqueue")?);
    let second = c.keep(c.sys.kqueue().on("kqueue")?);
    for fd in [first, second] {
        c.close(fd).on("close")?;
    }
    Ok([first, second])
}

fn at_limit(c: &Ctx) -> Verdict {
    c.create("tap7").on("create")?;
    let node = c.node(7)?;
    let cloner = c.node(CLONER_MINOR)?;
    let [first, second] = free(c)?;
    let usual = c.sys.limit_open_files(first as u32).on("setrlimit")?;
    let limit = |n: i32| c.sys.limit_open_files(n as u32).on("setrlimit").map(drop);
    let none = [c.open(node.as_cstr(), O_RDWR), c.open(cloner.as_cstr(), O_RDWR)];
    limit(first + 1)?;
    let one = c.open(node.as_cstr(), O_RDWR);
    if let Ok(fd) = one {
        c.close(fd).on("close")?;
    }
    // A cloning open has two for a moment: its own, and the one that open(2) set out with.
    let moved = c.open(cloner.as_cstr(), O_RDWR);
    limit(second + 1)?;
    let two = c.open(cloner.as_cstr(), O_RDWR);
    limit(usual as i32)?;
    for open in none {
        open.fails_with(Errno::EMFILE, "an open at the limit")?;
    }
    one.on("open of a node below the limit")?;
    moved.fails_with(Errno::EMFILE, "a cloning open with one descriptor left")?;
    let fd = two.on("a cloning open with two descriptors left")?;
    let name = c.ifname(fd).on("TAPGIFNAME")?;
    check!(name.as_str() == "tap0", "{name} was cloned: refused opens left interfaces");
    c.close(fd).on("close")?;
    c.destroy("tap7").on("destroy")?;
    super::module::unloads(c, "after refused opens")
}

const CLONES: usize = 150;

/// Opens the cloning node again and again; what fails otherwise than because somebody else closes.
fn clone_often(s: System, _: usize) -> i64 {
    for _ in 0..CLONES {
        match s.open(c"/dev/tap", O_RDWR) {
            Ok(_) | Err(Errno::EBADF | Errno::EMFILE) => {}
            Err(e) => return encode(Err(e)),
        }
        s.sleep_ms(0);
    }
    0
}

fn closem(c: &Ctx) -> Verdict {
    c.node(CLONER_MINOR)?;
    let [first, _] = free(c)?;
    let thread = c.sys.spawn(clone_often, 0).on("spawn")?;
    let value = loop {
        if let Some(value) = c.sys.joined(thread) {
            break value;
        }
        c.sys.fcntl(first, F_CLOSEM, 0).on("F_CLOSEM")?;
    };
    check!(value == 0, "a cloning open failed with errno {}", -value);
    c.sys.fcntl(first, F_CLOSEM, 0).on("F_CLOSEM")?;
    for unit in 0..CLONES {
        let name: Name = Text::of(format_args!("tap{unit}"));
        check!(!c.exists(name.as_str()), "{name} outlived its descriptor");
    }
    super::module::unloads(c, "after F_CLOSEM against cloning opens")
}

/// fktrace(2): system calls and what they return, of one process, in records of the third kind.
const KTROP_SET: i32 = 0;
const CALLS_AND_RETURNS: i32 = 1 << 1 | 1 << 2 | 2 << 24;

/// Makes system calls for a while.
fn be_traced(s: System, _: usize) -> i32 {
    for _ in 0..200 {
        s.getpid();
        s.sleep_ms(5);
    }
    0
}

/// A cloned interface, up, that a child's calls are traced to; its descriptor, its name, the child.
fn trace(c: &Ctx) -> Fallible<(i32, Name, i32)> {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.set_up(name.as_str(), true).on("up")?;
    let pid = c.sys.fork(be_traced, 0).on("fork")?;
    c.sys.fktrace(fd, KTROP_SET, CALLS_AND_RETURNS, pid).on("fktrace")?;
    let came = c.wait_for(|| c.data(name.as_str()).is_ok_and(|data| data.ipackets > 2));
    check!(came, "no record has come in as a frame");
    Ok((fd, name, pid))
}

fn traced(c: &Ctx) -> Verdict {
    let (fd, name, pid) = trace(c)?;
    // The child has a descriptor of its own, and the trace a reference.
    c.close(fd).on("close")?;
    check!(c.exists(name.as_str()), "{name} went although it is traced to");
    let status = ended(c, pid)?;
    check!(status == 0, "the traced process ended with {status}");
    let gone = c.wait_for(|| !c.exists(name.as_str()));
    check!(gone, "{name} outlived the trace");
    super::module::unloads(c, "after a trace")
}

fn traced_destroyed(c: &Ctx) -> Verdict {
    let (fd, name, pid) = trace(c)?;
    c.destroy(name.as_str()).on("destroy under a trace")?;
    c.create(name.as_str()).on("create again")?;
    c.set_up(name.as_str(), true).on("up")?;
    c.settle();
    let frames = c.settled_data(name.as_str())?.ipackets;
    check!(frames == 0, "{frames} records came to the next {name}");
    let status = ended(c, pid)?;
    check!(status == 0, "the traced process ended with {status}");
    c.close(fd).on("close")?;
    check!(c.exists(name.as_str()), "{name}'s successor went with its predecessor's trace");
    c.destroy(name.as_str()).on("destroy")?;
    super::module::unloads(c, "after a trace to what has gone")
}
