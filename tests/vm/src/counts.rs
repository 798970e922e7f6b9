// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the console said of costs.

use anyhow::{Context, Result};
use serde::Serialize;

/// What one call costs, in instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The workload.
    pub name: String,
    /// What was counted, in words.
    pub what: String,
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

/// One driver's costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Bytes of the module's text, which is what modstat(8) tells.
    pub text: Option<u64>,
    /// In the order of the console.
    pub points: Vec<Point>,
}

impl Counts {
    /// Reads a console. A damaged line is an error, not a count less.
    pub fn parse(console: &str) -> Result<Self> {
        let mut counts = Self::default();
        for line in console.lines() {
            if let Some((_, said)) = line.split_once("@@ # count ") {
                counts.points.push(point(said).with_context(|| format!("damaged line: {line}"))?);
            } else if let Some((_, said)) = line.split_once("@@ # text ") {
                let bytes = said.trim().parse();
                counts.text = Some(bytes.with_context(|| format!("damaged line: {line}"))?);
            }
        }
        Ok(counts)
    }

    /// The count of a workload with so many interfaces.
    pub fn point(&self, name: &str, taps: u32) -> Option<&Point> {
        self.points.iter().find(|point| point.name == name && point.taps == taps)
    }
}

/// "write_60 1 301 2198 2199 2210 - write of 60 B"
fn point(said: &str) -> Option<Point> {
    let (numbers, what) = said.split_once(" - ")?;
    let words: Vec<&str> = numbers.split(' ').collect();
    let [name, taps, rounds, least, median, tenth] = words[..] else { return None };
    Some(Point {
        name: name.to_owned(),
        what: what.trim().to_owned(),
        taps: taps.parse().ok()?,
        rounds: rounds.parse().ok()?,
        least: least.parse().ok()?,
        median: median.parse().ok()?,
        tenth: tenth.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_among_other_lines() {
        let console = "NetBSD 10.1\n@@ 1..2\n@@ # begin write_60/1 -\n\
            [ 1.2] tap0: x@@ # count write_60 1 301 2198 2199 2210 - write of 60 B\r\n\
            @@ ok 1 - write_60/1\n@@ # count write_60 64 41 1 2 3 - write of 60 B\n@@ # text 14793\n";
        let counts = Counts::parse(console).unwrap();
        assert_eq!(counts.text, Some(14793));
        assert_eq!(counts.points.len(), 2);
        let expected = Point {
            name: "write_60".into(),
            what: "write of 60 B".into(),
            taps: 1,
            rounds: 301,
            least: 2198,
            median: 2199,
            tenth: 2210,
        };
        assert_eq!(counts.point("write_60", 1), Some(&expected));
        assert_eq!(counts.point("write_60", 64).unwrap().median, 2);
        assert_eq!(counts.point("write_60", 2), None);
        assert_eq!(counts.point("write_61", 1), None);
    }

    #[test]
    fn a_damaged_count_is_no_count() {
        for line in ["write_60 1 301 21", "w 1 1 1 1 - x", "w 1 1 1 1 y 1 - x", "w 1 1 1 1 1 1 - x"]
        {
            let said = Counts::parse(&format!("@@ # count {line}\n")).unwrap_err();
            assert!(format!("{said:#}").contains(line), "{line}");
        }
        assert!(Counts::parse("@@ # text much\n").is_err());
    }

    /// The cases' side writes what this side reads.
    #[test]
    fn the_two_sides_agree() {
        let mut counts = [112, 9999, 111, 113, 115, 114, 116, 117, 119, 118];
        let said = tap_conformance::bench::Point::of("echo_98", 64, &mut counts, 11).unwrap();
        let said = said.what("a request - and its reply");
        let read = Counts::parse(&format!("@@ # count {said}\n")).unwrap();
        let point = read.point("echo_98", 64).unwrap();
        assert_eq!((point.what.as_str(), point.rounds), ("a request - and its reply", 10));
        assert_eq!((point.least, point.median, point.tenth), (100, 105, 9988));
    }

    #[test]
    fn nothing_comes_of_no_counts() {
        let of = |counts: &mut [u64]| tap_conformance::bench::Point::of("x", 1, counts, 20);
        assert_eq!(of(&mut []), None);
        assert_eq!(of(&mut [7]).unwrap().median, 0);
    }
}
