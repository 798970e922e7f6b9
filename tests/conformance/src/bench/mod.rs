// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What calls cost: the work that is measured, for whoever brings a counter.
//!
//! A [`Workload`] makes the same call over [`Sys`] again and again and has each one counted by the
//! caller's [`Rig`]: by the processor's clock in a machine whose nanosecond is an instruction, or
//! by whatever counts in the host. Nothing here knows the unit. What one call costs is the median
//! of its rounds, so that a clock interrupt in some of them does not show.

mod ask;
mod io;
mod life;
mod send;

use core::fmt;

use crate::case::{Failure, Fallible, On, Verdict};
use crate::ctx::{Ctx, Module};
use crate::errno::{Errno, Result};
use crate::run::{be_quiet, selected};
use crate::sys::{Need, Sys};
use crate::text::Text;

/// What the caller brings beside the system calls.
pub trait Rig<S: Sys> {
    /// A workload begins, or all are done: first there are to be so many interfaces beside its own.
    fn begin(&mut self, _others: u32) {}
    /// The call to be counted comes next.
    fn start(&mut self);
    /// It is over: what it cost, with whatever reading the counter itself costs.
    fn stop(&mut self) -> u64;
    /// A descriptor of which each write(2) makes the stack send the bytes to that IPv4 address in
    /// one UDP datagram.
    fn sender(&mut self, sys: S, to: [u8; 4]) -> Result<i32>;
    /// Takes a result.
    fn report(&mut self, point: &Point);
}

/// What one call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The workload.
    pub name: &'static str,
    /// What is counted, in words.
    pub what: &'static str,
    /// How many interfaces of the driver there were.
    pub taps: u32,
    /// How many calls were counted.
    pub rounds: usize,
    /// The cheapest call.
    pub least: u64,
    /// The median.
    pub median: u64,
    /// What one call in ten exceeds.
    pub tenth: u64,
}

impl Point {
    /// From the counts of single calls, which are sorted here, less what counting nothing costs.
    /// Nothing comes of no counts.
    #[must_use]
    pub fn of(name: &'static str, taps: u32, counts: &mut [u64], nothing: u64) -> Option<Self> {
        counts.sort_unstable();
        let at = |index: usize| counts.get(index).map(|count| count.saturating_sub(nothing));
        Some(Self {
            name,
            what: "",
            taps,
            rounds: counts.len(),
            least: at(0)?,
            median: at(counts.len() / 2)?,
            tenth: at(counts.len() * 9 / 10)?,
        })
    }

    /// Says what was counted.
    #[must_use]
    pub const fn what(mut self, what: &'static str) -> Self {
        self.what = what;
        self
    }
}

/// A line for whoever reads results from a console: name, interfaces, rounds, least, median, tenth,
/// and behind a dash what it is.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, what, taps, rounds, least, median, tenth } = self;
        write!(f, "{name} {taps} {rounds} {least} {median} {tenth} - {what}")
    }
}

/// Calls that are counted.
pub struct Workload<S: Sys> {
    /// Its name, the same in every report.
    pub name: &'static str,
    /// What is counted, in words.
    pub what: &'static str,
    /// How many calls.
    pub rounds: usize,
    /// Whether it is also of interest how it grows with the number of interfaces.
    pub grows: bool,
    /// What the system must have.
    pub needs: &'static [Need],
    /// Makes the calls.
    pub run: fn(&Ctx<S>, &mut Tally<'_, S>) -> Verdict,
}

const ROUNDS: usize = 301;

const fn work<S: Sys>(
    name: &'static str,
    what: &'static str,
    run: fn(&Ctx<S>, &mut Tally<'_, S>) -> Verdict,
) -> Workload<S> {
    Workload { name, what, rounds: ROUNDS, grows: false, needs: &[Need::Inet], run }
}

impl<S: Sys> Workload<S> {
    const fn rounds(mut self, rounds: usize) -> Self {
        assert!(rounds <= MOST_ROUNDS);
        self.rounds = rounds;
        self
    }

    const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    const fn grows(mut self) -> Self {
        self.grows = true;
        self
    }
}

/// Every workload, in the order of the report.
pub fn each<S: Sys>(f: &mut dyn FnMut(&Workload<S>)) {
    let all = [io::workloads::<S>(), ask::workloads(), send::workloads(), life::workloads()];
    for work in all.into_iter().flatten() {
        f(work);
    }
}

/// Calls before the counted ones: pools fill up, addresses get resolved.
pub const WARM_UP: usize = 9;
/// No workload counts more.
pub const MOST_ROUNDS: usize = 512;

/// The counts of one workload.
pub struct Tally<'r, S: Sys> {
    rig: &'r mut dyn Rig<S>,
    rounds: usize,
    taps: u32,
    begun: usize,
    counts: [u64; MOST_ROUNDS],
    taken: usize,
}

impl<'r, S: Sys> Tally<'r, S> {
    fn new(rig: &'r mut dyn Rig<S>, rounds: usize, taps: u32) -> Self {
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
    pub fn sender(&mut self, c: &Ctx<S>, to: [u8; 4]) -> Fallible<i32> {
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
    fn wants<S: Sys>(&self, work: &Workload<S>, taps: u32) -> bool {
        selected(self.only, work.name) && (taps == 1 || work.grows)
    }
}

/// Measures, with a TAP line for each workload.
pub fn run<S: Sys>(sys: S, config: &Config<'_>, rig: &mut dyn Rig<S>) -> Result<()> {
    match sys.modload(config.module.path) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(e) => return Err(e),
    }
    let c = Ctx::new(sys, config.module)?;
    be_quiet(sys);
    let mut planned = 0;
    for &taps in config.taps {
        each::<S>(&mut |work| planned += u32::from(config.wants(work, taps)));
    }
    sys.line(Text::<64>::of(format_args!("1..{planned}")).as_str());
    let nothing = cost_of_nothing(rig)?;
    let mut number = 0;
    for &taps in config.taps {
        each::<S>(&mut |work| {
            if config.wants(work, taps) {
                number += 1;
                one(&c, config, work, number, taps, nothing, rig);
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

fn cost_of_nothing<S: Sys>(rig: &mut dyn Rig<S>) -> Result<u64> {
    let mut tally = Tally::new(rig, ROUNDS, 1);
    while tally.again() {
        tally.count(|| ());
    }
    tally.taken().iter().min().copied().ok_or(Errno::EINVAL)
}

fn one<S: Sys>(
    c: &Ctx<S>,
    config: &Config<'_>,
    work: &Workload<S>,
    number: u32,
    taps: u32,
    nothing: u64,
    rig: &mut dyn Rig<S>,
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
fn crowd<S: Sys>(c: &Ctx<S>, wanted: u32) -> Verdict {
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
