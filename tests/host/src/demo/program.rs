// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a program does that has a tap device open.

use tap_conformance::abi::{Kev, PollFd, EVFILT_READ, EV_ADD, EV_DELETE, O_RDWR, POLLHUP, POLLIN};
use tap_conformance::case::{Failure, Fallible, On};
use tap_conformance::frames::{self, ECHO_HEADERS};
use tap_conformance::sys::{encode, System};
use tap_conformance::user::Out;
use tap_conformance::Errno;
use tap_host::stack;

use super::{admin, Machine};

/// How a program waits for a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// poll(2).
    Poll,
    /// kqueue(2).
    Kqueue,
}

/// How long it waits at most, in milliseconds.
const PATIENCE: i32 = 4000;

/// One line of the program's calls.
pub fn say(line: std::fmt::Arguments<'_>) {
    println!("    {line}");
}

/// open(2) of the interface's device.
pub fn open(machine: &Machine<'_>, unit: u32) -> Fallible<i32> {
    let fd = machine.open_unit(unit, O_RDWR)?;
    say(format_args!("open(\"/dev/tap{unit}\", O_RDWR) = {fd}"));
    machine.open(c"/dev/tap0", O_RDWR).fails_with(Errno::EBUSY, "a second open")?;
    say(format_args!("open(\"/dev/tap{unit}\", O_RDWR) = -1, EBUSY"));
    Ok(fd)
}

/// close(2).
pub fn close(machine: &Machine<'_>, fd: i32) -> Fallible<()> {
    machine.close(fd).on("close")?;
    say(format_args!("close({fd}) = 0"));
    Ok(())
}

fn write(machine: &Machine<'_>, fd: i32, frame: &[u8]) -> Fallible<()> {
    let sent = machine.send(fd, frame).on("write")?;
    say(format_args!("write({fd}, {} bytes) = {sent}    {}", frame.len(), stack::describe(frame)));
    Ok(())
}

fn read(machine: &Machine<'_>, fd: i32) -> Fallible<Vec<u8>> {
    let mut frame = vec![0; 2048];
    let got = machine.sys.read(fd, Out::bytes(&mut frame)).on("read")?;
    frame.truncate(got);
    say(format_args!("read({fd}, 2048 bytes) = {got}    {}", stack::describe(&frame)));
    Ok(frame)
}

/// Reads until `wanted` recognises a frame; others are the stack's own business.
fn read_until(machine: &Machine<'_>, fd: i32, wanted: impl Fn(&[u8]) -> bool) -> Fallible<()> {
    for _ in 0..8 {
        if wanted(&read(machine, fd)?) {
            return Ok(());
        }
    }
    Err(Failure::of(format_args!("the stack does not answer")))
}

/// Asks for the interface's address.
pub fn arp(machine: &Machine<'_>, fd: i32, net: u8) -> Fallible<()> {
    write(machine, fd, &frames::arp_request(net))?;
    wait(machine, fd, By::Poll)?;
    read_until(machine, fd, |frame| frames::arp_reply(frame, net).is_some())
}

fn wait(machine: &Machine<'_>, fd: i32, by: By) -> Fallible<()> {
    if by == By::Poll {
        let mut fds = [PollFd { fd, events: POLLIN, revents: 0 }];
        let ready = machine.sys.poll(&mut fds, PATIENCE).on("poll")?;
        let names = if fds[0].revents == POLLIN { "POLLIN" } else { "?" };
        say(format_args!("poll({fd}, POLLIN) = {ready}, {names}"));
        return Ok(());
    }
    let kq = machine.keep(machine.sys.kqueue().on("kqueue")?);
    let change = Kev { ident: fd as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
    let mut events = [Kev::default()];
    let ready = machine.sys.kevent(kq, &[change], &mut events, PATIENCE).on("kevent")?;
    let length = events[0].data;
    say(format_args!("kevent({kq}, EVFILT_READ of {fd}) = {ready}, {length} bytes to read"));
    let change = Kev { flags: EV_DELETE, ..change };
    machine.sys.kevent(kq, &[change], &mut [], 0).on("EV_DELETE")?;
    machine.close(kq).on("close of the kqueue")
}

/// An ICMP echo request in, and the reply out.
pub fn ping(machine: &Machine<'_>, fd: i32, net: u8, sequence: u16, by: By) -> Fallible<()> {
    let mut frame = [0; ECHO_HEADERS + 56];
    let mac = [0xf2, 0x0b, 0xa4, 1, 2, 3];
    frames::echo_request(&mut frame, mac, net, sequence);
    write(machine, fd, &frame)?;
    wait(machine, fd, by)?;
    read_until(machine, fd, |frame| frames::is_echo_reply(frame, sequence))
}

/// Frames that a write refuses for their length.
pub fn refused(machine: &Machine<'_>, fd: i32) -> Fallible<()> {
    machine.send(fd, &[0; 13]).fails_with(Errno::EINVAL, "a write of 13 bytes")?;
    say(format_args!("write({fd}, 13 bytes) = -1, EINVAL"));
    machine.send(fd, &[0; 65536]).fails_with(Errno::EMSGSIZE, "a write of 65536 bytes")?;
    say(format_args!("write({fd}, 65536 bytes) = -1, EMSGSIZE"));
    Ok(())
}

/// A read(2) on another thread: what it answered.
fn reader(sys: System, fd: usize) -> i64 {
    let mut frame = [0; 64];
    encode(sys.read(fd as i32, Out::bytes(&mut frame)))
}

/// The interface is destroyed while a thread sleeps in read(2): what ends a kernel with the C
/// driver.
pub fn destroyed_under_reader(machine: &Machine<'_>, fd: i32, name: &str) -> Fallible<()> {
    machine.set_up(name, true).on("SIOCSIFFLAGS")?;
    let thread = machine.sys.spawn(reader, fd as usize).on("a thread")?;
    say(format_args!("read({fd}, 64 bytes) sleeps"));
    machine.settle();
    admin::destroy(machine, name)?;
    let value = machine.join(thread, "the reader")?;
    if value != -i64::from(Errno::ENXIO.0) {
        return Err(Failure::of(format_args!("the reader returned {value}")));
    }
    say(format_args!("read({fd}, 64 bytes) = -1, ENXIO"));
    machine.send(fd, &[0; 60]).fails_with(Errno::ENXIO, "a write after that")?;
    say(format_args!("write({fd}, 60 bytes) = -1, ENXIO"));
    let revents = machine.poll_one(fd, POLLIN, 0);
    say(format_args!(
        "poll({fd}, POLLIN) = 1, {}",
        if revents == POLLHUP { "POLLHUP" } else { "?" }
    ));
    close(machine, fd)
}
