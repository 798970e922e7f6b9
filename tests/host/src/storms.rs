// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Storms, see [`tap_conformance::storm`]: one for a while, or a short one for each of many seeds,
//! each in a process of its own, so that a seed whose storm ends the process is named.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Mutex;

use tap_conformance::ctx::Ctx;
use tap_conformance::storm::{self, Bounds};
use tap_conformance::sys::Sys;
use tap_conformance::Module;
use tap_host::sys::HostSys;
use tap_host::world;

/// Steps that each thread of a seeded storm makes.
const STEPS: u32 = 40;
/// How many processes run at once.
const JOBS: usize = 2;

fn storm(path: &CStr, bounds: Bounds) -> Result<u64, String> {
    crate::cases::prepare()?;
    let module = Module { path, name: c"if_tap_rs" };
    HostSys.modload(path).map_err(|e| format!("modload: {e}"))?;
    let machine = Ctx::new(HostSys, module).map_err(|e| format!("{e}"))?;
    let calls = storm::run(&machine, bounds, true).map_err(|f| f.0.as_str().to_string())?;
    machine.clean().map_err(|f| f.0.as_str().to_string())?;
    machine.sys.close(machine.socket).map_err(|e| format!("close of the socket: {e}"))?;
    crate::cases::nothing_left(module.name)?;
    Ok(calls)
}

/// `storm SECONDS`: one on real threads. `storm SEED seeded`: one interleaving.
pub fn run(path: &CStr, args: &[String]) -> Result<(), String> {
    let number = args.first().and_then(|text| text.parse::<u32>().ok());
    let number = number.ok_or("a number of seconds, or of a seed, is missing")?;
    let seeded = args.get(1).is_some_and(|word| word == "seeded");
    let bounds = if seeded {
        world::enter().seed(u64::from(number));
        Bounds { ms: 600_000, steps: STEPS, seed: number }
    } else {
        Bounds { ms: u64::from(number) * 1000, steps: u32::MAX, seed: 1 }
    };
    let calls = storm(path, bounds)?;
    println!("{calls} system calls, and nothing is left behind");
    Ok(())
}

/// `seeds FROM TO`: a seeded storm for each, in processes of their own.
pub fn seeds(path: &CStr, args: &[String]) -> Result<(), String> {
    let bound = |i: usize| args.get(i).and_then(|text| text.parse::<u32>().ok());
    let (Some(from), Some(to)) = (bound(0), bound(1)) else {
        return Err("the first seed and the one behind the last are missing".into());
    };
    let program = std::env::current_exe().map_err(|e| format!("this program: {e}"))?;
    let next = AtomicU32::new(from);
    let calls = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= to {
                    return;
                }
                let done = Command::new(&program)
                    .arg("storm")
                    .arg(OsStr::from_bytes(path.to_bytes()))
                    .args([seed.to_string(), "seeded".into()])
                    .output();
                match done.map_err(|e| e.to_string()).and_then(|output| verdict(&output)) {
                    Ok(count) => {
                        calls.fetch_add(count, Ordering::Relaxed);
                    }
                    Err(why) => failures
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((seed, why)),
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (seed, why) in &failures {
        println!("not ok seed {seed}: {why}");
        println!("  again: tap-host storm {} {seed} seeded", path.to_string_lossy());
    }
    let passed = (to - from) as usize - failures.len();
    println!("{} system calls in {passed} storms", calls.into_inner());
    println!("{passed} passed, {} failed, 0 skipped", failures.len());
    if failures.is_empty() {
        Ok(())
    } else {
        Err(format!("{} seeds failed", failures.len()))
    }
}

/// How many calls a storm's process made, or why it ended.
fn verdict(output: &Output) -> Result<u64, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let calls = text.lines().find_map(|line| line.split_once(" system calls")?.0.parse().ok());
    match (output.status.success(), calls) {
        (true, Some(calls)) => Ok(calls),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let why =
                said.lines().find(|line| line.starts_with("panic") || line.contains("storm:"));
            Err(why.map_or_else(|| output.status.to_string(), str::to_string))
        }
    }
}
