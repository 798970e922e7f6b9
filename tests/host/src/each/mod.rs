// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The conformance cases, each in a process of its own: if a case ends or hangs its kernel, only that
//! case fails. Cases that NetBSD's own driver does not survive can therefore run too.

mod judge;
mod options;

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use tap_conformance::run::in_order;
use tap_host::arch::SUFFIX;
use tap_host::driver::{file, Driver};
use tap_report::files;
use tap_report::module::Version;
use tap_report::transcript::{Outcome, Transcript};

use crate::processes::{side_by_side, this_program};
use judge::judge;
use options::Options;

/// The faults that only show where the host forgives nothing that a kernel does not notice.
const SPIN_MUTEX_FAULTS: [&str; 2] = ["F26", "F27"];

/// A case to run.
struct Case {
    name: &'static str,
    /// The faults by which the driver is known to fail it.
    known: &'static [&'static str],
}

/// Runs the cases that the arguments ask for, and reports; an error says how many failed.
pub fn run(path: &CStr, args: &[String]) -> Result<(), String> {
    let options = Options::parse(args)?;
    let driver = Driver::of(path);
    let mut cases = Vec::new();
    in_order(&options.only, &mut |case| {
        let known = if driver.stock { case.differs } else { &[] };
        cases.push(Case { name: case.name, known });
    });
    if cases.is_empty() {
        return Err(format!("no case is called {}", options.only));
    }
    let kernel = env!("TAP_KERNEL_VERSION").parse().map_err(|e| format!("the version: {e}"))?;
    let kernel = Version(kernel);
    let name = module_name(driver);
    let out = options.out.clone();
    let out = out.unwrap_or_else(|| format!("build/cases/{name}-{kernel}{SUFFIX}").into());
    let logs = out.join("log");
    // Those of an earlier run would be taken for this one's.
    fs::remove_dir_all(&logs)
        .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
        .and_then(|()| fs::create_dir_all(&logs))
        .map_err(|e| format!("{}: {e}", logs.display()))?;
    println!("1..{}", cases.len());
    let outcomes = side_by_side(options.jobs, cases.len(), |i| {
        let outcome = one(path, &cases[i], &logs, &options);
        println!("{}", files::tap_line(i + 1, &outcome));
        outcome
    });
    let planned = Some(outcomes.len());
    let run = Transcript { outcomes, planned, done: true, ..Transcript::default() };
    let title = format!("{name} in the host of NetBSD {kernel}{SUFFIX}");
    files::write(&out, &run, &title).map_err(|e| format!("{e:#}"))?;
    println!("{}\nreports: {}", run.summary(), out.display());
    if run.is_good() {
        Ok(())
    } else {
        Err(run.summary())
    }
}

fn module_name(driver: Driver<'_>) -> String {
    driver.module.name.to_string_lossy().into_owned()
}

/// Runs one case.
fn one(path: &CStr, case: &Case, logs: &Path, options: &Options) -> Outcome {
    let only = format!("{}$", case.name);
    let module = file(path).as_os_str();
    let mut args = vec!["cases".as_ref(), module, "--only".as_ref(), only.as_ref()];
    args.push("--dangerous".as_ref());
    if case.known.iter().any(|fault| SPIN_MUTEX_FAULTS.contains(fault)) {
        args.push("--strict".as_ref());
    }
    let ended = this_program(&args, &logs.join(case.name), options.patience);
    judge(case, ended.map_err(|e| format!("this program: {e}")))
}
