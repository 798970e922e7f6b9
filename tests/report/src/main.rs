// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What scripts ask about modules and runs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use tap_report::compare::{markdown, Column};
use tap_report::module::Version;
use tap_report::transcript::Transcript;

const USAGE: &str = "usage: tap-report host MODULE
       tap-report compare TITLE=FILE ...

host     prints the release whose host plays the module's kernel
compare  prints runs side by side, by their reports in TAP; fails if one of them is not good
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tap-report: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<bool> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["host", module] => {
            println!("{}", Version::of(Path::new(module))?.host()?);
            Ok(true)
        }
        ["compare", ref runs @ ..] if !runs.is_empty() => {
            let columns = runs.iter().map(|run| column(run)).collect::<Result<Vec<_>>>()?;
            print!("{}", markdown(&columns));
            Ok(columns.iter().all(|column| column.run.is_good()))
        }
        _ => bail!("{USAGE}"),
    }
}

fn column(run: &str) -> Result<Column> {
    let (title, file) = run.split_once('=').with_context(|| format!("{run}: no TITLE=FILE"))?;
    let report = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    Ok(Column { title: title.to_owned(), run: Transcript::read(&report) })
}
