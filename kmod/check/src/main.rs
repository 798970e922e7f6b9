// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `if_tap_rs-check FILE.kmod …` runs the module gate; `if_tap_rs-check size FILE [FILE]` tells how
//! many bytes the kernel would load.

use std::process::ExitCode;
use std::{env, fs};

use if_tap_rs_check::{check, size};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, files) = match arguments.split_first() {
        Some((first, rest)) if first == "size" => ("size", rest.to_vec()),
        Some(_) => ("check", arguments.clone()),
        None => {
            eprintln!("usage: if_tap_rs-check [size] file.kmod ...");
            return ExitCode::from(2);
        }
    };
    let mut failed = false;
    for file in &files {
        let data = match fs::read(file) {
            Ok(data) => data,
            Err(error) => {
                eprintln!("{file}: {error}");
                failed = true;
                continue;
            }
        };
        failed |= if command == "size" { size::report(file, &data) } else { gate(file, &data) };
    }
    ExitCode::from(u8::from(failed))
}

/// Prints the findings of one file, and returns whether there are any.
fn gate(file: &str, data: &[u8]) -> bool {
    match check(data) {
        Ok(findings) if findings.is_empty() => {
            println!("{file}: passes the gate, {}", size::summary(data));
            false
        }
        Ok(findings) => {
            for finding in findings {
                println!("{file}: {}: {}", finding.rule, finding.what);
            }
            true
        }
        Err(error) => {
            println!("{file}: {error}");
            true
        }
    }
}
