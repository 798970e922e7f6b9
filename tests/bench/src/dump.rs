// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Callgrind's dumps: how often each instruction was executed, from files that it writes with
//! `--dump-instr=yes --compress-pos=no` on request of the program.

use std::collections::BTreeMap;

use anyhow::{bail, Context, Result};

/// One dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// What the program called it.
    pub name: String,
    /// Executions, by the instruction's address.
    pub executed: BTreeMap<u64, u64>,
}

const TRIGGER: &str = "desc: Trigger: Client Request: ";

impl Dump {
    /// Reads a dump; `None` if it is not one that the program asked for. One of another shape than
    /// is asked for above is an error.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let mut dump = Self::default();
        let mut requested = false;
        // The line behind a "calls=" is what the callee cost, which the callee's own lines say too.
        let mut inclusive = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix(TRIGGER) {
                requested = true;
                dump.name = name.trim().to_owned();
            } else if let Some(positions) = line.strip_prefix("positions: ") {
                if positions.trim() != "instr" {
                    bail!("the dump's positions are {positions}");
                }
            } else if let Some(events) = line.strip_prefix("events: ") {
                if events.trim() != "Ir" {
                    bail!("the dump's events are {events}");
                }
            } else if line.starts_with("calls=") {
                inclusive = true;
            } else if line.starts_with(['0', '+', '-', '*']) {
                let cost = cost(line).with_context(|| format!("damaged line: {line}"))?;
                if std::mem::take(&mut inclusive) {
                    continue;
                }
                *dump.executed.entry(cost.0).or_default() += cost.1;
            }
        }
        Ok(requested.then_some(dump))
    }

    /// How many instructions of these addresses were executed.
    pub fn within(&self, span: &std::ops::Range<u64>) -> u64 {
        self.executed.range(span.clone()).map(|(_, count)| count).sum()
    }
}

/// "0x4e12059 20": an address and how often it was executed; without the latter, never.
fn cost(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let address = words.next()?.strip_prefix("0x")?;
    let count = words.next().map_or(Some(0), |count| count.parse().ok())?;
    Some((u64::from_str_radix(address, 16).ok()?, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# callgrind format\nversion: 1\npart: 3\n\n\
        desc: Timerange: Basic block 0 - 7\ndesc: Trigger: Client Request: write_60 1\n\n\
        positions: instr\nevents: Ir\nsummary: 99\n\n\nob=(6)\nfl=(1) ???\nfn=(9) 0x4000\n\
        0x4000 20\n0x4003 20\ncob=(7)\ncfn=(8) uiomove\ncalls=20 0x9000\n0x4005 5000\n0x4008 20\n\
        fn=(9)\n0x4000 1\n0x9000 7\ntotals: 99\n";

    #[test]
    fn what_was_executed_is_counted_without_what_it_called() {
        let dump = Dump::parse(TEXT).unwrap().unwrap();
        assert_eq!(dump.name, "write_60 1");
        let executed = [(0x4000, 21), (0x4003, 20), (0x4008, 20), (0x9000, 7)];
        assert_eq!(dump.executed, executed.into_iter().collect());
        assert_eq!(dump.within(&(0x4000..0x4100)), 61);
        assert_eq!(dump.within(&(0x4001..0x4008)), 20);
        assert_eq!(dump.within(&(0x5000..0x5100)), 0);
    }

    #[test]
    fn the_dump_at_the_programs_end_is_nobodys() {
        let end = TEXT.replace("Client Request: write_60 1", "Program termination");
        assert_eq!(Dump::parse(&end).unwrap(), None);
    }

    #[test]
    fn another_shape_is_refused() {
        for (from, to) in [
            ("positions: instr", "positions: instr line"),
            ("events: Ir", "events: Ir Dr"),
            ("0x4003 20", "+3 20"),
            ("0x4003 20", "0x4003 x"),
        ] {
            assert!(Dump::parse(&TEXT.replace(from, to)).is_err(), "{to}");
        }
    }
}
