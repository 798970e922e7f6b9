// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs each conformance case with one fault: the n-th allocation that may fail does, the n-th byte
//! copied from or to a user page faults, or a signal arrives before the n-th interruptible sleep. n
//! increases until the case no longer reaches it.
//!
//! The case must end, whether it passes or not. A second run of it without a fault must pass, and
//! nothing may be left at the end.

use std::ffi::CStr;

use tap_conformance::cases::each;
use tap_conformance::sys::Need;
use tap_conformance::{Config, Module};
use tap_host::sys::{capture, HOST};
use tap_host::world;

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allocation,
    Copy,
    Signal,
}

const KINDS: [(Kind, &str); 3] =
    [(Kind::Allocation, "allocation"), (Kind::Copy, "byte copied"), (Kind::Signal, "sleep")];

/// Cases that go round so often, or with so many at once, that they are sweeps of their own.
const LONG: [&str; 8] = [
    "stress",
    "storm",
    "load_unload",
    "unload_against",
    "syscall_storm",
    "mac_change",
    "ioctl_storm",
    "many_interfaces",
];

/// Each of so many first bytes copied faults, then one in every [`STRIDE`].
const FIRST_BYTES: usize = 3;
const STRIDE: usize = 157;
/// How many of one kind at most are tried in one case.
const MOST: u64 = 10;

fn arm(kind: Kind, n: u64) {
    let mut world = world::enter();
    match kind {
        Kind::Allocation => world.memory.fail_in = Some(n),
        Kind::Copy => world.copies.fault_in = Some(byte(n)),
        Kind::Signal => world.sched.interrupt_in = Some(n),
    }
}

/// The n-th byte to fault.
fn byte(n: u64) -> usize {
    let n = n as usize;
    if n < FIRST_BYTES {
        n
    } else {
        FIRST_BYTES + (n - FIRST_BYTES) * STRIDE
    }
}

/// Takes the wish back; whether it came true.
fn disarm() -> bool {
    let mut world = world::enter();
    let left = [
        world.memory.fail_in.take().is_some(),
        world.copies.fault_in.take().is_some(),
        world.sched.interrupt_in.take().is_some(),
    ];
    !left.contains(&true)
}

/// Sweeps over the cases that the arguments select.
pub fn run(path: &CStr, args: &[String]) -> Result<(), String> {
    let only = args.first().map_or("", String::as_str);
    // Interleavings are the same each time, and nobody waits for a clock.
    world::enter().seed(1);
    crate::cases::prepare()?;
    let module = Module { path, name: c"if_tap_rs" };
    let mut names = Vec::new();
    each(&mut |case| {
        let long = LONG.iter().any(|long| case.name.starts_with(long));
        let smp = case.needs.contains(&Need::Smp);
        let chosen = only.is_empty() || only.split(',').any(|part| case.name.starts_with(part));
        if chosen && !long && !smp {
            names.push(case.name);
        }
    });
    println!("1..{}", names.len() * KINDS.len());
    let (mut passed, mut failed) = (0, 0);
    for name in names {
        for (kind, what) in KINDS {
            let number = passed + failed + 1;
            match sweep(module, name, kind) {
                Ok(count) => {
                    passed += 1;
                    println!("ok {number} - {name}: {count} times, at each {what}");
                }
                Err(why) => {
                    failed += 1;
                    println!("not ok {number} - {name}, at each {what} # {why}");
                }
            }
        }
    }
    if let Err(left) = crate::cases::nothing_left(module.name) {
        failed += 1;
        println!("not ok - {} # {left}", crate::cases::NOTHING_LEFT);
    }
    println!("{passed} passed, {failed} failed, 0 skipped");
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} sweeps failed"))
    }
}

/// One case, with one kind of thing going wrong at every n; how many there were.
fn sweep(module: Module<'_>, name: &str, kind: Kind) -> Result<u64, String> {
    let only = format!("{name}$");
    for n in 0..MOST {
        arm(kind, n);
        let wrong = once(module, &only);
        let happened = disarm();
        if let Some(why) = once(module, &only) {
            return Err(format!("{n}: then without it: {why} (with it: {wrong:?})"));
        }
        if !happened {
            return match wrong {
                Some(why) => Err(format!("{n}, which never came: {why}")),
                None => Ok(n),
            };
        }
    }
    Ok(MOST)
}

/// Runs a case; why it failed.
fn once(module: Module<'_>, only: &str) -> Option<String> {
    let config = Config { module, stock: false, only, dangerous: false, from: 1 };
    let (result, lines) = capture(|| tap_conformance::run(HOST, &config));
    match result {
        // The case never began, for lack of what was to fail.
        Err(error) => Some(format!("{error}")),
        Ok(summary) if summary.failed == 0 => None,
        Ok(_) => lines.into_iter().find(|line| line.starts_with("not ok")),
    }
}
