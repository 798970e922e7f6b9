// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! One driver's costs, or two drivers' side by side: a table to read, and JSON.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use crate::counts::{Counts, Point};

/// A driver that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Driver {
    /// The module's name.
    pub name: String,
    /// Bytes that the kernel's loader keeps for it.
    pub loaded: u64,
    /// What it costs.
    #[serde(flatten)]
    pub counts: Counts,
}

/// All that was measured in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The kernel's version.
    pub kernel: String,
    /// The driver in question.
    pub driver: Driver,
    /// The one it is held against.
    pub vs: Option<Driver>,
}

/// What one of the two costs for each that the other does.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Ratio {
    name: String,
    taps: u32,
    ratio: f64,
}

impl Comparison {
    /// A Markdown table: a row for whatever either driver was measured with.
    pub fn markdown(&self) -> String {
        let driver = &self.driver;
        let mut out = format!("# Instructions for one call, NetBSD {}, one CPU\n\n", self.kernel);
        // Writing to a string cannot fail.
        let _ = match &self.vs {
            None => {
                write!(out, "| work | taps | {} | what |\n| --- | --- | --- | --- |\n", driver.name)
            }
            Some(vs) => write!(
                out,
                "| work | taps | {} | {} | ratio | what |\n| --- | --- | --- | --- | --- | --- |\n",
                vs.name,
                self.own_name()
            ),
        };
        for point in self.rows() {
            let own = driver.counts.point(&point.name, point.taps);
            let _ = write!(out, "| {} | {} |", point.name, point.taps);
            if let Some(vs) = &self.vs {
                let _ = write!(out, " {} |", cell(vs.counts.point(&point.name, point.taps)));
            }
            let _ = write!(out, " {} |", cell(own));
            if self.vs.is_some() {
                let ratio = self.ratio(point).map_or("–".into(), |ratio| format!("{ratio:.2}"));
                let _ = write!(out, " {ratio} |");
            }
            let _ = writeln!(out, " {} |", point.what.replace('|', "\\|"));
        }
        out + &self.size()
    }

    /// The same as JSON, with ratios.
    pub fn json(&self) -> Result<String> {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            comparison: &'a Comparison,
            ratios: Vec<Ratio>,
        }
        let ratio = |point: &Point| {
            let ratio = self.ratio(point)?;
            Some(Ratio { name: point.name.clone(), taps: point.taps, ratio })
        };
        let ratios = self.driver.counts.points.iter().filter_map(ratio).collect();
        Ok(serde_json::to_string_pretty(&Whole { comparison: self, ratios })? + "\n")
    }

    /// The driver's name, told apart from another of the same name.
    fn own_name(&self) -> String {
        let name = &self.driver.name;
        match &self.vs {
            Some(vs) if vs.name == *name => format!("{name}, this one"),
            _ => name.clone(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = &Point> {
        let own = &self.driver.counts;
        let others = self.vs.iter().flat_map(|vs| &vs.counts.points);
        own.points.iter().chain(others.filter(|p| own.point(&p.name, p.taps).is_none()))
    }

    fn ratio(&self, point: &Point) -> Option<f64> {
        let own = self.driver.counts.point(&point.name, point.taps)?;
        let other = self.vs.as_ref()?.counts.point(&point.name, point.taps)?;
        (other.median != 0).then(|| own.median as f64 / other.median as f64)
    }

    fn size(&self) -> String {
        let driver = &self.driver;
        let loaded = beside(driver.loaded, self.vs.as_ref().map(|vs| vs.loaded));
        let text = driver.counts.text.map_or_else(String::new, |own| {
            let other = self.vs.as_ref().and_then(|vs| vs.counts.text);
            format!(", text alone {}", beside(own, other))
        });
        format!("\nLoaded: {loaded}{text}.\n")
    }
}

/// "150 bytes, 1.50 of 100", or without the other's.
fn beside(own: u64, other: Option<u64>) -> String {
    match other.filter(|&other| other != 0) {
        Some(other) => format!("{own} bytes, {:.2} of {other}", own as f64 / other as f64),
        None => format!("{own} bytes"),
    }
}

fn cell(point: Option<&Point>) -> String {
    point.map_or("–".into(), |point| point.median.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(name: &str, loaded: u64, lines: &str) -> Driver {
        Driver { name: name.into(), loaded, counts: Counts::parse(lines).unwrap() }
    }

    fn both() -> Comparison {
        let rust = "@@ # count a 1 9 70 80 90 - x | y\n@@ # count a 64 9 1 1 1 - x\n\
            @@ # count new 1 9 5 5 5 - n\n@@ # text 150\n";
        let c = "@@ # count a 1 9 90 100 900 - x | y\n@@ # count a 64 9 0 0 0 - x\n\
            @@ # count old 1 9 6 6 6 - o\n@@ # text 100\n";
        Comparison {
            kernel: "10.1".into(),
            driver: driver("if_tap_rs", 180, rust),
            vs: Some(driver("if_tap", 120, c)),
        }
    }

    #[test]
    fn the_table_has_counts_beside_ratios() {
        let table = both().markdown();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[2], "| work | taps | if_tap | if_tap_rs | ratio | what |");
        assert_eq!(lines[4], "| a | 1 | 100 | 80 | 0.80 | x \\| y |");
        assert_eq!(lines[5], "| a | 64 | 0 | 1 | – | x |");
        assert_eq!(lines[6], "| new | 1 | – | 5 | – | n |");
        assert_eq!(lines[7], "| old | 1 | 6 | – | – | o |");
        assert_eq!(lines[9], "Loaded: 180 bytes, 1.50 of 120, text alone 150 bytes, 1.50 of 100.");
        let columns = lines[2].matches('|').count();
        assert!(lines[3..8].iter().all(|l| l.replace("\\|", "").matches('|').count() == columns));
    }

    #[test]
    fn one_driver_alone_has_no_ratios() {
        let table = Comparison { vs: None, ..both() }.markdown();
        assert!(table.contains("| work | taps | if_tap_rs | what |"));
        assert!(table.contains("| a | 1 | 80 | x \\| y |"));
        assert!(table.contains("Loaded: 180 bytes, text alone 150 bytes.\n"));
        assert!(!table.contains("ratio") && !table.contains("old"));
    }

    #[test]
    fn two_builds_of_one_driver_are_told_apart() {
        let mut comparison = both();
        comparison.vs.as_mut().unwrap().name = "if_tap_rs".into();
        assert!(comparison.markdown().contains("| if_tap_rs | if_tap_rs, this one |"));
    }

    #[test]
    fn json_holds_both_and_what_can_be_divided() {
        let value: serde_json::Value = serde_json::from_str(&both().json().unwrap()).unwrap();
        assert_eq!(value["kernel"], "10.1");
        assert_eq!(value["driver"]["name"], "if_tap_rs");
        assert_eq!(value["driver"]["points"][0]["median"], 80);
        assert_eq!(value["vs"]["points"][0]["tenth"], 900);
        assert_eq!(value["vs"]["loaded"], 120);
        assert_eq!(value["vs"]["text"], 100);
        assert_eq!(value["ratios"], serde_json::json!([{"name": "a", "taps": 1, "ratio": 0.8}]));
    }
}
