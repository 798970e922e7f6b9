// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The cases, by topic.

use crate::case::Case;

pub mod batch_args;
pub mod batch_header;
pub mod batch_receive;
pub mod batch_send;
pub mod batch_storm;
pub mod batch_wait;
pub mod clients;
pub mod counters;
pub mod daemons;
pub mod departure;
pub mod emulators;
pub mod foreign;
pub mod groups;
pub mod ioctl_fd;
pub mod ioctl_if;
pub mod kqueue;
pub mod length;
pub mod libtuntap;
pub mod lifecycle;
pub mod module;
pub mod offload_beyond;
pub mod offload_caps;
pub mod offload_cut;
pub mod offload_cut_edge;
pub mod offload_ioctl;
pub mod offload_read;
pub mod offload_refused;
pub mod offload_storm;
pub mod offload_sum;
pub mod offload_taken_back;
pub mod offload_tcp;
pub mod offload_tso;
pub mod offload_whole;
pub mod offload_write;
pub mod open;
pub mod overlap;
pub mod passing;
pub mod phyaddr;
pub mod poll;
pub mod power;
pub mod qemu;
pub mod queue;
pub mod races;
pub mod read;
pub mod read_wait;
pub mod revoked;
pub mod sigio;
pub mod signals;
pub mod stress;
pub mod sysctl;
pub mod transient;
pub mod transient_end;
pub mod tree;
pub mod tun;
pub mod write;

/// Calls `f` with every case.
pub fn each(f: &mut dyn FnMut(&Case)) {
    let topics: &[&[Case]] = &[
        lifecycle::cases(),
        open::cases(),
        read::cases(),
        read_wait::cases(),
        write::cases(),
        length::cases(),
        ioctl_fd::cases(),
        ioctl_if::cases(),
        phyaddr::cases(),
        poll::cases(),
        kqueue::cases(),
        sigio::cases(),
        signals::cases(),
        sysctl::cases(),
        tree::cases(),
        counters::cases(),
        queue::cases(),
        clients::cases(),
        daemons::cases(),
        emulators::cases(),
        qemu::cases(),
        libtuntap::cases(),
        foreign::cases(),
        tun::cases(),
        passing::cases(),
        groups::cases(),
        power::cases(),
        offload_ioctl::cases(),
        offload_caps::cases(),
        offload_write::cases(),
        offload_sum::cases(),
        offload_cut::cases(),
        offload_cut_edge::cases(),
        offload_whole::cases(),
        offload_beyond::cases(),
        offload_refused::cases(),
        offload_read::cases(),
        offload_taken_back::cases(),
        offload_tcp::cases(),
        offload_tso::cases(),
        offload_storm::cases(),
        transient::cases(),
        transient_end::cases(),
        batch_args::cases(),
        batch_send::cases(),
        batch_receive::cases(),
        batch_wait::cases(),
        batch_header::cases(),
        batch_storm::cases(),
        races::cases(),
        overlap::cases(),
        departure::cases(),
        revoked::cases(),
        stress::cases(),
        module::cases(),
    ];
    for topic in topics {
        topic.iter().for_each(&mut *f);
    }
}
