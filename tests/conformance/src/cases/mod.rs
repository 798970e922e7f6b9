// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The cases, by topic.

use crate::case::Case;
use crate::sys::Sys;

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
pub fn each<S: Sys>(f: &mut dyn FnMut(&Case<S>)) {
    let topics: &[&[Case<S>]] = &[
        lifecycle::cases::<S>(),
        open::cases::<S>(),
        read::cases::<S>(),
        read_wait::cases::<S>(),
        write::cases::<S>(),
        length::cases::<S>(),
        ioctl_fd::cases::<S>(),
        ioctl_if::cases::<S>(),
        phyaddr::cases::<S>(),
        poll::cases::<S>(),
        kqueue::cases::<S>(),
        sigio::cases::<S>(),
        signals::cases::<S>(),
        sysctl::cases::<S>(),
        tree::cases::<S>(),
        counters::cases::<S>(),
        queue::cases::<S>(),
        clients::cases::<S>(),
        daemons::cases::<S>(),
        emulators::cases::<S>(),
        qemu::cases::<S>(),
        libtuntap::cases::<S>(),
        foreign::cases::<S>(),
        tun::cases::<S>(),
        passing::cases::<S>(),
        groups::cases::<S>(),
        power::cases::<S>(),
        offload_ioctl::cases::<S>(),
        offload_caps::cases::<S>(),
        offload_write::cases::<S>(),
        offload_sum::cases::<S>(),
        offload_cut::cases::<S>(),
        offload_cut_edge::cases::<S>(),
        offload_whole::cases::<S>(),
        offload_beyond::cases::<S>(),
        offload_refused::cases::<S>(),
        offload_read::cases::<S>(),
        offload_taken_back::cases::<S>(),
        offload_tcp::cases::<S>(),
        offload_tso::cases::<S>(),
        offload_storm::cases::<S>(),
        transient::cases::<S>(),
        transient_end::cases::<S>(),
        batch_args::cases::<S>(),
        batch_send::cases::<S>(),
        batch_receive::cases::<S>(),
        batch_wait::cases::<S>(),
        batch_header::cases::<S>(),
        batch_storm::cases::<S>(),
        races::cases::<S>(),
        overlap::cases::<S>(),
        departure::cases::<S>(),
        stress::cases::<S>(),
        module::cases::<S>(),
    ];
    for topic in topics {
        topic.iter().for_each(&mut *f);
    }
}
