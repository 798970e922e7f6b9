// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the host's program says of a run.

use std::ops::Range;

use anyhow::{Context, Result};

/// One workload, as the host counted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its name.
    pub name: String,
    /// What one call of it is, in words.
    pub what: String,
    /// How many interfaces there were.
    pub taps: u32,
    /// How many calls were counted.
    pub rounds: u64,
    /// Kernel functions, how often all rounds called them, and how many bytes they were to copy.
    pub calls: Vec<(String, u64, u64)>,
}

/// A function of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its addresses.
    pub span: Range<u64>,
    /// Its symbol.
    pub name: String,
}

/// All that was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The module's text.
    pub text: Range<u64>,
    /// The functions in it.
    pub functions: Vec<Function>,
    /// The workloads that were counted.
    pub works: Vec<Work>,
    /// Lines about those that failed.
    pub complaints: Vec<String>,
    /// Lines about those that neither the host nor the module is made for.
    pub skipped: Vec<String>,
}

impl Transcript {
    /// Reads the program's output. A damaged line is an error, and so is an output that ends early.
    pub fn parse(output: &str) -> Result<Self> {
        let mut transcript = Self::default();
        for line in output.lines() {
            let said = transcript.take(line);
            said.with_context(|| format!("damaged line: {line}"))?;
        }
        if transcript.text.is_empty() {
            anyhow::bail!("the host did not say where the module's text is");
        }
        Ok(transcript)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (word, said) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "work" => self.works.push(work(said)?),
            "call" => {
                let [name, calls, bytes] = words(said)?;
                let call = (name.to_owned(), calls.parse().ok()?, bytes.parse().ok()?);
                self.works.last_mut()?.calls.push(call);
            }
            "text" => {
                let [address, len] = words(said)?;
                self.text = span(address, len)?;
            }
            "function" => {
                let [address, len, name] = words(said)?;
                self.functions.push(Function { span: span(address, len)?, name: name.to_owned() });
            }
            "not" => self.complaints.push(line.to_owned()),
            "ok" if said.contains("# SKIP") => self.skipped.push(line.to_owned()),
            _ => {}
        }
        Some(())
    }
}

fn words<const N: usize>(said: &str) -> Option<[&str; N]> {
    said.split(' ').collect::<Vec<_>>().try_into().ok()
}

fn span(address: &str, len: &str) -> Option<Range<u64>> {
    let start = u64::from_str_radix(address.strip_prefix("0x")?, 16).ok()?;
    Some(start..start + len.parse::<u64>().ok()?)
}

/// "write_60 1 20 4 4 4 - write of 60 B": name, interfaces, rounds, and three numbers that are
/// counted better here.
fn work(said: &str) -> Option<Work> {
    let (numbers, what) = said.split_once(" - ")?;
    let [name, taps, rounds, ..]: [&str; 6] = words(numbers)?;
    let rounds = rounds.parse().ok().filter(|&rounds| rounds != 0)?;
    let (name, what, taps) = (name.to_owned(), what.to_owned(), taps.parse().ok()?);
    Some(Work { name, what, taps, rounds, calls: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str =
        "1..3\n# begin write_60/1 -\nwork write_60 1 20 4 4 5 - write of 60 B - all\n\
        call m_gethdr 20 0\ncall uiomove 20 1200\nok 1 - write_60/1\n# begin poll/1 -\n\
        ok 2 - poll/1 # SKIP needs Inet\nnot ok 3 - arp/1 # read: EAGAIN (35)\n\
        text 0x4000 256\nfunction 0x4010 32 tap_rs_init\n";

    #[test]
    fn all_that_is_said_is_kept() {
        let transcript = Transcript::parse(OUTPUT).unwrap();
        assert_eq!(transcript.text, 0x4000..0x4100);
        assert_eq!(transcript.functions[0].span, 0x4010..0x4030);
        assert_eq!(transcript.functions[0].name, "tap_rs_init");
        let [work] = &transcript.works[..] else { panic!("{transcript:?}") };
        assert_eq!((work.name.as_str(), work.taps, work.rounds), ("write_60", 1, 20));
        assert_eq!(work.what, "write of 60 B - all");
        assert_eq!(work.calls, [("m_gethdr".into(), 20, 0), ("uiomove".into(), 20, 1200)]);
        assert_eq!(transcript.skipped, ["ok 2 - poll/1 # SKIP needs Inet"]);
        assert_eq!(transcript.complaints, ["not ok 3 - arp/1 # read: EAGAIN (35)"]);
    }

    #[test]
    fn a_damaged_line_is_no_line_less() {
        for bad in [
            "work write_60 1 20 4 4",
            "work write_60 1 0 4 4 5 - no rounds",
            "work write_60 1 x 4 4 5 - w",
            "call m_gethdr 20",
            "call m_gethdr 20 x",
            "text 4000 256",
            "function 0x4010 32",
        ] {
            let said = Transcript::parse(&format!("{OUTPUT}{bad}\n")).unwrap_err();
            assert!(format!("{said:#}").contains(bad), "{bad}");
        }
        // A call of no workload.
        assert!(Transcript::parse("call m_gethdr 20 0\ntext 0x4000 256\n").is_err());
    }

    #[test]
    fn an_output_that_ends_early_is_told() {
        let early: String = OUTPUT.lines().take(5).map(|line| format!("{line}\n")).collect();
        assert!(Transcript::parse(&early).is_err());
    }

    /// The host's side writes what this side reads.
    #[test]
    fn the_two_sides_agree() {
        let said = tap_conformance::bench::Point {
            name: "echo_98",
            what: "a request - and its reply",
            taps: 64,
            rounds: 5,
            least: 1,
            median: 2,
            tenth: 3,
        };
        let read = Transcript::parse(&format!("work {said}\ntext 0x1 1\n")).unwrap();
        assert_eq!((read.works[0].taps, read.works[0].rounds), (64, 5));
        assert_eq!(read.works[0].what, said.what);
    }
}
