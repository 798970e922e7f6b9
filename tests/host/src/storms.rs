// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Storms, see [`tap_conformance::storm`]: one for a while, or a short one for each of many seeds,
//! each in a process of its own, so that a seed whose storm ends the process is named.

use std::ffi::CStr;
use std::process::Output;

use tap_conformance::ctx::Ctx;
use tap_conformance::storm::{self, Bounds};
use tap_conformance::Module;
use tap_host::driver::file;
use tap_host::emulator;
use tap_host::sys::HOST;
use tap_host::world;

use crate::processes::side_by_side;

/// Steps that each thread of a seeded storm makes.
const STEPS: u32 = 40;
/// How many processes run at once.
const JOBS: usize = 2;

fn storm(path: &CStr, bounds: Bounds) -> Result<u64, String> {
    crate::cases::prepare()?;
    let module = Module { path, name: c"if_tap_rs" };
    HOST.modload(path).map_err(|e| format!("modload: {e}"))?;
    let machine = Ctx::new(HOST, module).map_err(|e| format!("{e}"))?;
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
    let results = side_by_side(JOBS, to.saturating_sub(from) as usize, |i| {
        let program = emulator::this_program();
        let mut program = program.map_err(|e| format!("this program: {e}"))?;
        let done = program
            .arg("storm")
            .arg(file(path))
            .args([(from as usize + i).to_string(), "seeded".into()])
            .output();
        done.map_err(|e| e.to_string()).and_then(|output| verdict(&output))
    });
    let (mut calls, mut passed, mut failed) = (0, 0, 0);
    println!("1..{}", results.len());
    for (result, seed) in results.into_iter().zip(from..) {
        let number = passed + failed + 1;
        match result {
            Ok(count) => {
                calls += count;
                passed += 1;
                println!("ok {number} - seed {seed}: {count} system calls");
            }
            Err(why) => {
                failed += 1;
                println!("not ok {number} - seed {seed} # {why}");
                println!("  again: tap-host storm {} {seed} seeded", path.to_string_lossy());
            }
        }
    }
    println!("{calls} system calls in {passed} storms");
    println!("{passed} passed, {failed} failed, 0 skipped");
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} seeds failed"))
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
