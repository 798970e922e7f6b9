// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Sequences of calls by several threads on a few units and descriptors, in the interleaving that
//! the input's seed stands for. Whatever the order, no read is an end of file, every sleeper wakes
//! once the interfaces are destroyed, and then everything is gone.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::Arc;

use tap_conformance::abi::{
    IfAliasReq, Kev, PollFd, Stat, AF_LINK, EV_ADD, SIOCAIFADDR, SIOCSIFPHYADDR,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::Errno;
use tap_conformance::net::sockaddr_in;
use tap_conformance::user::{In, Out, Plain};
use tap_host::world::enter;
use tap_host::{host_panic, kassert, sched};

use crate::bytes::Bytes;
use crate::machine::{machine, Machine, NAME, PID};
use crate::program::{parse, Call, SLOTS, THREADS};

/// Milliseconds after which sleepers are woken, between two times that they are, and after which
/// they hang.
const PATIENCE: u64 = 400;
const PAUSE: u32 = 20;
const HANG: u64 = 20_000;

type Slots = [AtomicI32; SLOTS];

/// Makes the calls.
pub fn run(input: &[u8]) {
    let machine = machine(true);
    let mut input = Bytes::new(input);
    machine.begin(input.word().into());
    let slots: Arc<Slots> = Arc::new([const { AtomicI32::new(-1) }; SLOTS]);
    let programs = parse(input);
    let mut threads = Vec::with_capacity(THREADS);
    for program in programs.into_iter().filter(|program| !program.is_empty()) {
        let slots = slots.clone();
        let work = move || {
            for call in &program {
                make(machine, &slots, call);
            }
        };
        threads.push(sched::spawn(&mut enter(), PID, "program", work));
    }
    let start = machine.sys.now_ms();
    loop {
        threads.retain(|thread| !enter().has_ended(*thread));
        if threads.is_empty() {
            break;
        }
        let waited = machine.sys.now_ms() - start;
        if waited > HANG {
            host_panic!("threads hang: {}", enter().threads_described());
        }
        if waited > PATIENCE {
            let names = enter().net.names();
            for name in names {
                // A thread may have been faster.
                machine.destroy(&name).unwrap_or(());
            }
        }
        machine.sys.sleep_ms(PAUSE);
    }
    machine.end();
}

fn name(unit: u32) -> String {
    format!("tap{unit}")
}

fn path(unit: Option<u32>) -> CString {
    let path = unit.map_or("/dev/tap".into(), |unit| format!("/dev/{}", name(unit)));
    CString::new(path).unwrap_or_default()
}

/// A span in two.
fn halves(span: &[u8], cut: u8) -> [In<'_>; 2] {
    let (one, other) = span.split_at(usize::from(cut).min(span.len()));
    [In::bytes(one), In::bytes(other)]
}

/// Makes a call, whose result may be anything but a lie.
fn make(machine: &Machine, slots: &Slots, call: &Call) {
    let fd = |slot: &usize| slots[*slot].load(Ordering::Relaxed);
    match call {
        Call::Read(slot, len, cut) => read(machine, fd(slot), usize::from(*len), *cut),
        Call::Write(slot, frame, cut) => write(machine, fd(slot), frame, *cut),
        Call::Open(unit, slot, flags) => {
            if let Ok(fd) = machine.sys.open(&path(*unit), *flags) {
                slots[*slot].store(fd, Ordering::Relaxed);
            }
        }
        Call::Dup(from, to) => {
            let number = 40 + *to as i32;
            if machine.sys.dup2(fd(from), number).is_ok() {
                slots[*to].store(number, Ordering::Relaxed);
            }
        }
        Call::Close(slot) => done(machine.sys.close(fd(slot))),
        Call::Ioctl(slot, command, value) => {
            // Wide enough for every command here.
            let mut argument = [0_u8; 144];
            argument[..4].copy_from_slice(&value.to_ne_bytes());
            done(machine.sys.ioctl(fd(slot), *command, Out::bytes(&mut argument)));
        }
        Call::Poll(slot, events, ms) => {
            let mut fds = [PollFd { fd: fd(slot), events: *events, revents: 0 }];
            done(machine.sys.poll(&mut fds, i32::from(*ms)));
        }
        Call::Select(slot, ms) => done(machine.sys.select_read(fd(slot), i32::from(*ms))),
        Call::Knote(slot, filter, flags, ms) => {
            let ident = fd(slot) as usize;
            let flags = *flags | EV_ADD;
            knote(machine, Kev { ident, filter: *filter, flags, ..Kev::default() }, *ms);
        }
        Call::Fcntl(slot, command, value) => done(machine.sys.fcntl(fd(slot), *command, *value)),
        Call::Stat(slot) => done(machine.sys.fstat(fd(slot), Out::value(&mut Stat::zeroed()))),
        other => administer(machine, other),
    }
}

/// What is not about a descriptor.
fn administer(machine: &Machine, call: &Call) {
    match call {
        Call::Create(unit) => done(machine.create(&name(*unit))),
        Call::Destroy(unit) => done(machine.destroy(&name(*unit))),
        Call::Up(unit, up) => done(machine.set_up(&name(*unit), *up)),
        Call::Mtu(unit, mtu) => done(machine.set_mtu(&name(*unit), i32::from(*mtu))),
        Call::Address(unit, address) => {
            let mut data = [0; 48];
            data[..2].copy_from_slice(&[16, AF_LINK as u8]);
            data[2..8].copy_from_slice(address);
            done(machine.if_ioctl(SIOCSIFPHYADDR, &name(*unit), &data));
        }
        Call::Inet(unit, host) => {
            let mut req = IfAliasReq::zeroed();
            put_name(&mut req.name, &name(*unit));
            sockaddr_in(&mut req.addr, [10, 77, *unit as u8, *host]);
            sockaddr_in(&mut req.mask, [255, 255, 255, 0]);
            done(machine.sys.ioctl(machine.socket, SIOCAIFADDR, Out::value(&mut req)));
        }
        Call::Revoke(unit) => done(machine.sys.revoke(&path(Some(*unit)))),
        Call::Sysctl(unit, text) => sysctl(machine, *unit, text),
        Call::Unload => unload(machine, NAME),
        Call::Sleep(ms) => machine.sys.sleep_ms(u32::from(*ms)),
        Call::FailAllocation(n) => enter().memory.fail_in = Some(u64::from(*n)),
        Call::FailCopy(n) => enter().copies.fault_in = Some(usize::from(*n)),
        Call::Interrupt(n) => enter().sched.interrupt_in = Some(u64::from(*n)),
        other => host_panic!("nobody makes {other:?}"),
    }
}

/// Whatever a call returned.
fn done<T>(_: Result<T, Errno>) {}

fn read(machine: &Machine, fd: i32, len: usize, cut: u8) {
    let mut room = vec![0; len];
    let (one, other) = room.split_at_mut(usize::from(cut).min(len));
    let mut spans = [Out::bytes(one), Out::bytes(other)];
    if let Ok(read) = machine.sys.readv(fd, &mut spans) {
        kassert!(len == 0 || read != 0, "a read is an end of file");
        kassert!(read <= len, "a read of {len} bytes: {read}");
    }
}

fn write(machine: &Machine, fd: i32, frame: &[u8], cut: u8) {
    let written = machine.sys.writev(fd, &halves(frame, cut));
    let whole = written.is_err() || written == Ok(frame.len());
    kassert!(whole, "a write of {} bytes: {written:?}", frame.len());
}

fn knote(machine: &Machine, change: Kev, ms: u8) {
    let Ok(kq) = machine.sys.kqueue() else { return };
    let mut events = [Kev::default(); 2];
    done(machine.sys.kevent(kq, &[change], &mut events, i32::from(ms)));
    done(machine.sys.kevent(kq, &[], &mut events, 0));
    done(machine.sys.close(kq));
}

fn sysctl(machine: &Machine, unit: u32, text: &[u8]) {
    let mut mib = [0; 12];
    let node = format!("net.link.tap.{}", name(unit));
    let Ok(depth) = machine.sys.sysctl_mib(&node, &mut mib) else { return };
    let mut old = [0xa5; 32];
    if let Ok(len) = machine.sys.sysctl(&mib[..depth], Out::bytes(&mut old), In::none()) {
        kassert!(len == 18 && old[17] == 0 && old[2] == b':', "sysctl: {old:?}");
    }
    if !text.is_empty() {
        done(machine.sys.sysctl(&mib[..depth], Out::none(), In::bytes(text)));
    }
}

fn unload(machine: &Machine, name: &CStr) {
    let result = machine.sys.modunload(name);
    kassert!(result == Err(Errno::EBUSY), "an unload while a descriptor is open: {result:?}");
}
