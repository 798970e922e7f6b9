// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reports in files: TAP, JUnit XML, and a table to read.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::transcript::{Outcome, Transcript, Verdict};

/// Writes report.tap, report.xml and report.md into a folder, which is made if need be; returns the
/// last one's text.
pub fn write(out: &Path, t: &Transcript, title: &str) -> Result<String> {
    let table = markdown(t, title);
    let put = |name: &str, text: &str| {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    put("report.md", &table)?;
    put("report.tap", &tap(t))?;
    put("report.xml", &junit(t, title))?;
    Ok(table)
}

/// How a verdict is called in tables.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "pass",
        Verdict::Failed => "FAIL",
        Verdict::Known => "differs as known",
        Verdict::Skipped => "skip",
    }
}

/// Text for a cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A Markdown table.
pub fn markdown(t: &Transcript, title: &str) -> String {
    let mut out =
        format!("# {title}\n\n{}\n\n| case | result | note |\n| --- | --- | --- |\n", t.summary());
    for o in &t.outcomes {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {} | {} | {} |", o.name, word(o.verdict), cell(&o.note));
    }
    if let Some(why) = t.unfinished() {
        let _ = writeln!(out, "\nNot finished: {why}");
    }
    out
}

/// One result in TAP.
pub fn tap_line(number: usize, outcome: &Outcome) -> String {
    let Outcome { name, verdict, note } = outcome;
    let (ok, directive) = match verdict {
        Verdict::Passed if note.is_empty() => ("ok", ""),
        // Known to fail, and did not.
        Verdict::Passed => ("ok", " # TODO "),
        Verdict::Failed => ("not ok", " # "),
        Verdict::Known => ("not ok", " # TODO "),
        Verdict::Skipped => ("ok", " # SKIP "),
    };
    format!("{ok} {number} - {name}{directive}{note}")
}

/// TAP, version 13.
pub fn tap(t: &Transcript) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", t.planned.unwrap_or(t.outcomes.len()));
    for (i, o) in t.outcomes.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", tap_line(i + 1, o));
    }
    if let Some(why) = t.unfinished() {
        let _ = writeln!(out, "Bail out! {why}");
    }
    out
}

/// Text for XML 1.0, which has no place for control characters.
fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JUnit XML.
pub fn junit(t: &Transcript, title: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" \
         errors=\"{}\">\n",
        escape(title),
        t.outcomes.len() + usize::from(t.unfinished().is_some()),
        t.count(Verdict::Failed),
        t.count(Verdict::Skipped) + t.count(Verdict::Known),
        u8::from(t.unfinished().is_some())
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
    if let Some(why) = t.unfinished() {
        let why = escape(&why);
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "<testcase name=\"all of them\"><error message=\"{why}\"/></testcase>");
    }
    out.push_str("</testsuite>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Transcript {
        let mut t = Transcript::read("1..3\nok 1 - a\nnot ok 2 - b # x < y | z\n# begin c -\n");
        t.fatal = Some("panic: <oops>\u{7}".to_owned());
        t.conclude();
        t
    }

    #[test]
    fn markdown_has_a_row_for_each() {
        let text = markdown(&sample(), "t");
        assert!(text.contains("\n1 passed, 2 failed, 0 failed as known, 0 skipped\n"));
        assert!(text.contains("| a | pass |"));
        assert!(text.contains("| b | FAIL | x < y \\| z |"));
        assert!(text.contains("| c | FAIL | panic: <oops>"));
    }

    #[test]
    fn junit_counts_and_escapes() {
        let text = junit(&sample(), "t");
        assert!(text.contains("tests=\"3\" failures=\"2\" skipped=\"0\""));
        assert!(text.contains("x &lt; y | z"));
        assert!(text.contains("\"panic: &lt;oops&gt;\"") && text.contains("errors=\"0\""));
    }

    #[test]
    fn a_run_cut_short_is_no_success_in_any_report() {
        let cut = Transcript::read("1..3\nok 1 - a\n");
        assert!(junit(&cut, "t").contains("tests=\"2\" failures=\"0\" skipped=\"0\" errors=\"1\""));
        assert!(junit(&cut, "t").contains("<error message=\"1 of 3 ended\"/>"));
        assert!(tap(&cut).ends_with("Bail out! 1 of 3 ended\n"));
        assert!(markdown(&cut, "t").ends_with("\nNot finished: 1 of 3 ended\n"));
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

    #[test]
    fn what_is_written_is_read_again() {
        let out = tempfile::tempdir().unwrap();
        let mut t = Transcript::read(
            "1..4\nok 1 - a\nok 2 - b # TODO F6 did not show\nnot ok 3 - c # TODO F7: x\n\
             ok 4 - d # SKIP needs Bpf\n",
        );
        let folder = out.path().join("new/one");
        let table = write(&folder, &t, "t").unwrap();
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(text("report.md"), table);
        assert_eq!(Transcript::read(&text("report.tap")), t);
        assert_eq!(text("report.xml").matches("<testcase").count(), 4);
        t.fatal = Some("panic".to_owned());
        write(&folder, &t, "t").unwrap();
        let read = Transcript::read(&text("report.tap"));
        assert!(!read.is_good());
        assert_eq!(read.fatal, t.fatal);
        assert!(text("report.md").ends_with("\nNot finished: panic\n"));
    }
}
