// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the console said: init's lines, and the kernel's last words.

use tap_report::transcript::Transcript;

/// What every line of init begins with.
const MARK: &str = "@@ ";

/// Reads a console.
pub fn parse(console: &str) -> Transcript {
    let mut transcript = Transcript::default();
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

fn is_panic(line: &str) -> bool {
    ["panic: ", "fatal page fault", "fatal protection fault", "kernel diagnostic assertion"]
        .iter()
        .any(|sign| line.contains(sign))
        || line.contains("db{") && line.contains("}>")
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
    fn results_are_found_among_the_kernels_messages() {
        let t = parse(GOOD);
        assert!(t.is_good());
        assert_eq!(t.summary(), "1 passed, 0 failed, 1 failed as known, 1 skipped");
        let t = parse("[ 1.2] tap0: no newline@@ ok 1 - create\r\n");
        assert_eq!(t.outcomes.len(), 1);
        assert_eq!(t.outcomes[0].name, "create");
    }

    #[test]
    fn a_panic_names_the_case_it_came_in() {
        let cut = GOOD.split("@@ not ok 3").next().unwrap();
        let t = parse(&format!("{cut}[ 9.1] panic: lock error\ndb{{0}}> bt\n"));
        assert_eq!(t.begun, Some(("two".to_owned(), "F6".to_owned())));
        assert!(t.fatal.as_ref().unwrap().contains("panic: lock error"));
        assert!(!t.is_good());
    }

    #[test]
    fn a_console_cut_short_is_not_good() {
        for end in ["@@ # done", "@@ not ok 3", "@@ 1..3"] {
            assert!(!parse(GOOD.split(end).next().unwrap()).is_good(), "cut at {end}");
        }
        assert!(!parse("").is_good());
    }

    #[test]
    fn init_giving_up_is_reported() {
        let t = parse("@@ Bail out! /driver.kmod: ENOENT (2)\n");
        assert_eq!(t.fatal.as_deref(), Some("/driver.kmod: ENOENT (2)"));
    }

    #[test]
    fn tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
    }
}
