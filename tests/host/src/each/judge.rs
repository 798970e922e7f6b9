// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The verdict on a case by what its process said and how it ended.

use std::os::unix::process::ExitStatusExt;

use tap_report::transcript::{Outcome, Transcript, Verdict};

use super::Case;
use crate::cases::NOTHING_LEFT;
use crate::processes::Ended;

/// The verdict. Whatever the process did after the case had passed is the case's failure too.
pub fn judge(case: &Case, ended: Result<Ended, String>) -> Outcome {
    let failed = |note| Outcome { name: case.name.to_owned(), verdict: Verdict::Failed, note };
    let ended = match ended {
        Ok(ended) => ended,
        Err(why) => return failed(why),
    };
    let mut run = Transcript::default();
    ended.out.lines().for_each(|line| run.take(line));
    let words = last_words(&ended);
    run.fatal = words.clone();
    if run.conclude() {
        return run.outcomes.pop().unwrap_or_else(|| failed("no verdict".to_owned()));
    }
    let Some(outcome) = run.outcomes.pop() else {
        return failed(words.unwrap_or_else(|| "the case did not run".to_owned()));
    };
    let after = left_behind(&ended).or(words);
    match (outcome.verdict, after) {
        (Verdict::Passed | Verdict::Skipped, Some(why)) if case.known.is_empty() => failed(why),
        (Verdict::Passed | Verdict::Skipped, Some(why)) => Outcome {
            verdict: Verdict::Known,
            note: format!("{}: {why}", case.known.join(",")),
            ..outcome
        },
        _ => outcome,
    }
}

/// What was left when the module was unloaded.
fn left_behind(ended: &Ended) -> Option<String> {
    let line = ended.out.lines().find_map(|line| line.strip_prefix("not ok - "));
    let (_, left) = line?.split_once(NOTHING_LEFT)?;
    Some(format!("left behind: {}", left.trim_start_matches([' ', '#'])))
}

/// Why the process ended otherwise than well.
fn last_words(ended: &Ended) -> Option<String> {
    let Some(status) = ended.status else {
        return Some(panic_of(&ended.err).unwrap_or_else(|| "hung".to_owned()));
    };
    if status.success() {
        return None;
    }
    let last = || {
        let last = ended.err.lines().last().map(str::to_owned);
        last.filter(|_| status.signal().is_none())
    };
    panic_of(&ended.err).or_else(last).or_else(|| Some(status.to_string()))
}

/// The first line of the first panic: the host's, or one of Rust's, whose message is on a line of
/// its own.
fn panic_of(err: &str) -> Option<String> {
    let mut lines = err.lines();
    let line = lines.find(|line| line.starts_with("panic: ") || line.contains("' panicked at "))?;
    Some(match lines.next() {
        Some(message) if !line.starts_with("panic: ") => format!("{line} {message}"),
        _ => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    const ABORTED: i32 = 6;

    fn verdict(
        known: &'static [&'static str],
        out: &str,
        err: &str,
        status: Option<i32>,
    ) -> Outcome {
        let ended = Ended {
            out: format!("1..1\n{out}"),
            err: err.to_owned(),
            status: status.map(ExitStatus::from_raw),
        };
        judge(&Case { name: "a", known }, Ok(ended))
    }

    /// What [`verdict`] is, as a word and its note.
    fn said(known: &'static [&'static str], out: &str, err: &str, status: Option<i32>) -> String {
        let Outcome { name, verdict, note } = verdict(known, out, err, status);
        assert_eq!(name, "a");
        format!("{verdict:?} {note}")
    }

    #[test]
    fn a_case_that_ended_well_is_what_it_says() {
        let out = "# begin a -\nok 1 - a\nok - nothing is left behind\n";
        assert_eq!(said(&[], out, "", Some(0)), "Passed ");
        let out = "# begin a F6\nnot ok 1 - a # TODO F6: x\nok - nothing is left behind\n";
        assert_eq!(said(&["F6"], out, "", Some(0)), "Known F6: x");
        let out = "# begin a -\nnot ok 1 - a # x\nok - nothing is left behind\n";
        assert_eq!(said(&[], out, "tap-host cases: 1 cases failed\n", Some(1 << 8)), "Failed x");
        let out = "ok 1 - a # SKIP needs Bpf\nok - nothing is left behind\n";
        assert_eq!(said(&[], out, "", Some(0)), "Skipped needs Bpf");
    }

    #[test]
    fn a_panic_is_the_reason() {
        let err = "tap0: hello\npanic: mutex held\n  0: somewhere\npanic: again\n";
        let out = "# begin a -\n";
        assert_eq!(said(&[], out, err, Some(ABORTED)), "Failed panic: mutex held");
        let out = "# begin a F6,F19\n";
        let known = said(&["F6", "F19"], out, err, Some(ABORTED));
        assert_eq!(known, "Known F6,F19: panic: mutex held");
        let err =
            "\nthread 'main' panicked at src/x.rs:1:2:\nindex out of bounds\nnote: run with\n";
        let rust = said(&[], "# begin a -\n", err, Some(ABORTED));
        assert_eq!(rust, "Failed thread 'main' panicked at src/x.rs:1:2: index out of bounds");
        let silent = said(&[], "# begin a -\n", "tap0: hello\n", Some(11));
        assert!(silent.starts_with("Failed signal: 11"), "{silent}");
    }

    #[test]
    fn a_hang_is_one() {
        assert_eq!(said(&[], "# begin a -\n", "", None), "Failed hung");
        assert_eq!(said(&["F29"], "# begin a F29\n", "", None), "Known F29: hung");
        let after = said(&[], "# begin a -\nok 1 - a\n", "", None);
        assert_eq!(after, "Failed hung", "a module whose unload hangs");
    }

    #[test]
    fn what_comes_after_the_case_is_its_failure_too() {
        let out =
            "# begin a -\nok 1 - a\nnot ok - nothing is left behind # modunload: EBUSY (16)\n";
        let err = "tap-host cases: 1 cases failed\n";
        let left = "left behind: modunload: EBUSY (16)";
        assert_eq!(said(&[], out, err, Some(1 << 8)), format!("Failed {left}"));
        assert_eq!(said(&["F22"], out, err, Some(1 << 8)), format!("Known F22: {left}"));
        let out = "# begin a -\nok 1 - a\n";
        assert_eq!(said(&[], out, "panic: x\n", Some(ABORTED)), "Failed panic: x");
        let out = "# begin a F6\nnot ok 1 - a # TODO F6: y\n";
        assert_eq!(said(&["F6"], out, "panic: x\n", Some(ABORTED)), "Known F6: y");
    }

    #[test]
    fn a_case_that_never_began_failed_whatever_is_known() {
        let err = "tap-host cases: \"m.kmod\": ENOEXEC (8)\n";
        let said = |out, err, status| said(&["F6"], out, err, status);
        assert_eq!(said("", err, Some(1 << 8)), format!("Failed {}", err.trim_end()));
        assert_eq!(said("", "panic: in INIT\n", Some(ABORTED)), "Failed panic: in INIT");
        assert_eq!(said("", "", Some(0)), "Failed the case did not run");
        assert_eq!(said("", "", None), "Failed hung");
        let unable = judge(&Case { name: "a", known: &["F6"] }, Err("no program".to_owned()));
        assert_eq!((unable.verdict, &*unable.note), (Verdict::Failed, "no program"));
    }
}
