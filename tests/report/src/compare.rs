// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Several runs side by side: a row for each case, with the fault by which a driver fails it.

use std::fmt::Write;

use crate::files::{cell, word};
use crate::transcript::{Outcome, Transcript, Verdict};

/// One run.
#[derive(Clone, Debug)]
pub struct Column {
    /// Which driver, and where.
    pub title: String,
    /// What came of it.
    pub run: Transcript,
}

impl Column {
    fn outcome(&self, case: &str) -> Option<&Outcome> {
        self.run.outcomes.iter().find(|outcome| outcome.name == case)
    }
}

/// A Markdown table of the runs, with their totals.
pub fn markdown(columns: &[Column]) -> String {
    let cells = |of: &dyn Fn(&Column) -> String| {
        columns.iter().fold(String::new(), |row, column| format!("{row} {} |", of(column)))
    };
    let mut out = format!("| case | fault |{} note |\n", cells(&|column| column.title.clone()));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "| --- | --- |{} --- |", cells(&|_| "---".to_owned()));
    for case in cases(columns) {
        let result = |column: &Column| {
            column.outcome(case).map_or("–", |outcome| word(outcome.verdict)).to_owned()
        };
        let all: Vec<&Outcome> = columns.iter().filter_map(|c| c.outcome(case)).collect();
        let (faults, note) = (faults(&all), cell(note(&all)));
        let _ = writeln!(out, "| {case} | {faults} |{} {note} |", cells(&result));
    }
    let total = |column: &Column| {
        let fatal = column.run.fatal.iter().map(|fatal| format!("; {}", cell(fatal)));
        fatal.fold(column.run.summary(), |all, fatal| all + &fatal)
    };
    let _ = writeln!(out, "| **total** | |{} |", cells(&total));
    out
}

/// What the runs say in sentences: failures, which are one whatever else passed, and remarks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Promises broken otherwise than known, runs that ended before their time.
    pub failures: Vec<String>,
    /// Promises kept although they are known to be broken.
    pub remarks: Vec<String>,
}

/// Judges the runs.
pub fn judge(columns: &[Column]) -> Judgement {
    let mut judgement = Judgement::default();
    for Column { title, run } in columns {
        for outcome in &run.outcomes {
            let Outcome { name, verdict, note } = outcome;
            match verdict {
                Verdict::Failed => judgement.failures.push(format!("{title} fails {name}: {note}")),
                Verdict::Passed if !note.is_empty() => {
                    judgement.remarks.push(format!("{title} passes {name}: {note}"));
                }
                Verdict::Passed | Verdict::Known | Verdict::Skipped => {}
            }
        }
        if !run.is_good() && run.count(Verdict::Failed) == 0 {
            let (ended, planned) = (run.outcomes.len(), run.planned.unwrap_or(0));
            let why = run.fatal.as_deref().unwrap_or("it did not end");
            judgement.failures.push(format!("{title}: {ended} of {planned} cases ended: {why}"));
        }
    }
    judgement
}

/// All cases, in the order of the first run, then what only others have.
fn cases(columns: &[Column]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for outcome in columns.iter().flat_map(|column| &column.run.outcomes) {
        if !names.contains(&outcome.name.as_str()) {
            names.push(&outcome.name);
        }
    }
    names
}

/// The faults that the results name.
fn faults(outcomes: &[&Outcome]) -> String {
    let mut faults = Vec::new();
    for fault in outcomes.iter().flat_map(|outcome| outcome.faults()) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults.join(", ")
}

/// The reason that tells most.
fn note<'a>(outcomes: &[&'a Outcome]) -> &'a str {
    let order = [Verdict::Failed, Verdict::Known, Verdict::Passed, Verdict::Skipped];
    let noted = |verdict: &Verdict| {
        outcomes.iter().find(|outcome| outcome.verdict == *verdict && !outcome.note.is_empty())
    };
    order.iter().find_map(noted).map_or("", |outcome| &outcome.note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(title: &str, report: &str) -> Column {
        Column { title: title.to_owned(), run: Transcript::read(report) }
    }

    #[test]
    fn runs_stand_side_by_side() {
        let rust = column("if_tap_rs", "1..3\nok 1 - a\nok 2 - b\nok 3 - c # SKIP needs Bpf\n");
        let stock = column(
            "if_tap",
            "1..3\nnot ok 1 - a # TODO F6,F5a: x | y\nok 2 - b\nok 3 - c # SKIP needs Bpf\n",
        );
        let kernel = column(
            "if_tap, NetBSD",
            "1..3\nok 1 - a # SKIP would not survive F19\nnot ok 2 - b # broken\nok 3 - d\n",
        );
        let table = markdown(&[rust, stock, kernel]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "| case | fault | if_tap_rs | if_tap | if_tap, NetBSD | note |");
        assert_eq!(
            lines[2],
            "| a | F6, F5a, F19 | pass | differs as known | skip | F6,F5a: x \\| y |"
        );
        assert_eq!(lines[3], "| b |  | pass | pass | FAIL | broken |");
        assert_eq!(lines[4], "| c |  | skip | skip | – | needs Bpf |");
        assert_eq!(lines[5], "| d |  | – | – | pass |  |");
        assert!(lines[6].contains("| **total** | | 2 passed, 0 failed, 0 failed as known, 1 sk"));
        assert_eq!(lines.len(), 7);
        let columns = lines[0].matches('|').count();
        assert!(lines[..6].iter().all(|l| l.replace("\\|", "").matches('|').count() == columns));
    }

    #[test]
    fn only_what_is_not_known_is_a_failure() {
        let rust = column("ours", "1..3\nok 1 - a\nok 2 - b\nok 3 - c # SKIP needs Bpf\n");
        let stock = column(
            "stock",
            "1..3\nnot ok 1 - a # TODO F6: x\nok 2 - b # TODO F5a did not show\nok 3 - c\n",
        );
        let Judgement { failures, remarks } = judge(&[rust, stock]);
        assert_eq!(failures, [""; 0]);
        assert_eq!(remarks, ["stock passes b: F5a did not show"]);
    }

    #[test]
    fn whoever_fails_is_named() {
        let failures = |ours: &str, stock: &str| {
            judge(&[column("ours", ours), column("stock", stock)]).failures
        };
        let good = "1..1\nok 1 - a\n";
        assert_eq!(failures(good, "1..1\nnot ok 1 - a # x\n"), ["stock fails a: x"]);
        assert_eq!(failures("1..1\nnot ok 1 - a # y\n", good), ["ours fails a: y"]);
        let cut = failures("1..2\nok 1 - a\n", good);
        assert_eq!(cut, ["ours: 1 of 2 cases ended: it did not end"]);
        let gave_up = failures(good, "Bail out! no memory\n");
        assert_eq!(gave_up, ["stock: 0 of 0 cases ended: no memory"]);
        assert_eq!(failures(good, "1..0\n").len(), 1);
        assert_eq!(failures("1..1\nok 1 - a # SKIP needs Bpf\n", good).len(), 1);
    }

    #[test]
    fn a_run_that_gave_up_says_so() {
        let table = markdown(&[column("m", "1..2\nok 1 - a\nBail out! no memory\n")]);
        assert!(table.contains("0 skipped; no memory |"));
    }
}
