// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! bpf(4) on an interface: every frame that it receives.

use tap_conformance::abi::{
    BpfHdr, IfReq, BIOCIMMEDIATE, BIOCSBLEN, BIOCSDIRECTION, BIOCSETIF, BPF_D_IN, O_NONBLOCK,
    O_RDWR,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::Result;
use tap_conformance::user::{Out, Plain};
use tap_host::host_panic;

use crate::machine::Machine;

/// Bytes of bpf(4)'s buffer: a large packet in as many frames as it can stand for.
pub const ROOM: usize = 1 << 18;

/// A descriptor of bpf(4) that hears what the interface receives, which has that MTU then.
pub fn listen(machine: &Machine, name: &str, mtu: i32) -> Result<i32> {
    let sys = machine.sys;
    machine.set_mtu(name, mtu)?;
    let bpf = sys.open(c"/dev/bpf", O_RDWR | O_NONBLOCK)?;
    sys.ioctl(bpf, BIOCSBLEN, Out::value(&mut (ROOM as u32)))?;
    let mut req = IfReq::zeroed();
    put_name(&mut req.name, name);
    sys.ioctl(bpf, BIOCSETIF, Out::value(&mut req))?;
    sys.ioctl(bpf, BIOCIMMEDIATE, Out::value(&mut 1_u32))?;
    sys.ioctl(bpf, BIOCSDIRECTION, Out::value(&mut { BPF_D_IN }))?;
    Ok(bpf)
}

/// The frames that a descriptor of bpf(4) has heard.
pub fn heard(machine: &Machine, bpf: i32) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut room = vec![0; ROOM];
    while let Ok(len @ 1..) = machine.sys.read(bpf, Out::bytes(&mut room)) {
        let mut rest = &room[..len];
        while let Some(bytes) = rest.get(..size_of::<BpfHdr>()) {
            let mut header = BpfHdr::zeroed();
            header.as_bytes_mut().copy_from_slice(bytes);
            let start = usize::from(header.hdrlen);
            let end = start + header.datalen as usize;
            let Some(frame) = rest.get(start..end) else { host_panic!("bpf cut a frame") };
            frames.push(frame.to_vec());
            rest = rest.get(end.next_multiple_of(8)..).unwrap_or_default();
        }
    }
    frames
}

/// How many mbufs there are, once nothing is under way.
pub fn mbufs_when_quiet(machine: &Machine) -> u64 {
    machine.sys.sleep_ms(20);
    machine.sys.mbufs().unwrap_or_else(|error| host_panic!("kern.mbuf.stats: {error}"))
}
