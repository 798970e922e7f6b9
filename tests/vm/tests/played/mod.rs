// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A run of `make vm` with a script in the emulator's place.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tap_report::transcript::Transcript;

use crate::files::{kernel, module};

/// A console on which a run of two cases is seen.
pub const GOOD: &str = "NetBSD 10.1 (X)\n@@ TAP version 13\n@@ 1..2\n@@ # begin create -\n\
    @@ ok 1 - create\n@@ ok 2 - pfil # SKIP needs Pfil\n@@ # done\n";

/// A run's folder, and what is in it.
pub struct Lane {
    /// The folder, which goes when the run does.
    pub dir: tempfile::TempDir,
    args: Vec<String>,
    /// A module is named.
    pub kmod: bool,
}

/// What a run said.
pub struct Said {
    /// How it ended.
    pub status: i32,
    /// All that it printed.
    pub text: String,
    /// Its report, if it came to one.
    pub report: Option<Transcript>,
}

impl Lane {
    /// With an emulator that is this script, a kernel of 10.1 and its module.
    pub fn new(script: &str) -> Self {
        let lane = Self { dir: tempfile::tempdir().unwrap(), args: Vec::new(), kmod: true };
        lane.put("qemu", format!("#!/bin/sh\n{script}\n").as_bytes());
        fs::set_permissions(lane.path("qemu"), fs::Permissions::from_mode(0o755)).unwrap();
        lane.put("netbsd", &kernel("10.1"));
        lane.put("if_tap_rs.kmod", &module(1_001_000_000));
        lane
    }

    /// With an emulator that prints this console.
    pub fn console(text: &str) -> Self {
        let lane = Self::new("cat \"${0%/*}/text\"");
        lane.put("text", text.as_bytes());
        lane
    }

    /// Where a file of the run is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// With more arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Runs it.
    pub fn run(&self) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tap-vm"));
        for (option, name) in
            [("--kernel", "netbsd"), ("--kmod", "if_tap_rs.kmod"), ("--out", "out")]
        {
            if self.kmod || option != "--kmod" {
                command.arg(option).arg(self.path(name));
            }
        }
        if !self.args.iter().any(|arg| arg == "--qemu") {
            command.arg("--qemu").arg(self.path("qemu"));
        }
        // Modules that are not named are looked for in build/.
        command.current_dir(self.dir.path()).env("TAP_INIT", "unoptimised");
        let output = command.args(&self.args).output().unwrap();
        let text = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned());
        let report = fs::read_to_string(self.path("out/report.tap")).ok();
        Said {
            status: output.status.code().unwrap(),
            text: text.concat(),
            report: report.map(|report| Transcript::read(&report)),
        }
    }

    /// What is said of a run that cannot begin.
    pub fn refused(&self) -> String {
        let said = self.run();
        assert_eq!(said.status, 2, "{}", said.text);
        assert!(said.report.is_none() && !said.text.contains("passed"), "{}", said.text);
        said.text
    }
}

/// Checks that a text has a part.
#[track_caller]
pub fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}
