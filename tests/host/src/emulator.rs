// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Programs that were built as this one was. Where an emulator runs it, it has to run them too:
//! `TAP_EMULATOR` then has the words of the emulator's command.

use std::ffi::OsStr;
use std::io;
use std::process::Command;

/// A command that runs such a program.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let emulator = std::env::var("TAP_EMULATOR").unwrap_or_default();
    let mut words = emulator.split_whitespace();
    let Some(first) = words.next() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(words).arg(program);
    command
}

/// A command that runs this program again.
pub fn this_program() -> io::Result<Command> {
    Ok(command(std::env::current_exe()?))
}
