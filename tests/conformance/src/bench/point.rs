// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What one call costs, and the line that says so.

use core::fmt;

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
