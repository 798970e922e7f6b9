// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! write(2) of an offload header and a frame: any bytes, or a packet with some of its bytes changed.
//! What comes up is what the header asks for, as src/offload plans it and as [`crate::wire`] makes it,
//! whole or cut; what is refused leaves no trace, nor does what finds no memory.

use tap_conformance::abi::offload::{IfCapReq, IFCAP_RX, SIOCSIFCAP, TAPSVNETHDR};
use tap_conformance::abi::{
    IfAliasReq, IfDrv, BRDGADD, IFF_UP, O_NONBLOCK, O_RDWR, SIOCAIFADDR, SIOCGIFADDR, SIOCSDRVSPEC,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::net::sockaddr_in;
use tap_conformance::user::{In, Out, Plain};
use tap_host::world::enter;
use tap_host::{host_panic, kassert};

use crate::bytes::Bytes;
use crate::listen::{heard, listen, mbufs_when_quiet, ROOM};
use crate::machine::{machine, Machine};
use crate::offload::header::{frame_len, Header, Plan, Refused, SHORT, WHOLE};
use crate::offload::packet::FRONT;
use crate::wire::{self, Shape};

/// The interface's address, and where an IPv4 packet without a tag has its destination.
const OURS: [u8; 4] = [10, 77, 0, 1];
const TARGET: std::ops::Range<usize> = 30..34;
/// How far a frame can be longer than its bytes in the input.
const MOST_MORE: u32 = 66_000;

/// What an input says of the interface, and of what goes wrong.
struct Setup {
    no_lro: bool,
    bridged: bool,
    before: usize,
    no_memory: bool,
    faults: bool,
    local: bool,
    raw: bool,
    mtu: i32,
}

impl Setup {
    fn of(byte: u8) -> Setup {
        Setup {
            no_lro: byte & 1 != 0,
            bridged: byte & 2 != 0,
            before: if byte & 4 != 0 { SHORT } else { WHOLE },
            no_memory: byte & 8 != 0,
            faults: byte & 16 != 0,
            local: byte & 32 != 0,
            raw: byte & 64 != 0,
            mtu: if byte & 128 != 0 { 9000 } else { 1500 },
        }
    }
}

/// Writes one frame.
pub fn run(input: &[u8]) {
    let machine = machine(false);
    machine.begin(1);
    let mut input = Bytes::new(input);
    let setup = Setup::of(input.byte());
    one(machine, &setup, input).unwrap_or_else(|error| host_panic!("a call: {error}"));
    machine.end();
}

fn one(machine: &Machine, setup: &Setup, mut input: Bytes<'_>) -> Result<()> {
    let nth = input.half();
    let (fd, name) = machine.node_up();
    let bpf = listen(machine, &name, setup.mtu)?;
    let mac = prepare(machine, setup, fd, &name)?;
    let far = if setup.bridged { Some(bridge(machine, &name)?) } else { None };
    let written = if setup.raw { raw(input, setup) } else { packet(input, setup, mac) };
    let before = machine.counters(&name)?;
    let mbufs = mbufs_when_quiet(machine);

    let mut world = enter();
    world.memory.fail_in = setup.no_memory.then_some(u64::from(nth & 0x1ff));
    world.copies.fault_in = setup.faults.then_some(usize::from(nth));
    drop(world);
    let result = machine.sys.writev(fd, &[In::bytes(&written)]);
    machine.sys.sleep_ms(20);
    let mut world = enter();
    let failed = setup.no_memory && world.memory.fail_in.take().is_none();
    let faulted = setup.faults && world.copies.fault_in.take().is_none();
    drop(world);

    let plan = planned(&written, setup);
    let expected = match &plan {
        Err(errno) => Err(*errno),
        Ok(_) => Ok(written.len()),
    };
    let short = frame_len(written.len(), setup.before).is_err();
    let excused = match result {
        Err(Errno::ENOBUFS) => failed && !short,
        Err(Errno::EFAULT) => faulted && !short,
        _ => false,
    };
    kassert!(excused || result == expected, "a write: {result:?} instead of {expected:?}");
    kassert!(!faulted || short || excused || failed, "a fault is no error: {result:?}");
    let frames = heard(machine, bpf);
    let after = machine.counters(&name)?;
    if result.is_err() {
        kassert!(frames.is_empty(), "{} frames of a write with {result:?}", frames.len());
    } else if let (false, Ok(plan)) = (failed, plan) {
        let whole = setup.local && !setup.no_lro && !setup.bridged;
        right(&written[setup.before..], plan, whole.then_some(mac), &frames);
    }
    let errors = after.ierrors - before.ierrors;
    kassert!(result != Err(Errno::ENOBUFS) || errors == 1, "{errors} errors without memory");
    if !setup.bridged {
        let count = after.ipackets - before.ipackets;
        kassert!(count == frames.len() as u64, "{count} frames counted of {}", frames.len());
    }
    if let Some(far) = far {
        crossed(machine, far, &written, setup, mac, &frames);
    }
    let mut answer = vec![0; 1 << 17];
    while let Ok(read) = machine.sys.read(fd, Out::bytes(&mut answer)) {
        kassert!(read >= setup.before, "a read of {read} bytes, less than the header");
    }
    kassert!(mbufs_when_quiet(machine) == mbufs, "mbufs are left");
    Ok(())
}

/// The header, LRO and the address as the input wants them. Returns the Ethernet address.
fn prepare(machine: &Machine, setup: &Setup, fd: i32, name: &str) -> Result<[u8; 6]> {
    machine.sys.ioctl(fd, TAPSVNETHDR, Out::value(&mut (setup.before as i32)))?;
    if setup.no_lro {
        let mut req = IfCapReq::zeroed();
        put_name(&mut req.name, name);
        req.enabled = IFCAP_RX;
        machine.sys.ioctl(machine.socket, SIOCSIFCAP, Out::value(&mut req))?;
    }
    if setup.local {
        let mut req = IfAliasReq::zeroed();
        put_name(&mut req.name, name);
        sockaddr_in(&mut req.addr, OURS);
        sockaddr_in(&mut req.mask, [255, 255, 255, 0]);
        machine.sys.ioctl(machine.socket, SIOCAIFADDR, Out::value(&mut req))?;
    }
    let mut mac = [0; 16];
    machine.sys.ioctl(fd, SIOCGIFADDR, Out::bytes(&mut mac))?;
    // What went out because of the address is of no interest.
    machine.sys.sleep_ms(20);
    let mut frame = [0; 2048];
    while machine.sys.read(fd, Out::bytes(&mut frame)).is_ok() {}
    Ok([mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]])
}

/// A bridge of the interface and tap1, whose descriptor is returned.
fn bridge(machine: &Machine, name: &str) -> Result<i32> {
    machine.create("tap1")?;
    let far = machine.sys.open(c"/dev/tap1", O_RDWR | O_NONBLOCK)?;
    machine.set_up("tap1", true)?;
    machine.create("bridge77")?;
    for member in [name, "tap1"] {
        let mut what = [0_u8; 24];
        what[..member.len()].copy_from_slice(member.as_bytes());
        let mut req = IfDrv::zeroed();
        put_name(&mut req.name, "bridge77");
        req.cmd = BRDGADD;
        req.len = what.len();
        req.data = what.as_mut_ptr() as usize;
        machine.sys.ioctl(machine.socket, SIOCSDRVSPEC, Out::value(&mut req))?;
    }
    machine.if_ioctl(tap_conformance::abi::SIOCSIFFLAGS, "bridge77", &IFF_UP.to_ne_bytes())?;
    Ok(far)
}

/// A header and a frame of any bytes.
fn raw(mut input: Bytes<'_>, setup: &Setup) -> Vec<u8> {
    let more = input.word() % MOST_MORE;
    let mut written = input.take(SHORT).to_vec();
    written.resize(if written.len() < SHORT { written.len() } else { setup.before }, 0);
    written.extend(input.rest());
    let len = written.len() + if more < MOST_MORE - 1000 { 0 } else { more as usize };
    written.resize(len, 0x5a);
    written
}

/// A packet and the header for it, with some bytes of both changed.
fn packet(mut input: Bytes<'_>, setup: &Setup, mac: [u8; 6]) -> Vec<u8> {
    let kind = input.byte();
    let words = input.byte();
    let shape = Shape {
        vlan: kind & 1 != 0,
        v6: kind & 2 != 0,
        udp: kind & 4 != 0,
        ip_words: 5 + (words & 15) % 11,
        tcp_words: 5 + (words >> 4) % 11,
        flags: input.byte(),
        seq: u32::MAX - 3000,
        id: u16::MAX - 2,
        payload: input.half().into(),
    };
    let header = shape.header(input.half());
    let mut written = header.to_bytes()[..setup.before].to_vec();
    let mut frame = shape.frame();
    if setup.local && !shape.v6 && !shape.vlan {
        frame[..6].copy_from_slice(&mac);
        frame[TARGET].copy_from_slice(&OURS);
    }
    written.extend(frame);
    while !input.is_empty() {
        let at = usize::from(input.half()) % written.len();
        written[at] ^= input.byte();
    }
    written
}

/// What src/offload says of it, for who has memory.
fn planned(written: &[u8], setup: &Setup) -> Result<Plan> {
    let errno = |refused| match refused {
        Refused::Invalid => Errno::EINVAL,
        Refused::TooLong => Errno::EMSGSIZE,
    };
    let len = frame_len(written.len(), setup.before).map_err(errno)?;
    let (header, frame) = written.split_at(setup.before);
    let header = header.first_chunk().map(Header::from_bytes).ok_or(Errno::EINVAL)?;
    header.plan(&frame[..len.min(FRONT)], len, setup.mtu as u64).map_err(errno)
}

/// The frames that came up are those that a frame stands for; two parts, if it is for the interface,
/// which has that address.
fn right(frame: &[u8], plan: Plan, ours: Option<[u8; 6]>, frames: &[Vec<u8>]) {
    match plan {
        Plan::Frame { len, sum, verified } => {
            let mut expected = frame[..len].to_vec();
            if let Some(sum) = sum {
                let end = verified.map_or(len, |packet| packet.end);
                wire::complete(&mut expected[..end], sum.start.into(), sum.offset.into());
            }
            kassert!(frames == [expected], "another frame came, or {}", frames.len());
        }
        Plan::Large(large) => {
            let frame = &frame[..large.end()];
            let segments = wire::segments(large, frame);
            let local = ours.is_some_and(|mac| frame[..6] == mac && frame[TARGET] == OURS);
            // An option of IP may lead elsewhere.
            if !local || frame[12..14] != [8, 0] || frame[14] != 0x45 {
                kassert!(frames == segments, "other segments, or {}", frames.len());
                return;
            }
            kassert!(frames.len() == 2 && frames[0] == segments[0], "{} parts", frames.len());
            wire::assert_right(&frames[1]);
            let done = segments[0].len();
            let payload = &frames[1][large.headers()..];
            kassert!(payload == &frame[done..], "the second part's payload");
        }
    }
}

/// What came out of the bridge had come in.
fn crossed(
    machine: &Machine,
    far: i32,
    written: &[u8],
    setup: &Setup,
    mac: [u8; 6],
    frames: &[Vec<u8>],
) {
    let mut room = vec![0; ROOM];
    let mut rest = frames.iter();
    while let Ok(read) = machine.sys.read(far, Out::bytes(&mut room)) {
        let out = &room[..read];
        let from = written.get(setup.before + 6..setup.before + 12).unwrap_or_default();
        if from == mac || out[6..12] != *from {
            // The stack's own.
            continue;
        }
        kassert!(rest.any(|frame| frame == out), "a frame of {read} bytes that did not come in");
    }
}
