// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel that the host plays: one file for each file of the kernel's own sources that
//! defines what the module imports. Where that sleeps, wakes, drains or counts, so does this.

#[cfg(asan)]
pub mod asan;
pub mod atomic;
pub mod autoconf;
pub mod cfglock;
pub mod condvar;
pub mod cprng;
pub mod descrip;
pub mod devsw;
pub mod errno;
pub mod ether_text;
pub mod event;
mod field;
pub mod kauth;
#[cfg(feature = "coverage")]
pub mod kcov;
pub mod klock;
pub mod kmem;
pub mod libkern;
pub mod local;
pub mod mbuf;
mod mbuf_ext;
pub mod module;
pub mod mutex;
pub mod net;
pub mod packet;
pub mod percpu;
pub mod pmf;
pub mod prf;
pub mod proc;
pub mod process;
pub mod select;
pub mod signal;
pub mod softint;
pub mod spec;
pub mod spl;
pub mod sysctl;
pub mod time;
pub mod uio;
mod usercopy;
pub mod workqueue;

use crate::arch;
use crate::export::Export;

/// Everything that a module may import.
pub fn exports() -> impl Iterator<Item = &'static Export> {
    [
        #[cfg(asan)]
        asan::EXPORTS,
        atomic::EXPORTS,
        autoconf::EXPORTS,
        condvar::EXPORTS,
        cprng::EXPORTS,
        arch::curlwp::EXPORTS,
        descrip::EXPORTS,
        devsw::EXPORTS,
        ether_text::EXPORTS,
        event::EXPORTS,
        event::VARIABLES,
        kauth::EXPORTS,
        #[cfg(feature = "coverage")]
        kcov::EXPORTS,
        klock::EXPORTS,
        kmem::EXPORTS,
        libkern::EXPORTS,
        mbuf::EXPORTS,
        mutex::EXPORTS,
        packet::EXPORTS,
        percpu::EXPORTS,
        pmf::EXPORTS,
        prf::EXPORTS,
        proc::EXPORTS,
        proc::VARIABLES,
        select::EXPORTS,
        signal::EXPORTS,
        softint::EXPORTS,
        spec::EXPORTS,
        spl::EXPORTS,
        sysctl::CREATE,
        sysctl::LOOKUP,
        sysctl::VARIADIC,
        time::EXPORTS,
        time::VARIABLES,
        uio::EXPORTS,
        workqueue::EXPORTS,
    ]
    .into_iter()
    .flatten()
    .chain(net::exports())
}
