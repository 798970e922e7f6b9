// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs a module in the host: the conformance cases, or a demonstration.

mod cases;
mod demo;
mod each;
mod inject;
mod processes;
mod storms;

use std::ffi::CString;
use std::process::ExitCode;

use tap_host::{sched, world};

const USAGE: &str = "usage: tap-host demo MODULE
       tap-host link MODULE DEVICE
       tap-host cases MODULE [--only NAMES] [--dangerous] [--strict] [--seed N]
       tap-host each MODULE [--only NAMES] [--jobs N] [--timeout SECONDS] [--out DIR]
       tap-host inject MODULE [NAMES]
       tap-host storm MODULE SECONDS
       tap-host storm MODULE SEED seeded
       tap-host seeds MODULE FROM TO

demo   shows the driver at work, as a transcript
link   joins the driver's device to the Linux tap DEVICE until standard input ends
cases  runs the conformance cases, in the test anything protocol; a MODULE named if_tap.kmod is
       NetBSD's own, whose known faults are expected, and which is forgiven, unless --strict, what a
       kernel does not notice either
each   runs them in processes of their own, so that NetBSD's own driver runs those too that it does
       not survive, and puts reports into DIR
inject runs them again and again, with something going wrong in the kernel each time
storm  does everything at once, on real threads or in the interleaving that a seed stands for
seeds  does so for a range of seeds
";

/// The process that the cases and the demonstration are.
const PID: sched::Pid = 1;

/// How many of the kernel's messages are shown when something went wrong.
const LAST_MESSAGES: usize = 20;

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
        "each" => each::run(&module, &rest),
        "inject" => inject::run(&module, &rest),
        "storm" => storms::run(&module, &rest),
        "seeds" => storms::seeds(&module, &rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let messages = world::enter().messages.text().to_string();
            let lines: Vec<&str> = messages.lines().collect();
            for line in &lines[lines.len().saturating_sub(LAST_MESSAGES)..] {
                eprintln!("{line}");
            }
            eprintln!("tap-host {command}: {message}");
            ExitCode::FAILURE
        }
    }
}
