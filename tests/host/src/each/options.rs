// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The arguments of `tap-host each`.

use std::path::PathBuf;
use std::time::Duration;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Names of cases, see [`tap_conformance::Config::only`].
    pub only: String,
    /// How many processes run at once.
    pub jobs: usize,
    /// How long one may take: far more than the longest does on a busy machine.
    pub patience: Duration,
    /// Where the reports go.
    pub out: Option<PathBuf>,
}

impl Options {
    /// Reads them; an error says what is wrong.
    pub fn parse(args: &[String]) -> Result<Self, String> {
        let mut options =
            Options { only: String::new(), jobs: 2, patience: Duration::from_secs(120), out: None };
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let value = rest.next().ok_or(format!("{arg} wants a value"))?;
            let number = || match value.parse() {
                Ok(number) if number != 0 => Ok(number),
                _ => Err(format!("{arg}: no number above 0: {value}")),
            };
            match arg.as_str() {
                "--only" => options.only = value.clone(),
                "--jobs" => options.jobs = number()? as usize,
                "--timeout" => options.patience = Duration::from_secs(number()?),
                "--out" => options.out = Some(value.into()),
                other => return Err(format!("unknown option {other}")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn what_was_asked_for_is_done() {
        let options = parse("--only read,write --jobs 7 --out o --timeout 3").unwrap();
        let (only, out) = ("read,write".to_owned(), Some("o".into()));
        assert_eq!(options, Options { only, jobs: 7, patience: Duration::from_secs(3), out });
        assert_eq!(parse("").unwrap().jobs, 2);
        for bad in ["--jobs", "--jobs 0", "--jobs x", "--timeout -1", "--fast 1", "read"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
