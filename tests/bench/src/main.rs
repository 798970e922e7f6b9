// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Measures one driver or two, and holds the first against the reference or makes that of it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{ensure, Context, Result};
use clap::Parser;
use tap_bench::measure::{Driver, Plan};
use tap_bench::reference::Reference;
use tap_bench::table::Comparison;

/// Counts what calls cost the driver, in the user-space host under callgrind.
#[derive(Parser)]
struct Options {
    /// The program of the host that counts.
    #[arg(long)]
    host: PathBuf,
    /// The release that the host plays.
    #[arg(long)]
    release: String,
    /// The driver's module.
    #[arg(long)]
    kmod: PathBuf,
    /// A driver to measure beside, such as NetBSD's own.
    #[arg(long)]
    vs: Option<PathBuf>,
    /// With how many interfaces to measure.
    #[arg(long, default_value = "1,64")]
    taps: String,
    /// How many calls to count.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Workloads, by the beginnings of their names, separated by commas.
    #[arg(long, default_value = "")]
    only: String,
    /// Where reports and dumps go.
    #[arg(long, default_value = "build/bench")]
    out: PathBuf,
    /// Counts to hold these against.
    #[arg(long, conflicts_with_all = ["vs", "only"])]
    check: Option<PathBuf>,
    /// A file to write the counts to, if they are the same twice.
    #[arg(long, conflicts_with_all = ["vs", "only", "check"])]
    write: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let plan = Plan {
        host: options.host.clone(),
        taps: options.taps.clone(),
        rounds: options.rounds,
        only: options.only.clone(),
        out: options.out.clone(),
    };
    let driver = Driver::measure(&plan, &options.kmod)?;
    let good = match (&options.check, &options.write) {
        (Some(reference), _) => check(&options, reference, driver)?,
        (_, Some(to)) => {
            let again = Driver::measure(&plan, &options.kmod)?;
            ensure!(driver.complaints.is_empty(), driver.complaints.join("\n"));
            ensure!(driver == again, "the counts of two runs differ");
            let json = Reference::of(&options.release, &driver).json()?;
            fs::write(to, json).with_context(|| to.display().to_string())?;
            true
        }
        _ => report(&options, &plan, driver)?,
    };
    Ok(ExitCode::from(u8::from(!good)))
}

/// Prints and keeps the tables; whether all was measured.
fn report(options: &Options, plan: &Plan, driver: Driver) -> Result<bool> {
    let vs = options.vs.as_deref().map(|vs| Driver::measure(plan, vs)).transpose()?;
    let comparison = Comparison { release: options.release.clone(), driver, vs };
    let table = comparison.markdown();
    fs::write(options.out.join("report.md"), &table)?;
    fs::write(options.out.join("report.json"), comparison.json()?)?;
    println!("{table}");
    let mut good = true;
    for driver in [&comparison.driver].into_iter().chain(&comparison.vs) {
        for complaint in &driver.complaints {
            println!("{}: {complaint}", driver.name);
            good = false;
        }
    }
    println!("reports: {}", options.out.display());
    Ok(good)
}

/// Holds the counts against the reference, with a line for each workload; whether none is worse.
fn check(options: &Options, reference: &PathBuf, driver: Driver) -> Result<bool> {
    let text = fs::read_to_string(reference).with_context(|| reference.display().to_string())?;
    let reference = Reference::parse(&text).with_context(|| reference.display().to_string())?;
    let verdicts = reference.compare(&Reference::of(&options.release, &driver));
    let (mut passed, mut failed) = (0, 0);
    let mut better = false;
    for verdict in &verdicts {
        if verdict.worse.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("FAILED {}: {}", verdict.name, verdict.worse.join(", "));
        }
        if !verdict.better.is_empty() {
            better = true;
            println!("{} costs less: {}", verdict.name, verdict.better.join(", "));
        }
    }
    for complaint in &driver.complaints {
        println!("{complaint}");
    }
    if better || failed != 0 {
        println!("a change that is meant: make bench-reference, and commit why");
    }
    println!("{passed} passed, {failed} failed, 0 skipped");
    Ok(failed == 0)
}
