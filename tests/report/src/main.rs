// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What scripts ask about modules and runs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use tap_report::compare::{judge, markdown, Column, Judgement};
use tap_report::files;
use tap_report::module::Version;
use tap_report::transcript::Transcript;

const USAGE: &str = "usage: tap-report host MODULE [ARCH]
       tap-report tee DIR TITLE
       tap-report compare DIR TITLE=FILE ...

host     prints the release whose host plays the module's kernel; fails unless the module is for
         ARCH, amd64 unless told
tee      copies a run's TAP from standard input to standard output, and puts reports into DIR;
         fails if the run is not good
compare  prints runs side by side, by their reports in TAP, and puts the table into DIR; fails if
         one fails in what it is not known to, or did not end
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
        ["host", module] => host(module, "amd64"),
        ["host", module, arch] => host(module, arch),
        ["tee", dir, title] => tee(Path::new(dir), title),
        ["compare", dir, ref runs @ ..] if !runs.is_empty() => compare(Path::new(dir), runs),
        _ => bail!("{USAGE}"),
    }
}

fn host(module: &str, arch: &str) -> Result<bool> {
    println!("{}", Version::of_arch(Path::new(module), arch)?.host()?);
    Ok(true)
}

fn tee(dir: &Path, title: &str) -> Result<bool> {
    let mut text = String::new();
    for line in std::io::stdin().lines() {
        let line = line.context("standard input")?;
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    }
    let run = Transcript::read(&text);
    files::write(dir, &run, title)?;
    println!("reports: {}", dir.display());
    Ok(run.is_good())
}

fn compare(dir: &Path, runs: &[&str]) -> Result<bool> {
    let columns = runs.iter().map(|run| column(run)).collect::<Result<Vec<_>>>()?;
    let table = markdown(&columns);
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let file = dir.join("compare.md");
    std::fs::write(&file, &table).with_context(|| file.display().to_string())?;
    print!("{table}");
    let Judgement { failures, remarks } = judge(&columns);
    remarks.iter().for_each(|remark| println!("remark: {remark}"));
    failures.iter().for_each(|failure| println!("failed: {failure}"));
    println!("reports: {}", dir.display());
    Ok(failures.is_empty())
}

fn column(run: &str) -> Result<Column> {
    let (title, file) = run.split_once('=').with_context(|| format!("{run}: no TITLE=FILE"))?;
    let report = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    Ok(Column { title: title.to_owned(), run: Transcript::read(&report) })
}
