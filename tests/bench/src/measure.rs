// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs the host under callgrind, and makes costs of one call out of what both say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};
use if_tap_rs_check::{size, Module};
use serde::Serialize;

use crate::dump::Dump;
use crate::transcript::{Transcript, Work};

/// What one call costs the driver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The workload.
    pub name: String,
    /// How many interfaces of the driver there were.
    pub taps: u32,
    /// What one call is, in words.
    pub what: String,
    /// Instructions executed inside of the module's text.
    pub instructions: f64,
    /// Bytes that kernel functions were to copy for the driver.
    pub bytes: f64,
    /// Calls to kernel functions.
    pub calls: BTreeMap<String, f64>,
    /// The instructions, by the module's function.
    pub functions: BTreeMap<String, f64>,
}

/// One driver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Driver {
    /// The module's name.
    pub name: String,
    /// Bytes that the kernel's loader loads.
    pub loaded: u64,
    /// Bytes of text.
    pub text: u64,
    /// Bytes of text, by function.
    pub functions: BTreeMap<String, u64>,
    /// What calls cost, in the order of the run.
    pub costs: Vec<Cost>,
    /// What was not measured, and why.
    pub complaints: Vec<String>,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The host's program.
    pub host: PathBuf,
    /// With how many interfaces, separated by commas.
    pub taps: String,
    /// How many calls to count.
    pub rounds: u32,
    /// Beginnings of workloads' names, separated by commas; empty: all.
    pub only: String,
    /// Where dumps go, a folder for each driver.
    pub out: PathBuf,
}

impl Driver {
    /// Measures a module.
    pub fn measure(plan: &Plan, module: &Path) -> Result<Self> {
        let name = module.file_stem().context("a module has a name")?.to_string_lossy();
        let out = plan.out.join(&*name);
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        fs::create_dir_all(&out)?;
        let transcript = Transcript::parse(&run(plan, module, &out)?)?;
        for line in &transcript.skipped {
            println!("{name}: {line}");
        }
        let data = fs::read(module).with_context(|| module.display().to_string())?;
        let object = Module::parse(&*data)?;
        let mut driver = Self::from(&name, transcript, dumps(&out)?)?;
        driver.loaded = size::loaded(&object);
        Ok(driver)
    }

    /// Puts the host's counts and callgrind's together.
    fn from(name: &str, transcript: Transcript, mut dumps: BTreeMap<String, Dump>) -> Result<Self> {
        let mut costs = Vec::new();
        for work in &transcript.works {
            let key = format!("{} {}", work.name, work.taps);
            let dump = dumps.remove(&key).with_context(|| format!("no dump of {key}"))?;
            costs.push(cost(work, &transcript, &dump));
        }
        let functions = transcript.functions.iter();
        Ok(Self {
            name: name.to_owned(),
            loaded: 0,
            text: transcript.text.end - transcript.text.start,
            functions: functions.map(|f| (demangled(&f.name), f.span.end - f.span.start)).collect(),
            costs,
            complaints: transcript.complaints,
        })
    }

    /// The cost of a workload with so many interfaces.
    pub fn cost(&self, name: &str, taps: u32) -> Option<&Cost> {
        self.costs.iter().find(|cost| cost.name == name && cost.taps == taps)
    }
}

fn cost(work: &Work, transcript: &Transcript, dump: &Dump) -> Cost {
    let each = |count: u64| rounded(count as f64 / work.rounds as f64);
    let executed = transcript.functions.iter().map(|f| (&f.name, dump.within(&f.span)));
    let executed = executed.filter(|(_, count)| *count != 0);
    Cost {
        name: work.name.clone(),
        taps: work.taps,
        what: work.what.clone(),
        instructions: each(dump.within(&transcript.text)),
        bytes: each(work.calls.iter().map(|(_, _, bytes)| bytes).sum()),
        calls: work.calls.iter().map(|(name, calls, _)| (name.clone(), each(*calls))).collect(),
        functions: executed.map(|(name, count)| (demangled(name), each(count))).collect(),
    }
}

/// To hundredths: no more is ever looked at.
fn rounded(count: f64) -> f64 {
    (count * 100.0).round() / 100.0
}

/// A symbol as its author wrote it, without the crate's hash.
fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// What the host says under callgrind.
fn run(plan: &Plan, module: &Path, out: &Path) -> Result<String> {
    let log = out.join("valgrind.log");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-instr=yes", "--dump-line=no", "--compress-pos=no"])
        .args(["--collect-atstart=no", "--instr-atstart=no"])
        .arg(format!("--log-file={}", log.display()))
        .arg(format!("--callgrind-out-file={}", out.join(DUMPS).display()))
        .arg(&plan.host)
        .arg(module)
        .args(["--taps", &plan.taps, "--rounds", &plan.rounds.to_string()])
        .args(["--only", &plan.only])
        .output()
        .context("valgrind")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::write(out.join("transcript"), &said)?;
    if !output.status.success() {
        let log = fs::read_to_string(&log).unwrap_or_default();
        bail!("{}: {}\n{log}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}

/// The dumps' name, which callgrind puts a dot and a number behind.
const DUMPS: &str = "dump";

/// All dumps that the program asked for, by name.
fn dumps(out: &Path) -> Result<BTreeMap<String, Dump>> {
    let mut dumps = BTreeMap::new();
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|stem| stem == DUMPS) && path.extension().is_some() {
            let text = fs::read_to_string(&path)?;
            let dump = Dump::parse(&text).with_context(|| path.display().to_string())?;
            dumps.extend(dump.map(|dump| (dump.name.clone(), dump)));
        }
    }
    Ok(dumps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript() -> Transcript {
        Transcript::parse(
            "work poll 1 10 4 4 4 - poll\ncall selrecord 10 0\ncall uiomove 20 630\n\
             work poll 64 10 4 4 4 - poll\ntext 0x100 64\nfunction 0x100 16 tap_poll\n\
             function 0x110 16 _RNvMNtCsg6hURA5JZnM_9if_tap_rs5etherNtB2_4Addr4text\n\
             function 0x120 32 idle\n",
        )
        .unwrap()
    }

    fn dump(name: &str, executed: &[(u64, u64)]) -> (String, Dump) {
        let executed = executed.iter().copied().collect();
        (name.to_owned(), Dump { name: name.to_owned(), executed })
    }

    fn dumps() -> BTreeMap<String, Dump> {
        // Inside of the text, and on both sides of it.
        let first = [(0xff, 99), (0x100, 10), (0x111, 25), (0x13f, 1), (0x140, 99)];
        [dump("poll 1", &first), dump("poll 64", &[(0x100, 1)])].into_iter().collect()
    }

    #[test]
    fn costs_are_of_one_call() {
        let driver = Driver::from("if_tap", transcript(), dumps()).unwrap();
        let cost = driver.cost("poll", 1).unwrap();
        assert!((cost.instructions - 3.6).abs() < 1e-9);
        assert!((cost.bytes - 63.0).abs() < 1e-9);
        assert_eq!(cost.calls, [("selrecord".into(), 1.0), ("uiomove".into(), 2.0)].into());
        let functions = [("tap_poll", 1.0), ("<if_tap_rs::ether::Addr>::text", 2.5), ("idle", 0.1)];
        assert_eq!(cost.functions, functions.map(|(name, n)| (name.to_owned(), n)).into());
        assert_eq!(driver.cost("poll", 64).unwrap().calls.len(), 0);
        assert_eq!(driver.text, 64);
        assert_eq!(driver.functions["idle"], 32);
    }

    #[test]
    fn a_workload_without_a_dump_is_told() {
        let mut dumps = dumps();
        dumps.remove("poll 64");
        let said = Driver::from("if_tap", transcript(), dumps).unwrap_err();
        assert!(said.to_string().contains("poll 64"));
    }

    #[test]
    fn dumps_are_read_by_the_names_that_the_program_gave() {
        let folder = tempfile::tempdir().unwrap();
        let asked =
            "desc: Trigger: Client Request: poll 1\npositions: instr\nevents: Ir\n0x100 7\n";
        fs::write(folder.path().join("dump.1"), asked).unwrap();
        fs::write(folder.path().join("dump.2"), "desc: Trigger: Program termination\n").unwrap();
        fs::write(folder.path().join("valgrind.log"), "0x?").unwrap();
        let found = super::dumps(folder.path()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["poll 1"]);
        fs::write(folder.path().join("dump.3"), "events: Dr\n").unwrap();
        assert!(super::dumps(folder.path()).is_err());
    }
}
