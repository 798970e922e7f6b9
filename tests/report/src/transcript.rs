// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Results of a run, read from the lines that the suite prints.

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
    /// The case that had begun and not ended, and the faults by which it may be known to do so.
    pub begun: Option<(String, String)>,
    /// The words by which the kernel or the suite gave up.
    pub fatal: Option<String>,
    /// The suite said that it was done.
    pub done: bool,
}

impl Outcome {
    /// The faults that the note names: in "F6,F5a: a read returned 0" or "would not survive F34".
    pub fn faults(&self) -> Vec<&str> {
        let words = self.note.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| is_fault(word)).collect()
    }
}

/// F, a number, and perhaps a letter.
fn is_fault(word: &str) -> bool {
    let digits = word.strip_prefix('F').map(|rest| rest.trim_end_matches(char::is_lowercase));
    digits.is_some_and(|digits| digits.parse::<u32>().is_ok())
}

impl Transcript {
    /// Reads a report that [`crate::files`] has written.
    pub fn read(report: &str) -> Self {
        let mut transcript = Self::default();
        report.lines().for_each(|line| transcript.take(line));
        transcript.done = transcript.planned == Some(transcript.outcomes.len());
        transcript
    }

    /// Takes one line that the suite has printed.
    pub fn take(&mut self, said: &str) {
        if let Some(plan) = said.strip_prefix("1..") {
            self.planned = plan.trim().parse().ok();
        } else if let Some(why) = said.strip_prefix("Bail out!") {
            let why = if why.trim().is_empty() { "the suite gave up" } else { why.trim() };
            self.fatal = Some(why.to_owned());
        } else if let Some(left) = said.strip_prefix("not ok - ") {
            // Not of a case, but of the whole run.
            self.fatal = Some(format!("not so: {left}"));
        } else if said == "# done" {
            self.done = true;
        } else if let Some(outcome) = outcome(said) {
            self.begun = None;
            self.outcomes.push(outcome);
        } else if let Some((name, faults)) =
            said.strip_prefix("# begin ").and_then(|begun| begun.split_once(' '))
        {
            self.begun = Some((name.to_owned(), faults.to_owned()));
        }
    }

    /// Takes a case that ended the machine for one that ended, with the machine's last words as
    /// its reason. Whether there was one.
    pub fn conclude(&mut self) -> bool {
        let Some((name, faults)) = self.begun.take() else { return false };
        let words = self.fatal.take().unwrap_or_else(|| "the machine hung or stopped".to_owned());
        let (verdict, note) = if faults == "-" {
            (Verdict::Failed, words)
        } else {
            (Verdict::Known, format!("{faults}: {words}"))
        };
        self.outcomes.push(Outcome { name, verdict, note });
        true
    }

    /// Appends what a later machine said of the cases behind these.
    pub fn append(&mut self, later: Self) {
        self.outcomes.extend(later.outcomes);
        self.begun = later.begun;
        self.fatal = later.fatal;
        self.done = later.done;
    }

    /// Why there are not as many results as there should be, or these are not all that counts.
    pub fn unfinished(&self) -> Option<String> {
        let (ended, planned) = (self.outcomes.len(), self.planned.unwrap_or(0));
        let missing = (ended < planned).then(|| format!("{ended} of {planned} ended"));
        self.fatal.clone().or(missing)
    }

    /// How many ended thus.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// One line.
    pub fn summary(&self) -> String {
        format!(
            "{} passed, {} failed, {} failed as known, {} skipped",
            self.count(Verdict::Passed),
            self.count(Verdict::Failed),
            self.count(Verdict::Known),
            self.count(Verdict::Skipped)
        )
    }

    /// Every planned case ended, none failed, nothing gave up, and not all were skipped.
    pub fn is_good(&self) -> bool {
        self.done
            && self.fatal.is_none()
            && self.count(Verdict::Failed) == 0
            && self.planned == Some(self.outcomes.len())
            && self.count(Verdict::Skipped) < self.outcomes.len()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "TAP version 13\n1..3\n# begin create -\nok 1 - create\n\
        ok 2 - bpf_once # SKIP needs Bpf\n# begin two F6\n\
        not ok 3 - two # TODO F6: a read returned 0\n# 1 passed\n";

    #[test]
    fn a_good_run_is_good() {
        let t = Transcript::read(GOOD);
        let verdicts: Vec<_> = t.outcomes.iter().map(|o| o.verdict).collect();
        assert_eq!(verdicts, [Verdict::Passed, Verdict::Skipped, Verdict::Known]);
        assert!(t.is_good());
        assert_eq!(t.outcomes[2].note, "F6: a read returned 0");
        assert_eq!(t.summary(), "1 passed, 0 failed, 1 failed as known, 1 skipped");
    }

    #[test]
    fn a_failure_is_one() {
        let t = Transcript::read(&GOOD.replace("ok 1 - create", "not ok 1 - create # broken"));
        assert!(!t.is_good());
        assert_eq!(t.outcomes[0].verdict, Verdict::Failed);
        assert_eq!(t.outcomes[0].note, "broken");
    }

    #[test]
    fn a_run_cut_short_is_not_good() {
        for end in ["not ok 3", "1..3", "# begin create"] {
            let cut = Transcript::read(GOOD.split(end).next().unwrap());
            assert!(!cut.is_good(), "cut at {end}");
        }
        assert!(!Transcript::read("").is_good());
        assert!(!Transcript::read("1..0\n").is_good());
        assert!(!Transcript::read("1..1\nok 1 - a # SKIP needs Bpf\n").is_good());
        assert!(!Transcript::read(&format!("{GOOD}Bail out! no memory\n")).is_good());
        assert_eq!(Transcript::read("Bail out!\n").fatal.as_deref(), Some("the suite gave up"));
        let left = Transcript::read(&format!("{GOOD}not ok - nothing is left # an mbuf\n"));
        assert_eq!(left.fatal.as_deref(), Some("not so: nothing is left # an mbuf"));
        assert!(!left.is_good());
    }

    #[test]
    fn a_run_goes_on_behind_a_case_that_ended_the_machine() {
        let mut t = Transcript::read("1..3\n# begin a F9\n");
        t.fatal = Some("panic: x".to_owned());
        assert!(t.conclude());
        assert!(!t.conclude());
        assert_eq!(t.outcomes[0].verdict, Verdict::Known);
        assert_eq!(t.outcomes[0].note, "F9: panic: x");
        t.append(Transcript::read("1..3\nok 2 - b\n# begin c -\n"));
        assert!(t.conclude());
        assert_eq!(t.outcomes[2].verdict, Verdict::Failed);
        assert_eq!(t.outcomes[2].note, "the machine hung or stopped");
        assert!(!t.is_good());
    }

    #[test]
    fn faults_are_found_in_notes() {
        let faults = |note: &str| {
            let note = note.to_owned();
            let outcome = Outcome { name: String::new(), verdict: Verdict::Known, note };
            outcome.faults().join(" ")
        };
        assert_eq!(faults("F6,F5a: a read returned 0"), "F6 F5a");
        assert_eq!(faults("would not survive F34"), "F34");
        assert_eq!(faults("F_GETFL says 0x2; Fx; xF6; F"), "");
    }
}
