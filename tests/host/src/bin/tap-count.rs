// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Measures a module, for `tests/bench`, which runs this under callgrind.

use std::ffi::CString;
use std::process::ExitCode;

use tap_host::{bench, sched, world};

const USAGE: &str = "usage: tap-count MODULE [--only NAMES] [--taps N,...] [--rounds N]\n";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(module) = args.next().and_then(|module| CString::new(module).ok()) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    sched::adopt(1, "main");
    let rest: Vec<String> = args.collect();
    match bench::run(&module, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}tap-count: {message}", world::enter().messages.text());
            ExitCode::FAILURE
        }
    }
}
