// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Network interfaces: what sys/net and the beginnings of sys/netinet have of them.

pub mod bpf;
mod bpf_buffer;
pub mod bpf_dev;
mod bpf_file;
mod bridge;
mod bridge_input;
mod domain;
mod ether_input;
mod ether_multi;
mod ether_output;
mod ethersubr;
mod if_attach;
mod if_clone;
mod if_sysctl;
mod ifaddr;
mod ifcap;
mod ifdescr;
mod ifflags;
pub mod ifioctl;
pub mod ifnet;
mod ifq;
mod in_cksum;
pub(crate) mod in_offload;
mod inet;
pub(crate) mod inet6;
mod ioctl_arg;
mod link_proto;
mod linkstate;
mod media;
mod percpuq;
pub mod pfil;
mod pktqueue;
pub mod probe;
mod pseudo;
pub mod socket;
pub mod udp;
pub(crate) mod udp_socket;
mod vlan;

use crate::export::Export;

/// Everything of the network that a module may import.
pub fn exports() -> impl Iterator<Item = &'static Export> {
    [
        bpf::VARIABLES,
        ether_input::EXPORTS,
        ethersubr::EXPORTS,
        if_attach::EXPORTS,
        if_clone::EXPORTS,
        ifaddr::EXPORTS,
        ifioctl::EXPORTS,
        ifioctl::VARIABLES,
        linkstate::EXPORTS,
        media::EXPORTS,
        percpuq::EXPORTS,
        pfil::EXPORTS,
        pktqueue::EXPORTS,
        pktqueue::VARIABLES,
    ]
    .into_iter()
    .flatten()
}
