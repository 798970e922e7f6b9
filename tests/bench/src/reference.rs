// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The counts that are checked in, and how others are held against them: a rise of more than 2 % of
//! any is a failure, and so is whatever only one of both has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::{Cost, Driver};

/// Counts as they are checked in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The release whose module and headers they are of.
    pub release: String,
    /// Bytes that the kernel's loader loads.
    pub loaded: f64,
    /// Bytes of text.
    pub text: f64,
    /// What calls cost.
    pub costs: Vec<Entry>,
}

/// One workload's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The workload.
    pub name: String,
    /// How many interfaces there were.
    pub taps: u32,
    /// Instructions of the module.
    pub instructions: f64,
    /// Bytes copied.
    pub bytes: f64,
    /// Calls to kernel functions.
    pub calls: BTreeMap<String, f64>,
}

/// How one workload, or the module's size, compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which it is.
    pub name: String,
    /// Counts that rose, or are only on one side.
    pub worse: Vec<String>,
    /// Counts that fell by more than 2 %.
    pub better: Vec<String>,
}

/// What is neither a rise nor a fall, as a share.
const MARGIN: f64 = 0.02;
/// Half of the last digit that is kept.
const DIGIT: f64 = 0.005;

impl Reference {
    /// The counts of a driver.
    pub fn of(release: &str, driver: &Driver) -> Self {
        Self {
            release: release.to_owned(),
            loaded: driver.loaded as f64,
            text: driver.text as f64,
            costs: driver.costs.iter().map(Entry::of).collect(),
        }
    }

    /// Reads a file's contents.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// A file's contents: JSON with a line for each workload, so that changes are seen.
    pub fn json(&self) -> Result<String> {
        let Self { release, loaded, text, costs } = self;
        let release = serde_json::to_string(release)?;
        let mut json = format!("{{\n\"release\": {release},\n");
        // Writing to a string cannot fail.
        let _ = write!(json, "\"loaded\": {loaded},\n\"text\": {text},\n\"costs\": [\n");
        let lines: Result<Vec<String>, _> = costs.iter().map(serde_json::to_string).collect();
        Ok(json + &lines?.join(",\n") + "\n]\n}\n")
    }

    /// Holds other counts against these.
    pub fn compare(&self, now: &Self) -> Vec<Verdict> {
        let mut size = Verdict::new("size");
        size.count("loaded", self.loaded, now.loaded);
        size.count("text", self.text, now.text);
        if self.release != now.release {
            size.worse.push(format!("release {} instead of {}", now.release, self.release));
        }
        let old = self.costs.iter().map(|entry| entry.compare(now.entry(entry)));
        let new = now.costs.iter().filter(|entry| self.entry(entry).is_none());
        let new = new.map(|entry| Verdict::with(&entry.key(), "not in the reference"));
        [size].into_iter().chain(old).chain(new).collect()
    }

    fn entry(&self, like: &Entry) -> Option<&Entry> {
        self.costs.iter().find(|entry| entry.name == like.name && entry.taps == like.taps)
    }
}

impl Entry {
    fn of(cost: &Cost) -> Self {
        Self {
            name: cost.name.clone(),
            taps: cost.taps,
            instructions: cost.instructions,
            bytes: cost.bytes,
            calls: cost.calls.clone(),
        }
    }

    fn key(&self) -> String {
        format!("{}/{}", self.name, self.taps)
    }

    fn compare(&self, now: Option<&Self>) -> Verdict {
        let Some(now) = now else { return Verdict::with(&self.key(), "not measured") };
        let mut verdict = Verdict::new(&self.key());
        verdict.count("instructions", self.instructions, now.instructions);
        verdict.count("bytes", self.bytes, now.bytes);
        let names: BTreeSet<&String> = self.calls.keys().chain(now.calls.keys()).collect();
        for name in names {
            let of = |entry: &Self| entry.calls.get(name).copied().unwrap_or(0.0);
            verdict.count(name, of(self), of(now));
        }
        if !self.calls.is_empty() && now.calls.values().all(|calls| *calls == 0.0) {
            // No workload loses all of its calls: they are not counted.
            verdict.worse.push("no call to the kernel was counted".to_owned());
        }
        verdict
    }
}

impl Verdict {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), worse: Vec::new(), better: Vec::new() }
    }

    fn with(name: &str, worse: &str) -> Self {
        Self { worse: vec![worse.to_owned()], ..Self::new(name) }
    }

    fn count(&mut self, what: &str, was: f64, is: f64) {
        let text = format!("{what} {was} -> {is}");
        if is > was * (1.0 + MARGIN) + DIGIT {
            self.worse.push(text);
        } else if is < was * (1.0 - MARGIN) - DIGIT {
            self.better.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let calls = [("mutex_enter", 1.0), ("uiomove", 2.0)].map(|(name, n)| (name.to_owned(), n));
        let entry = |name: &str, taps| Entry {
            name: name.to_owned(),
            taps,
            instructions: 100.0,
            bytes: 60.0,
            calls: calls.clone().into(),
        };
        Reference {
            release: "11.0".into(),
            loaded: 14000.0,
            text: 13000.0,
            costs: vec![entry("write_60", 1), entry("write_60", 64), entry("poll", 1)],
        }
    }

    fn worse(now: &Reference) -> Vec<String> {
        let verdicts = reference().compare(now);
        let worse = |v: &Verdict| v.worse.iter().map(|w| format!("{}: {w}", v.name)).collect();
        verdicts.iter().map(worse).collect::<Vec<Vec<_>>>().concat()
    }

    #[test]
    fn the_same_is_no_worse() {
        let same = reference();
        assert_eq!(worse(&same), [""; 0]);
        assert_eq!(reference().compare(&same).len(), 4);
        assert!(reference().compare(&same).iter().all(|v| v.better.is_empty()));
    }

    #[test]
    fn a_rise_of_more_than_two_in_a_hundred_is_worse() {
        let mut now = reference();
        now.costs[1].instructions = 102.0;
        assert_eq!(worse(&now), [""; 0]);
        now.costs[1].instructions = 102.1;
        assert_eq!(worse(&now), ["write_60/64: instructions 100 -> 102.1"]);
    }

    #[test]
    fn calls_that_are_not_counted_are_no_gain() {
        let mut now = reference();
        now.costs[0].calls.clear();
        assert_eq!(worse(&now), ["write_60/1: no call to the kernel was counted"]);
    }

    #[test]
    fn every_count_is_looked_at() {
        let mut now = reference();
        now.loaded = 15000.0;
        now.text = 13500.0;
        now.costs[0].bytes = 120.0;
        now.costs[0].calls.insert("uiomove".into(), 3.0);
        now.costs[2].calls.insert("selrecord".into(), 0.5);
        let expected = [
            "size: loaded 14000 -> 15000",
            "size: text 13000 -> 13500",
            "write_60/1: bytes 60 -> 120",
            "write_60/1: uiomove 2 -> 3",
            "poll/1: selrecord 0 -> 0.5",
        ];
        assert_eq!(worse(&now), expected);
    }

    #[test]
    fn what_only_one_side_has_is_worse() {
        let mut now = reference();
        now.costs[0].name = "write_61".into();
        now.release = "10.1".into();
        let expected = [
            "size: release 10.1 instead of 11.0",
            "write_60/1: not measured",
            "write_61/1: not in the reference",
        ];
        assert_eq!(worse(&now), expected);
    }

    #[test]
    fn a_fall_is_told_and_no_failure() {
        let mut now = reference();
        now.costs[2].instructions = 97.0;
        now.costs[2].calls.remove("mutex_enter");
        assert_eq!(worse(&now), [""; 0]);
        let verdicts = reference().compare(&now);
        let expected = ["instructions 100 -> 97", "mutex_enter 1 -> 0"];
        assert_eq!(verdicts[3].better, expected);
    }

    #[test]
    fn a_file_holds_all_of_it_with_a_line_for_each_workload() {
        let json = reference().json().unwrap();
        assert_eq!(Reference::parse(&json).unwrap(), reference());
        assert_eq!(json.lines().filter(|line| line.contains("write_60")).count(), 2);
        assert!(Reference::parse(&json.replace("14000", "many")).is_err());
    }
}
