// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reports in files: TAP, JUnit XML, and a table to read.

use std::fmt::Write;

use crate::console::{Transcript, Verdict};

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "pass",
        Verdict::Failed => "FAIL",
        Verdict::Known => "differs as known",
        Verdict::Skipped => "skip",
    }
}

/// One line.
pub fn summary(t: &Transcript) -> String {
    format!(
        "{} passed, {} failed, {} failed as known, {} skipped",
        t.count(Verdict::Passed),
        t.count(Verdict::Failed),
        t.count(Verdict::Known),
        t.count(Verdict::Skipped)
    )
}

/// A Markdown table.
pub fn markdown(t: &Transcript, title: &str) -> String {
    let mut out =
        format!("# {title}\n\n{}\n\n| case | result | note |\n| --- | --- | --- |\n", summary(t));
    for o in &t.outcomes {
        let note = o.note.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {} | {} | {note} |", o.name, word(o.verdict));
    }
    out
}

/// TAP, version 13.
pub fn tap(t: &Transcript) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", t.planned.unwrap_or(t.outcomes.len()));
    for (i, o) in t.outcomes.iter().enumerate() {
        let (ok, note) = match o.verdict {
            Verdict::Passed => ("ok", String::new()),
            Verdict::Failed => ("not ok", format!(" # {}", o.note)),
            Verdict::Known => ("not ok", format!(" # TODO {}", o.note)),
            Verdict::Skipped => ("ok", format!(" # SKIP {}", o.note)),
        };
        let _ = writeln!(out, "{ok} {} - {}{note}", i + 1, o.name);
    }
    if let Some(fatal) = &t.fatal {
        let _ = writeln!(out, "Bail out! {fatal}");
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JUnit XML.
pub fn junit(t: &Transcript, title: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        escape(title),
        t.outcomes.len(),
        t.count(Verdict::Failed),
        t.count(Verdict::Skipped) + t.count(Verdict::Known)
    );
    for o in &t.outcomes {
        let note = escape(&o.note);
        let inner = match o.verdict {
            Verdict::Passed => String::new(),
            Verdict::Failed => format!("<failure message=\"{note}\"/>"),
            Verdict::Known | Verdict::Skipped => format!("<skipped message=\"{note}\"/>"),
        };
        let _ = writeln!(out, "<testcase name=\"{}\">{inner}</testcase>", escape(&o.name));
    }
    out.push_str("</testsuite>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Transcript {
        let mut t = Transcript::parse(
            "@@ 1..3\n@@ ok 1 - a\n@@ not ok 2 - b # x < y | z\n@@ # begin c -\npanic: <oops>\n",
        );
        t.conclude();
        t
    }

    #[test]
    fn markdown_has_a_row_for_each() {
        let text = markdown(&sample(), "t");
        assert!(text.contains("| a | pass |"));
        assert!(text.contains("| b | FAIL | x < y \\| z |"));
        assert!(text.contains("| c | FAIL | panic: <oops> |"));
    }

    #[test]
    fn junit_counts_and_escapes() {
        let text = junit(&sample(), "t");
        assert!(text.contains("tests=\"3\" failures=\"2\" skipped=\"0\""));
        assert!(text.contains("x &lt; y | z"));
        assert!(text.contains("panic: &lt;oops&gt;"));
    }

    #[test]
    fn tap_bails_out() {
        let mut t = sample();
        t.outcomes.pop();
        t.fatal = Some("panic: <oops>".to_owned());
        let text = tap(&t);
        assert!(text.starts_with("TAP version 13\n1..3\nok 1 - a\nnot ok 2 - b # x < y | z\n"));
        assert!(text.ends_with("Bail out! panic: <oops>\n"));
    }
}
