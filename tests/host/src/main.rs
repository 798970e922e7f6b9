// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs a module in the host: the conformance cases, or a demonstration.

mod cases;
mod demo;

use std::ffi::CString;
use std::process::ExitCode;

use tap_host::{sched, world};

const USAGE: &str = "usage: tap-host demo MODULE
       tap-host link MODULE DEVICE
       tap-host cases MODULE [--only NAMES] [--dangerous] [--seed N]

demo   shows the driver at work, as a transcript
link   joins the driver's device to the Linux tap DEVICE until standard input ends
cases  runs the conformance cases, in the test anything protocol; a MODULE named if_tap.kmod is
       NetBSD's own, whose known faults are expected
";

/// The process that the cases and the demonstration are.
const PID: sched::Pid = 1;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(command), Some(module)) = (args.next(), args.next()) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    let Ok(module) = CString::new(module) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    sched::adopt(PID, "main");
    let rest: Vec<String> = args.collect();
    let done = match command.as_str() {
        "demo" => demo::run(&module),
        "link" => demo::link(&module, rest.first().map_or("", String::as_str)),
        "cases" => cases::run(&module, &rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprint!("{}", world::enter().messages.text());
            eprintln!("tap-host {command}: {message}");
            ExitCode::FAILURE
        }
    }
}
