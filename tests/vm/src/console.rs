// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the console said: results, and how it ended.

/// One line of TAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The case.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// The reason, where there is one.
    pub note: String,
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The promise was kept.
    Passed,
    /// It was broken.
    Failed,
    /// It was broken as this driver is known to break it.
    Known,
    /// It was not run.
    Skipped,
}

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The cases that ended.
    pub outcomes: Vec<Outcome>,
    /// How many there should be.
    pub planned: Option<usize>,
    /// The case that had begun and not ended, and the fault by which it may be known to do so.
    pub unfinished: Option<(String, String)>,
    /// The line by which the kernel or init gave up.
    pub fatal: Option<String>,
    /// The suite said that it was done.
    pub done: bool,
}

/// What every line of init begins with.
const MARK: &str = "@@ ";

impl Transcript {
    /// Reads a console.
    pub fn parse(console: &str) -> Self {
        let mut transcript = Self::default();
        for line in console.lines() {
            let line = line.trim_end_matches('\r');
            if transcript.fatal.is_none() && is_panic(line) {
                transcript.fatal = Some(line.trim().to_owned());
            }
            if let Some((_, said)) = line.split_once(MARK) {
                transcript.take(said);
            }
        }
        transcript
    }

    fn take(&mut self, said: &str) {
        if let Some(plan) = said.strip_prefix("1..") {
            self.planned = plan.trim().parse().ok();
        } else if let Some(why) = said.strip_prefix("Bail out!") {
            self.fatal = Some(format!("init gave up:{why}"));
        } else if said == "# done" {
            self.done = true;
        } else if let Some(outcome) = outcome(said) {
            self.unfinished = None;
            self.outcomes.push(outcome);
        } else if let Some((name, fault)) =
            said.strip_prefix("# begin ").and_then(|begun| begun.split_once(' '))
        {
            self.unfinished = Some((name.to_owned(), fault.to_owned()));
        }
    }

    /// Takes a case that ended the machine for one that ended, with the machine's last words as
    /// its reason. Whether there was one.
    pub fn conclude(&mut self) -> bool {
        let Some((name, fault)) = self.unfinished.take() else { return false };
        let words = self.fatal.take().unwrap_or_else(|| "the machine hung or stopped".to_owned());
        let (verdict, note) = if fault == "-" {
            (Verdict::Failed, words)
        } else {
            (Verdict::Known, format!("{fault}: {words}"))
        };
        self.outcomes.push(Outcome { name, verdict, note });
        true
    }

    /// Appends what a later machine said of the cases behind these.
    pub fn append(&mut self, later: Self) {
        self.outcomes.extend(later.outcomes);
        self.unfinished = later.unfinished;
        self.fatal = later.fatal;
        self.done = later.done;
    }

    /// How many ended thus.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// Every planned case ended, none failed, and nothing gave up.
    pub fn is_good(&self) -> bool {
        self.done
            && self.fatal.is_none()
            && self.count(Verdict::Failed) == 0
            && self.planned == Some(self.outcomes.len())
            && self.count(Verdict::Passed) > 0
    }
}

fn is_panic(line: &str) -> bool {
    ["panic: ", "fatal page fault", "fatal protection fault", "kernel diagnostic assertion"]
        .iter()
        .any(|sign| line.contains(sign))
        || line.contains("db{") && line.contains("}>")
}

/// "ok 3 - name # SKIP why", "not ok 4 - name # TODO F6: why" …
fn outcome(said: &str) -> Option<Outcome> {
    let (ok, rest) = match said.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, said.strip_prefix("ok ")?),
    };
    let (_, rest) = rest.split_once(" - ")?;
    let (name, note) = rest.split_once(" # ").unwrap_or((rest, ""));
    let (verdict, note) = if let Some(why) = note.strip_prefix("SKIP ") {
        (Verdict::Skipped, why)
    } else if let Some(why) = note.strip_prefix("TODO ") {
        (if ok { Verdict::Passed } else { Verdict::Known }, why)
    } else {
        (if ok { Verdict::Passed } else { Verdict::Failed }, note)
    };
    Some(Outcome { name: name.trim().to_owned(), verdict, note: note.trim().to_owned() })
}

/// The last lines of a console.
pub fn tail(console: &str, lines: usize) -> String {
    let all: Vec<&str> = console.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "NetBSD 10.1\n@@ TAP version 13\n@@ 1..3\n@@ # begin create -\n[ 1.0] tap0: x\n\
        @@ ok 1 - create\n@@ ok 2 - bpf_once # SKIP needs Bpf\n@@ # begin two F6\n\
        @@ not ok 3 - two # TODO F6: a read returned 0\n@@ # 1 passed\n@@ # done\n";

    #[test]
    fn a_good_run_is_good() {
        let t = Transcript::parse(GOOD);
        let verdicts: Vec<_> = t.outcomes.iter().map(|o| o.verdict).collect();
        assert_eq!(verdicts, [Verdict::Passed, Verdict::Skipped, Verdict::Known]);
        assert!(t.is_good());
        assert_eq!(t.outcomes[2].note, "F6: a read returned 0");
    }

    #[test]
    fn a_failure_is_one() {
        let t = Transcript::parse(&GOOD.replace("ok 1 - create", "not ok 1 - create # broken"));
        assert!(!t.is_good());
        assert_eq!(t.outcomes[0].verdict, Verdict::Failed);
        assert_eq!(t.outcomes[0].note, "broken");
    }

    #[test]
    fn a_panic_names_the_case_it_came_in() {
        let cut = GOOD.split("@@ not ok 3").next().unwrap();
        let t = Transcript::parse(&format!("{cut}[ 9.1] panic: lock error\ndb{{0}}> bt\n"));
        assert_eq!(t.unfinished, Some(("two".to_owned(), "F6".to_owned())));
        assert!(t.fatal.as_ref().unwrap().contains("panic: lock error"));
        assert!(!t.is_good());
    }

    #[test]
    fn a_run_goes_on_behind_a_case_that_ended_the_machine() {
        let mut t = Transcript::parse("@@ 1..3\n@@ # begin a F9\npanic: x\n");
        assert!(t.conclude());
        assert!(!t.conclude());
        assert_eq!(t.outcomes[0].verdict, Verdict::Known);
        assert_eq!(t.outcomes[0].note, "F9: panic: x");
        t.append(Transcript::parse("@@ 1..3\n@@ ok 2 - b\n@@ # begin c -\n"));
        assert!(t.conclude());
        assert_eq!(t.outcomes[2].verdict, Verdict::Failed);
        assert!(!t.is_good());
    }

    #[test]
    fn a_console_cut_short_is_not_good() {
        for end in ["@@ # done", "@@ not ok 3", "@@ 1..3"] {
            assert!(!Transcript::parse(GOOD.split(end).next().unwrap()).is_good(), "cut at {end}");
        }
        assert!(!Transcript::parse("").is_good());
    }

    #[test]
    fn init_giving_up_is_reported() {
        let t = Transcript::parse("@@ Bail out! /driver.kmod: ENOENT (2)\n");
        assert_eq!(t.fatal.as_deref(), Some("init gave up: /driver.kmod: ENOENT (2)"));
    }

    #[test]
    fn a_result_behind_a_kernel_message_is_found() {
        let t = Transcript::parse("[ 1.2] tap0: no newline@@ ok 1 - create\r\n");
        assert_eq!(t.outcomes.len(), 1);
        assert_eq!(t.outcomes[0].name, "create");
    }

    #[test]
    fn tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
    }
}
