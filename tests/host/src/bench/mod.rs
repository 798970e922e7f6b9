// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What calls cost the driver: `make bench`.
//!
//! The workloads are those of [`tap_conformance::bench`]. Under callgrind the instructions of each
//! workload's calls go to a dump of their own, from which `tests/bench` takes those inside of the
//! module's text; the calls that the module makes to its kernel are counted [here](gates). A call
//! is over when everybody whom it woke sleeps again, so that a count holds all that follows from
//! it: the soft interrupts, the answer of the stack, what a woken reader does.
//!
//! Threads run until they sleep, so that counts repeat to the instruction.

pub mod collect;
pub mod gates;
mod rig;

use std::ffi::CStr;

use tap_conformance::abi::{makedev, S_IFCHR};
use tap_conformance::bench::Config;
use tap_conformance::errno::Result;

use crate::driver::Driver;
use crate::sys::HOST;
use crate::world::enter;

/// Measures as the arguments ask; an error says what is wrong with them or went wrong.
pub fn run(path: &CStr, args: &[String]) -> std::result::Result<(), String> {
    let mut only = String::new();
    let mut taps = vec![1];
    let mut rounds = 1;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let value = rest.next().ok_or(format!("{arg} wants a value"))?;
        let number = |text: &str| text.parse().map_err(|_| format!("{arg}: no number: {text}"));
        match arg.as_str() {
            "--only" => only = value.clone(),
            "--taps" => {
                taps = value.split(',').map(number).collect::<std::result::Result<_, _>>()?
            }
            "--rounds" => rounds = number(value)? as usize,
            other => return Err(format!("unknown option {other}")),
        }
    }
    gates::open();
    enter().take_turns();
    // A kernel has it for about 400 interfaces, unless its softint_bytes is another.
    enter().softints.room = usize::MAX;
    let driver = Driver::of(path);
    enter().modules.force = driver.wants_force();
    if driver.stock {
        enter().forgive_spin_mutexes();
    }
    let config = Config { module: driver.module, only: &only, taps: &taps, rounds };
    measure(&config).map_err(|e| format!("{path:?}: {e}"))
}

fn measure(config: &Config<'_>) -> Result<()> {
    let bpf = makedev(HOST.major("bpf")?, 0);
    HOST.mknod(c"/dev/bpf", S_IFCHR | 0o600, bpf)?;
    let mut rig = rig::Meter::default();
    tap_conformance::bench::run(HOST, config, &mut rig)?;
    let text = HOST.modstat(config.module.name)?;
    println!("text {:#x} {}", text.addr, text.size);
    for (address, len, name) in crate::loader::trace::functions(text.addr) {
        println!("function {address:#x} {len} {name}");
    }
    Ok(())
}
