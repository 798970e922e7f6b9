// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! write(2) and writev(2): any bytes, any cut into spans, spans that fault, no memory. What is
//! taken arrives whole, in bpf(4) and in the counters; what is not leaves no trace.

use tap_conformance::errno::Errno;
use tap_conformance::user::{In, Out};
use tap_host::world::enter;
use tap_host::{host_panic, kassert};

use crate::bytes::Bytes;
use crate::listen::{heard, listen, mbufs_when_quiet};
use crate::machine::{machine, Machine};

const MTUS: [i32; 4] = [1500, 72, 9000, 1280];
/// The least length that is too long to be written.
const LONGER: usize = 65536;
const HEADER: usize = 14;
/// The types of frames that may be longer than others.
const VLAN: [u8; 2] = [0x81, 0];
const PPPOE: [u8; 2] = [0x88, 0x64];
const MPLS: [u8; 2] = [0x88, 0x47];

/// Writes one frame.
pub fn run(input: &[u8]) {
    let machine = machine(false);
    machine.begin(1);
    one(machine, Bytes::new(input));
    machine.end();
}

fn one(machine: &Machine, mut input: Bytes<'_>) {
    let setup = input.byte();
    let (no_memory, faults, is_node) = (setup & 4 != 0, setup & 8 != 0, setup & 16 != 0);
    let mtu = MTUS[usize::from(setup & 3)];
    let cuts: Vec<u8> = (0..setup >> 5).map(|_| input.byte()).collect();
    let fault = usize::from(input.half());
    let padding = usize::from(input.half() % 10_000);
    let mut frame = input.rest().to_vec();
    // A long frame need not be a long input.
    frame.resize(frame.len() + if padding < 9100 { 0 } else { padding - 9100 + 1400 }, 0x5a);
    let (fd, name) = if is_node { machine.node_up() } else { machine.clone_up() };
    let bpf = listen(machine, &name, mtu).unwrap_or_else(|error| host_panic!("bpf: {error}"));
    let before = machine.counters(&name).unwrap_or_else(|error| host_panic!("{name}: {error}"));
    let mbufs = mbufs_when_quiet(machine);

    let mut world = enter();
    world.memory.fail_in = no_memory.then_some(0);
    world.copies.fault_in = faults.then_some(fault);
    drop(world);
    let result = machine.sys.writev(fd, &cut(&frame, &cuts));
    let mut world = enter();
    let failed = no_memory && world.memory.fail_in.take().is_none();
    let faulted = faults && world.copies.fault_in.take().is_none();
    drop(world);

    let expected = match frame.len() {
        len if len < HEADER => Err(Errno::EINVAL),
        LONGER.. => Err(Errno::EMSGSIZE),
        _ if failed => Err(Errno::ENOBUFS),
        _ if faulted => Err(Errno::EFAULT),
        len => Ok(len),
    };
    kassert!(result == expected, "a write: {result:?} instead of {expected:?}");
    machine.sys.sleep_ms(20);
    let after = machine.counters(&name).unwrap_or_else(|error| host_panic!("{name}: {error}"));
    let frames = u64::from(result.is_ok());
    kassert!(after.ipackets - before.ipackets == frames, "frames counted: {}", after.ipackets);
    // ether_input discards what is longer than the MTU and its header allow, and counts an error.
    let oversize = result.is_ok() && is_oversize(&frame, mtu as usize);
    let bytes = if oversize { 0 } else { result.unwrap_or(0) as u64 };
    kassert!(after.ibytes - before.ibytes == bytes, "bytes counted: {}", after.ibytes);
    let errors = u64::from(result == Err(Errno::ENOBUFS) || oversize);
    kassert!(after.ierrors - before.ierrors == errors, "errors counted: {}", after.ierrors);
    check_heard(machine, bpf, result.is_ok().then_some(&frame[..]));
    let mut answer = [0; 16];
    while machine.sys.read(fd, Out::bytes(&mut answer)).is_ok() {}
    kassert!(mbufs_when_quiet(machine) == mbufs, "mbufs are left");
}

/// Whether ether_input discards a frame that has a whole header.
fn is_oversize(frame: &[u8], mtu: usize) -> bool {
    let room = match [frame[12], frame[13]] {
        MPLS => return false,
        VLAN => 4,
        PPPOE => 8,
        _ => 0,
    };
    frame.len() > mtu + HEADER + room
}

/// The frame in spans, each as long as a cut says; the last has the rest.
fn cut<'a>(frame: &'a [u8], cuts: &[u8]) -> Vec<In<'a>> {
    let mut rest = frame;
    let mut spans = Vec::new();
    for len in cuts {
        let (span, after) = rest.split_at(usize::from(*len).min(rest.len()));
        spans.push(In::bytes(span));
        rest = after;
    }
    spans.push(In::bytes(rest));
    spans
}

/// bpf(4) has heard just that frame, or nothing.
fn check_heard(machine: &Machine, bpf: i32, frame: Option<&[u8]>) {
    let frames = heard(machine, bpf);
    kassert!(frames.len() == usize::from(frame.is_some()), "bpf heard {} frames", frames.len());
    kassert!(frames.first().map(Vec::as_slice) == frame, "bpf heard another frame");
}
