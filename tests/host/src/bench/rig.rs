// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What counts the workloads' calls.

use tap_conformance::bench::{Point, Rig, WARM_UP};
use tap_conformance::errno::Result;
use tap_conformance::frames::PEER_MAC;
use tap_conformance::sys::System;

use super::gates::Calls;
use super::{collect, gates};
use crate::kern::cprng::Random;
use crate::kern::net::udp;
use crate::sys::HOST;
use crate::world::enter;

/// The counts of the workload that runs.
#[derive(Default)]
pub struct Meter {
    /// Rounds of it that were begun.
    begun: usize,
    /// How many interfaces there are beside its own.
    others: u32,
    /// Whether callgrind instruments, as it does not while these are made.
    instrumented: bool,
    /// What the gates said before the round.
    before: Vec<Calls>,
    /// What they counted in all counted rounds.
    sum: Vec<Calls>,
}

/// Everybody runs who can, until all sleep.
fn settle() {
    HOST.sleep_ms(1);
}

impl Meter {
    fn instrument(&mut self, on: bool) {
        if on != self.instrumented {
            self.instrumented = on;
            collect::instrument(on);
        }
    }
}

impl Rig for Meter {
    fn begin(&mut self, others: u32) {
        self.begun = 0;
        self.sum.clear();
        if others != self.others {
            self.others = others;
            self.instrument(false);
        }
    }

    fn start(&mut self) {
        self.begun += 1;
        settle();
        // An address at random is written in digits, some of which cost more than others.
        enter().random = Random::default();
        if self.begun == WARM_UP + 1 {
            self.instrument(true);
            collect::forget();
        }
        self.before = gates::counts();
        collect::set(true);
    }

    /// The number of kernel calls: instructions are for callgrind to tell.
    fn stop(&mut self) -> u64 {
        settle();
        collect::set(false);
        let mut counts = gates::counts();
        for (now, before) in counts.iter_mut().zip(&self.before) {
            now.calls -= before.calls;
            now.bytes -= before.bytes;
        }
        let calls = counts.iter().map(|count| count.calls).sum();
        if self.begun > WARM_UP {
            for (sum, count) in self.sum.iter_mut().zip(&counts) {
                sum.calls += count.calls;
                sum.bytes += count.bytes;
            }
            if self.sum.is_empty() {
                self.sum = counts;
            }
        }
        calls
    }

    fn sender(&mut self, _sys: System, to: [u8; 4]) -> Result<i32> {
        udp::connected(&mut enter(), to.into(), PEER_MAC)
    }

    fn report(&mut self, point: &Point) {
        let Point { name, taps, .. } = *point;
        collect::dump(&format!("{name} {taps}"));
        println!("work {point}");
        for Calls { name, calls, bytes } in self.sum.iter().filter(|count| count.calls != 0) {
            println!("call {name} {calls} {bytes}");
        }
    }
}
