// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs each target on every input of its corpus, in the order of their names, each target in a
//! process of its own. `TAP_MODULE` is the module's path.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use tap_fuzz::TARGETS;

const USAGE: &str = "usage: replay FOLDER [TARGET]

FOLDER has a folder of inputs for each target
";

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(corpus) = args.next().map(PathBuf::from) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    let target = args.next();
    match target.and_then(|name| TARGETS.into_iter().find(|(known, _)| name == *known)) {
        Some((name, run)) => one(&corpus.join(name), run),
        None => all(&corpus),
    }
}

fn inputs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = folder.read_dir()?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// One target, in this process, which a finding ends.
fn one(folder: &Path, run: fn(&[u8])) -> ExitCode {
    let read = |path: PathBuf| std::fs::read(&path).map(|input| (path, input));
    let inputs = inputs(folder).and_then(|paths| paths.into_iter().map(read).collect());
    let inputs: Vec<(PathBuf, Vec<u8>)> = match inputs {
        Ok(inputs) => inputs,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    for (path, input) in inputs {
        eprintln!("{}", path.display());
        run(&input);
    }
    ExitCode::SUCCESS
}

/// All targets; of one that fails, the last lines that it said.
fn all(corpus: &Path) -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for (name, _) in TARGETS {
        match verdict(corpus, name) {
            Ok(count) => {
                println!("ok {name}: {count} inputs");
                passed += 1;
            }
            Err(why) => {
                println!("not ok {name}: {why}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed, 0 skipped");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How many inputs a target's process has run, or why it ended.
fn verdict(corpus: &Path, name: &str) -> Result<usize, String> {
    let count = inputs(&corpus.join(name)).map_err(|e| format!("no corpus: {e}"))?.len();
    if count == 0 {
        return Err("no inputs".into());
    }
    let program = std::env::current_exe().map_err(|e| format!("this program: {e}"))?;
    let run = Command::new(program).arg(corpus).arg(name).output().map_err(|e| e.to_string())?;
    if run.status.success() {
        return Ok(count);
    }
    let said = String::from_utf8_lossy(&run.stderr);
    Err(format!("{}\n{said}", run.status))
}
