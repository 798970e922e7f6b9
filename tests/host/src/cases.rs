// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The conformance cases on the host, and what must not be left when they are done.

use std::ffi::CStr;

use tap_conformance::abi::{makedev, S_IFCHR};
use tap_conformance::Config;
use tap_host::driver::Driver;
use tap_host::sys::HOST;
use tap_host::world;

/// The promise after all cases.
pub const NOTHING_LEFT: &str = "nothing is left behind";

/// Runs the cases that the arguments ask for; an error says what is wrong with them or was left.
pub fn run(path: &CStr, args: &[String]) -> Result<(), String> {
    let mut only = String::new();
    let mut dangerous = false;
    let mut strict = false;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--only" => only = value()?.clone(),
            "--dangerous" => dangerous = true,
            "--strict" => strict = true,
            "--seed" => {
                let seed = value()?;
                let seed = seed.parse().map_err(|_| format!("no seed: {seed}"))?;
                world::enter().seed(seed);
            }
            other => return Err(format!("unknown option {other}")),
        }
    }
    prepare()?;
    let driver = Driver::of(path);
    let Driver { module, stock } = driver;
    world::enter().modules.force = driver.wants_force();
    if stock && !strict {
        world::enter().forgive_spin_mutexes();
    }
    let config = Config { module, stock, only: &only, dangerous, from: 1 };
    let summary = tap_conformance::run(HOST, &config).map_err(|e| format!("{path:?}: {e}"))?;
    let mut failed = summary.failed;
    if let Err(left) = nothing_left(module.name) {
        println!("not ok - {NOTHING_LEFT} # {left}");
        failed += 1;
    } else {
        println!("ok - {NOTHING_LEFT}");
    }
    let (passed, skipped) = (summary.passed + summary.expected, summary.skipped);
    println!("{} passed, {failed} failed, {skipped} skipped", passed + 1);
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} cases failed"))
    }
}

/// Makes the node of bpf(4) that the cases open.
pub fn prepare() -> Result<(), String> {
    HOST.major("bpf")
        .and_then(|major| HOST.mknod(c"/dev/bpf", S_IFCHR | 0o600, makedev(major, 0)))
        .map_err(|e| format!("/dev/bpf: {e}"))
}

/// Unloads the module, and asks every part of the host what it still has.
pub fn nothing_left(name: &CStr) -> Result<(), String> {
    HOST.modunload(name).map_err(|e| format!("modunload: {e}"))?;
    let left = world::enter().leftovers();
    if left.is_empty() {
        Ok(())
    } else {
        Err(left.join("; "))
    }
}
