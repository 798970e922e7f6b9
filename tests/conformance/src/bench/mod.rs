// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What calls cost: the measured workloads. The caller's [`Rig`] supplies the counter, in any unit.
//!
//! A [`Workload`] makes the same call over [`Sys`] repeatedly, and the rig counts each call. In an
//! emulated machine it reads the processor's clock, whose nanosecond is an instruction. In the host
//! it counts by other means. The cost of a call is the median of its rounds, so a clock interrupt in
//! some of them has no effect.

mod ask;
mod batch;
mod io;
mod life;
mod offload;
mod point;
mod send;
mod tcp;

use core::fmt;

use crate::abi::O_RDWR;
use crate::case::{Failure, Fallible, On, Verdict};
use crate::ctx::{Ctx, Module};
use crate::errno::{Errno, Result};
use crate::run::{be_quiet, selected};
use crate::sys::{Need, System};
use crate::text::Text;

pub use point::Point;

/// What the caller brings beside the system calls.
pub trait Rig {
    /// A workload begins, or all are done: first there are to be so many interfaces beside its own.
    fn begin(&mut self, _others: u32) {}
    /// The call to be counted comes next.
    fn start(&mut self);
    /// It is over: what it cost, with whatever reading the counter itself costs.
    fn stop(&mut self) -> u64;
    /// A descriptor of which each write(2) makes the stack send the bytes to that IPv4 address in
    /// one UDP datagram.
    fn sender(&mut self, sys: System, to: [u8; 4]) -> Result<i32>;
    /// Takes a result.
    fn report(&mut self, point: &Point);
}

/// Calls that are counted.
pub struct Workload {
    /// Its name, the same in every report.
    pub name: &'static str,
    /// What is counted, in words.
    pub what: &'static str,
    /// How many calls.
    pub rounds: usize,
    /// Whether it is also of interest how it grows with the number of interfaces.
    pub grows: bool,
    /// Whether it is something that NetBSD's own driver has not got.
    pub added: bool,
    /// What the system must have.
    pub needs: &'static [Need],
    /// Makes the calls.
    pub run: fn(&Ctx, &mut Tally<'_>) -> Verdict,
}

const ROUNDS: usize = 301;

const fn work(
    name: &'static str,
    what: &'static str,
    run: fn(&Ctx, &mut Tally<'_>) -> Verdict,
) -> Workload {
    Workload { name, what, rounds: ROUNDS, grows: false, added: false, needs: &[Need::Inet], run }
}

impl Workload {
    const fn rounds(mut self, rounds: usize) -> Self {
        assert!(rounds <= MOST_ROUNDS);
        self.rounds = rounds;
        self
    }

    const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    const fn added(mut self) -> Self {
        self.added = true;
        self
    }

    const fn grows(mut self) -> Self {
        self.grows = true;
        self
    }
}

/// Every workload, in the order of the report.
pub fn each(f: &mut dyn FnMut(&Workload)) {
    let frames = [io::workloads(), offload::workloads(), batch::workloads()];
    let others = [tcp::workloads(), ask::workloads(), send::workloads(), life::workloads()];
    for work in frames.into_iter().chain(others).flatten() {
        f(work);
    }
}

/// Calls before the counted ones: pools fill up, addresses get resolved.
pub const WARM_UP: usize = 9;
/// No workload counts more.
pub const MOST_ROUNDS: usize = 512;

/// The counts of one workload.
pub struct Tally<'r> {
    rig: &'r mut dyn Rig,
    rounds: usize,
    taps: u32,
    begun: usize,
    counts: [u64; MOST_ROUNDS],
    taken: usize,
}

impl<'r> Tally<'r> {
    fn new(rig: &'r mut dyn Rig, rounds: usize, taps: u32) -> Self {
        Self { rig, rounds, taps, begun: 0, counts: [0; MOST_ROUNDS], taken: 0 }
    }

    /// Whether there is to be another round; each counts one call.
    pub fn again(&mut self) -> bool {
        self.begun += 1;
        self.begun <= WARM_UP + self.rounds
    }

    /// Makes the round's call.
    pub fn count<T>(&mut self, call: impl FnOnce() -> T) -> T {
        self.rig.start();
        let value = call();
        let count = self.rig.stop();
        if self.begun > WARM_UP {
            if let Some(slot) = self.counts.get_mut(self.taken) {
                *slot = count;
                self.taken += 1;
            }
        }
        value
    }

    /// The unit for an interface of the workload's own: those below it are taken.
    #[must_use]
    pub fn unit(&self) -> u32 {
        self.taps - 1
    }

    /// See [`Rig::sender`].
    pub fn sender(&mut self, c: &Ctx, to: [u8; 4]) -> Fallible<i32> {
        Ok(c.keep(self.rig.sender(c.sys, to).on("a socket that sends")?))
    }

    fn taken(&mut self) -> &mut [u64] {
        &mut self.counts[..self.taken]
    }
}

/// What to measure, on what.
#[derive(Clone, Copy)]
pub struct Config<'a> {
    /// The driver. It is loaded if it is not yet.
    pub module: Module<'a>,
    /// Names, or beginnings of names, separated by commas; empty: all.
    pub only: &'a str,
    /// With how many interfaces, the workload's own among them: 1, and then what every growing
    /// workload is repeated with.
    pub taps: &'a [u32],
    /// How many calls to count at most; where the same call always costs the same, a few do.
    pub rounds: usize,
}

impl Config<'_> {
    fn wants(&self, work: &Workload, taps: u32) -> bool {
        selected(self.only, work.name) && (taps == 1 || work.grows)
    }
}

/// Measures, with a TAP line for each workload.
pub fn run(sys: System, config: &Config<'_>, rig: &mut dyn Rig) -> Result<()> {
    match sys.modload(config.module.path) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(e) => return Err(e),
    }
    let c = Ctx::new(sys, config.module)?;
    be_quiet(sys);
    let mut planned = 0;
    for &taps in config.taps {
        each(&mut |work| planned += u32::from(config.wants(work, taps)));
    }
    sys.line(Text::<64>::of(format_args!("1..{planned}")).as_str());
    let nothing = cost_of_nothing(rig)?;
    let complete = has_header(&c);
    let mut number = 0;
    for &taps in config.taps {
        each(&mut |work| {
            if config.wants(work, taps) {
                number += 1;
                if work.added && !complete {
                    let name = work.name;
                    let line =
                        format_args!("ok {number} - {name}/{taps} # SKIP the driver has none");
                    sys.line(Text::<128>::of(line).as_str());
                } else {
                    one(&c, config, work, number, taps, nothing, rig);
                }
            }
        });
    }
    rig.begin(0);
    if let Err(Failure(why)) = crowd(&c, 0) {
        sys.line(why.as_str());
        return Err(Errno::EBUSY);
    }
    sys.close(c.socket)
}

/// Whether the driver has what NetBSD's own has not got, by what it says of its offload header.
fn has_header(c: &Ctx) -> bool {
    let Ok((fd, _)) = c.open_clone(O_RDWR) else { return false };
    let has = c.header(fd).is_ok();
    c.clean().is_ok() && has
}

fn cost_of_nothing(rig: &mut dyn Rig) -> Result<u64> {
    let mut tally = Tally::new(rig, ROUNDS, 1);
    while tally.again() {
        tally.count(|| ());
    }
    tally.taken().iter().min().copied().ok_or(Errno::EINVAL)
}

fn one(
    c: &Ctx,
    config: &Config<'_>,
    work: &Workload,
    number: u32,
    taps: u32,
    nothing: u64,
    rig: &mut dyn Rig,
) {
    let name: Text<64> = Text::of(format_args!("{}/{taps}", work.name));
    let say = |line: fmt::Arguments<'_>| c.sys.line(Text::<300>::of(line).as_str());
    if let Some(need) = work.needs.iter().find(|need| !c.sys.has(**need)) {
        return say(format_args!("ok {number} - {name} # SKIP needs {need:?}"));
    }
    say(format_args!("# begin {name} -"));
    rig.begin(taps - 1);
    let rounds = work.rounds.min(config.rounds);
    let mut tally = Tally::new(rig, rounds, taps);
    let done = crowd(c, taps - 1).and_then(|()| (work.run)(c, &mut tally)).and(c.clean());
    let point = Point::of(work.name, taps, tally.taken(), nothing);
    match (done, point) {
        (Ok(()), Some(point)) if point.rounds == rounds => {
            rig.report(&point.what(work.what));
            say(format_args!("ok {number} - {name}"));
        }
        (Ok(()), _) => say(format_args!("not ok {number} - {name} # not every round was counted")),
        (Err(Failure(why)), _) => say(format_args!("not ok {number} - {name} # {why}")),
    }
}

/// Makes the interfaces that are only there, below the workload's own, or destroys some, until
/// there are so many.
fn crowd(c: &Ctx, wanted: u32) -> Verdict {
    let name = |unit| -> Text<16> { Text::of(format_args!("tap{unit}")) };
    while c.floor.get() < wanted {
        c.create(name(c.floor.get()).as_str()).on("creating the others")?;
        c.floor.set(c.floor.get() + 1);
    }
    while c.floor.get() > wanted {
        c.floor.set(c.floor.get() - 1);
        c.destroy(name(c.floor.get()).as_str()).on("destroying the others")?;
    }
    Ok(())
}
