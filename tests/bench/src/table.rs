// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What was measured, as tables to read and as JSON.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use crate::measure::{Cost, Driver};
use crate::services::Service;

/// All of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The release that the host plays.
    pub release: String,
    /// The driver in question.
    pub driver: Driver,
    /// The one it is held against.
    pub vs: Option<Driver>,
}

/// What one costs for each that the other does.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Ratio {
    name: String,
    taps: u32,
    instructions: Option<f64>,
    calls: Option<f64>,
}

/// How many functions a table of sizes has.
const LARGEST: usize = 25;

impl Comparison {
    /// Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("# The driver's own cost, in a host of NetBSD {}\n\n", self.release);
        // Writing to a string cannot fail.
        let _ = match &self.vs {
            None => write!(
                out,
                "For one call: instructions executed inside of the module's text, calls from there \
                 to the kernel, and the bytes that these copy.\n\n"
            ),
            Some(vs) => write!(
                out,
                "For one call, {} before the stroke and {} behind it: instructions executed inside \
                 of the module's text, calls from there to the kernel, and the bytes that these \
                 copy. Ratios are of the latter to the former.\n\n",
                vs.name,
                self.own_name()
            ),
        };
        self.costs(&mut out);
        self.sizes(&mut out);
        out
    }

    fn costs(&self, out: &mut String) {
        let both = self.vs.is_some();
        let mut headings = vec!["work", "taps", "instructions"];
        headings.extend(both.then_some("ratio"));
        headings.push("calls");
        headings.extend(both.then_some("ratio"));
        headings.extend(Service::ALL.map(Service::heading));
        headings.extend(["bytes", "what"]);
        row(out, headings.iter().map(|heading| (*heading).to_owned()));
        row(out, headings.iter().map(|_| "---".to_owned()));
        for cost in self.rows() {
            let pair = |f: &dyn Fn(&Cost) -> f64| self.pair(cost, f);
            let ratio = |f: &dyn Fn(&Cost) -> f64| {
                self.ratio(cost, f).map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
            };
            let instructions = |cost: &Cost| cost.instructions;
            let mut cells = vec![cost.name.clone(), cost.taps.to_string(), pair(&instructions)];
            cells.extend(both.then(|| ratio(&instructions)));
            cells.push(pair(&calls));
            cells.extend(both.then(|| ratio(&calls)));
            cells.extend(Service::ALL.map(|service| pair(&|cost| calls_of(cost, service))));
            cells.extend([pair(&|cost| cost.bytes), cost.what.replace('|', "\\|")]);
            row(out, cells);
        }
    }

    fn sizes(&self, out: &mut String) {
        let _ = write!(out, "\nSize: {}", self.size(|driver| driver.loaded));
        let _ = writeln!(out, " bytes loaded, {} of text.", self.size(|driver| driver.text));
        for driver in [&self.driver].into_iter().chain(&self.vs) {
            let mut functions: Vec<_> = driver.functions.iter().collect();
            functions.sort_by_key(|(name, size)| (std::cmp::Reverse(**size), *name));
            let _ = writeln!(out, "\n| bytes | function of {} |\n| --- | --- |", driver.name);
            for (name, size) in functions.iter().take(LARGEST) {
                row(out, [size.to_string(), format!("`{name}`")]);
            }
            if let Some(rest) = functions.get(LARGEST..).filter(|rest| !rest.is_empty()) {
                let sum: u64 = rest.iter().map(|(_, size)| **size).sum();
                row(out, [sum.to_string(), format!("{} others", rest.len())]);
            }
        }
    }

    /// The same as JSON, with ratios.
    pub fn json(&self) -> Result<String> {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            comparison: &'a Comparison,
            ratios: Vec<Ratio>,
        }
        let ratio = |cost: &Cost| Ratio {
            name: cost.name.clone(),
            taps: cost.taps,
            instructions: self.ratio(cost, &|cost| cost.instructions),
            calls: self.ratio(cost, &calls),
        };
        let both = self.driver.costs.iter().filter(|cost| self.other(cost).is_some());
        let ratios = both.map(ratio).collect();
        Ok(serde_json::to_string_pretty(&Whole { comparison: self, ratios })? + "\n")
    }

    /// The driver's name, told apart from another of the same name.
    fn own_name(&self) -> String {
        let name = &self.driver.name;
        match &self.vs {
            Some(vs) if vs.name == *name => format!("{name}, this one,"),
            _ => name.clone(),
        }
    }

    /// Whatever either driver was measured with.
    fn rows(&self) -> impl Iterator<Item = &Cost> {
        let own = &self.driver;
        let others = self.vs.iter().flat_map(|vs| &vs.costs);
        own.costs.iter().chain(others.filter(|cost| own.cost(&cost.name, cost.taps).is_none()))
    }

    fn own(&self, like: &Cost) -> Option<&Cost> {
        self.driver.cost(&like.name, like.taps)
    }

    fn other(&self, like: &Cost) -> Option<&Cost> {
        self.vs.as_ref()?.cost(&like.name, like.taps)
    }

    /// "3 / 1", or "1" where there is nothing to compare with.
    fn pair(&self, like: &Cost, of: &dyn Fn(&Cost) -> f64) -> String {
        let cell = |cost: Option<&Cost>| cost.map_or("–".to_owned(), |cost| number(of(cost)));
        match &self.vs {
            None => cell(self.own(like)),
            Some(_) => format!("{} / {}", cell(self.other(like)), cell(self.own(like))),
        }
    }

    fn ratio(&self, like: &Cost, of: &dyn Fn(&Cost) -> f64) -> Option<f64> {
        let (own, other) = (of(self.own(like)?), of(self.other(like)?));
        (other != 0.0).then(|| own / other)
    }

    fn size(&self, of: impl Fn(&Driver) -> u64) -> String {
        let own = of(&self.driver);
        match self.vs.as_ref().map(of).filter(|&other| other != 0) {
            None => own.to_string(),
            Some(other) => format!("{own} ({:.2} of {other})", own as f64 / other as f64),
        }
    }
}

/// A sum of nothing is a negative zero, unless one is added.
fn calls(cost: &Cost) -> f64 {
    cost.calls.values().sum::<f64>() + 0.0
}

fn calls_of(cost: &Cost, service: Service) -> f64 {
    let of = cost.calls.iter().filter(|(name, _)| Service::of(name) == service);
    of.map(|(_, count)| count).sum::<f64>() + 0.0
}

/// Two decimals at most, and none that say nothing.
fn number(count: f64) -> String {
    let text = format!("{count:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn row(out: &mut String, cells: impl IntoIterator<Item = String>) {
    for cell in cells {
        let _ = write!(out, "| {cell} ");
    }
    out.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(name: &str, taps: u32, instructions: f64, calls: &[(&str, f64)]) -> Cost {
        Cost {
            name: name.into(),
            taps,
            what: "x | y".into(),
            instructions,
            bytes: 60.0,
            calls: calls.iter().map(|(name, n)| ((*name).into(), *n)).collect(),
            functions: [].into(),
        }
    }

    fn driver(name: &str, loaded: u64, costs: Vec<Cost>) -> Driver {
        let functions = (0..30).map(|n| (format!("f{n:02}"), 100 - n)).collect();
        Driver { name: name.into(), loaded, text: 10, functions, costs, complaints: vec![] }
    }

    fn both() -> Comparison {
        let rust = vec![
            cost("a", 1, 80.0, &[("uiomove", 1.0), ("mutex_enter", 0.5)]),
            cost("zero", 1, 7.0, &[]),
            cost("none", 1, 7.0, &[]),
            cost("new", 1, 5.0, &[]),
        ];
        let c = vec![
            cost("a", 1, 100.0, &[("uiomove", 3.0)]),
            cost("zero", 1, 0.0, &[]),
            cost("none", 1, 7.0, &[("uiomove", 1.0)]),
            cost("old", 1, 6.25, &[]),
        ];
        Comparison {
            release: "11.0".into(),
            driver: driver("if_tap_rs", 150, rust),
            vs: Some(driver("if_tap", 100, c)),
        }
    }

    fn line(table: &str, beginning: &str) -> String {
        let found = table.lines().find(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("no {beginning} in {table}")).to_owned()
    }

    #[test]
    fn the_table_has_both_with_ratios() {
        let table = both().markdown();
        let a = "| a | 1 | 100 / 80 | 0.80 | 3 / 1.5 | 0.50 | 0 / 0 | 0 / 0.5 | 3 / 1 | 0 / 0 |";
        assert!(line(&table, "| a |").starts_with(a), "{table}");
        assert!(line(&table, "| a |").ends_with("| 60 / 60 | x \\| y |"));
        assert!(line(&table, "| zero |").starts_with("| zero | 1 | 0 / 7 | – | 0 / 0 | – |"));
        assert!(line(&table, "| none |").starts_with("| none | 1 | 7 / 7 | 1.00 | 1 / 0 | 0.00 |"));
        assert!(line(&table, "| new |").starts_with("| new | 1 | – / 5 | – |"));
        assert!(line(&table, "| old |").starts_with("| old | 1 | 6.25 / – | – |"));
        assert!(table.contains("if_tap before the stroke and if_tap_rs behind it"));
        let columns = |l: &String| l.replace("\\|", "").matches('|').count();
        let heading = columns(&line(&table, "| work |"));
        for row in ["| --- | --- | --- |", "| a |", "| zero |", "| new |", "| old |"] {
            assert_eq!(columns(&line(&table, row)), heading, "{row}");
        }
    }

    #[test]
    fn one_alone_has_no_ratios() {
        let table = Comparison { vs: None, ..both() }.markdown();
        assert!(line(&table, "| a |").starts_with("| a | 1 | 80 | 1.5 | 0 | 0.5 | 1 |"));
        assert!(!table.contains("ratio") && !table.contains("old"));
        assert!(table.contains("Size: 150 bytes loaded, 10 of text."));
    }

    #[test]
    fn sizes_stand_below() {
        let table = both().markdown();
        assert!(table.contains("Size: 150 (1.50 of 100) bytes loaded, 10 (1.00 of 10) of text."));
        assert!(table.contains("| 100 | `f00` |\n| 99 | `f01` |\n"));
        // 75 down to 71.
        assert!(table.contains("| 76 | `f24` |\n| 365 | 5 others |\n"));
    }

    #[test]
    fn json_holds_both_and_what_can_be_divided() {
        let value: serde_json::Value = serde_json::from_str(&both().json().unwrap()).unwrap();
        assert_eq!(value["driver"]["costs"][0]["instructions"], 80.0);
        assert_eq!(value["vs"]["costs"][0]["calls"]["uiomove"], 3.0);
        assert_eq!(value["vs"]["functions"]["f00"], 100);
        let ratios = serde_json::json!([
            {"name": "a", "taps": 1, "instructions": 0.8, "calls": 0.5},
            {"name": "zero", "taps": 1, "instructions": null, "calls": null},
            {"name": "none", "taps": 1, "instructions": 1.0, "calls": 0.0},
        ]);
        assert_eq!(value["ratios"], ratios);
    }
}
