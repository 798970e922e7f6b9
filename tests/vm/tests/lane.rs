// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The whole of `make vm` but the kernel: a program that prints a console plays the emulator, and
//! an ELF file with a kernel's banner the kernel.

mod files;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use files::{kernel, module};
use tap_report::transcript::Transcript;

const GOOD: &str = "NetBSD 10.1 (X)\n@@ TAP version 13\n@@ 1..2\n@@ # begin create -\n\
    @@ ok 1 - create\n@@ ok 2 - pfil # SKIP needs Pfil\n@@ # done\n";

/// A run's folder, and what is in it.
struct Lane {
    dir: tempfile::TempDir,
    args: Vec<String>,
    /// A module is named.
    kmod: bool,
}

/// What a run said.
struct Said {
    status: i32,
    text: String,
    report: Option<Transcript>,
}

impl Lane {
    /// With an emulator that is this script, a kernel of 10.1 and its module.
    fn new(script: &str) -> Self {
        let lane = Self { dir: tempfile::tempdir().unwrap(), args: Vec::new(), kmod: true };
        lane.put("qemu", format!("#!/bin/sh\n{script}\n").as_bytes());
        fs::set_permissions(lane.path("qemu"), fs::Permissions::from_mode(0o755)).unwrap();
        lane.put("netbsd", &kernel("10.1"));
        lane.put("if_tap_rs.kmod", &module(1_001_000_000));
        lane
    }

    /// With an emulator that prints this console.
    fn console(text: &str) -> Self {
        let lane = Self::new("cat \"${0%/*}/text\"");
        lane.put("text", text.as_bytes());
        lane
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    fn run(&self) -> Said {
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
        command.current_dir(self.dir.path());
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
    fn refused(&self) -> String {
        let said = self.run();
        assert_eq!(said.status, 2, "{}", said.text);
        assert!(said.report.is_none() && !said.text.contains("passed"), "{}", said.text);
        said.text
    }
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}

#[test]
fn a_console_becomes_reports() {
    let lane = Lane::console(GOOD);
    let said = lane.run();
    assert_eq!(said.status, 0, "{}", said.text);
    has(&said.text, "| create | pass |");
    has(&said.text, &format!("reports: {}", lane.path("out").display()));
    assert!(said.report.unwrap().is_good());
    has(&fs::read_to_string(lane.path("out/report.xml")).unwrap(), "<testcase name=\"create\">");
    has(&fs::read_to_string(lane.path("out/report.md")).unwrap(), "if_tap_rs in NetBSD 10.1");
    assert_eq!(fs::read_to_string(lane.path("out/console.log")).unwrap(), GOOD);
}

#[test]
fn a_gzipped_kernel_is_one_too() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, &kernel("10.1")).unwrap();
    let lane = Lane::console(GOOD);
    lane.put("netbsd", &packer.finish().unwrap());
    assert_eq!(lane.run().status, 0);
}

#[test]
fn a_kernel_that_panics_goes_on_behind_the_case() {
    let lane = Lane::new(
        "cd \"${0%/*}\"; echo 'NetBSD 10.1'; echo '@@ 1..2'\n\
         [ -e twice ] || { >twice; echo '@@ # begin a -'; echo 'panic: lock error'; exit; }\n\
         echo '@@ # begin b -'; echo '@@ ok 2 - b'; echo '@@ # done'",
    );
    let said = lane.run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "| a | FAIL | panic: lock error |");
    has(&said.text, "| b | pass |");
    has(&said.text, "the console's last lines");
    assert_eq!(said.report.unwrap().outcomes.len(), 2);
}

#[test]
fn a_kernel_that_hangs_is_turned_off() {
    let script = "echo NetBSD; echo '@@ 1..1'; echo '@@ # begin a -'; exec sleep 600";
    let said = Lane::new(script).args(&["--timeout", "1"]).run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "| a | FAIL | the machine hung or stopped |");
    let said = Lane::new("echo NetBSD; exec sleep 600").args(&["--timeout", "1"]).run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "vm: silent for 1 s");
}

#[test]
fn a_kernel_that_does_not_get_to_init_fails() {
    let said = Lane::console("NetBSD 10.1\npanic: no init\nrebooting...\n").run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "vm: panic: no init");
    let asks = "no file system for wd0a\ncannot mount root, error = 79\nroot device: ";
    let said = Lane::console(&format!("NetBSD 10.1\n{asks}")).run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "does the kernel have file-system EXT2FS?");
    let said = Lane::console("NetBSD 10.1\nrebooting...\n").run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "vm: the machine stopped before the suite was done");
}

#[test]
fn a_module_that_the_kernel_refuses_fails() {
    let said = Lane::console(
        "NetBSD 10.1\n@@ TAP version 13\nkobj_checksyms: symbol `x' not found\n\
         @@ Bail out! /driver.kmod: ENOEXEC (8)\n",
    )
    .run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "vm: /driver.kmod: ENOEXEC (8)");
    has(&said.text, "symbol `x' not found");
}

#[test]
fn cases_that_are_none_fail() {
    let lane = Lane::console("NetBSD 10.1\n@@ 1..0\n@@ # done\n").args(&["--cases", "nonesuch"]);
    let said = lane.run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "vm: no case is called nonesuch");
}

#[test]
fn a_module_is_refused_for_what_is_wrong_with_it() {
    let lane = Lane::console(GOOD);
    lane.put("if_tap_rs.kmod", &module(1_100_000_000));
    let said = lane.refused();
    has(&said, "built for NetBSD 11.0, and the kernel, which is NetBSD 10.1, would refuse it");
    lane.put("if_tap_rs.kmod", b"#!/bin/sh\n");
    has(&lane.refused(), "if_tap_rs.kmod: not a 64-bit ELF file");
    fs::remove_file(lane.path("if_tap_rs.kmod")).unwrap();
    has(&lane.refused(), "if_tap_rs.kmod: No such file");
    lane.put("if_tap_rs.kmod", &module(1_100_000_000));
    assert_eq!(lane.args(&["--force"]).run().status, 0);
}

#[test]
fn the_module_that_is_taken_is_told_with_the_reason() {
    let mut lane = Lane::console(GOOD);
    lane.kmod = false;
    lane.put("netbsd", &kernel("11.0_RC6"));
    has(&lane.refused(), "no module for NetBSD 11.0: build/netbsd-11.0-amd64/if_tap_rs.kmod");
    let path = "build/netbsd-11.0-amd64/if_tap_rs.kmod";
    fs::create_dir_all(lane.path(path).parent().unwrap()).unwrap();
    lane.put(path, &module(1_100_000_000));
    for (version, why) in [
        ("11.0_RC6", "built for NetBSD 11.0, which is the version of 11.0_RC6\n"),
        ("11.99.4", "built for NetBSD 11.0, the nearest release, and loaded by force, because"),
    ] {
        lane.put("netbsd", &kernel(version));
        let said = lane.run();
        assert_eq!(said.status, 0, "{}", said.text);
        has(&said.text, &format!("vm: NetBSD {version} with {path}: {why}"));
    }
    fs::remove_dir_all(lane.path("out")).unwrap();
    lane.put("netbsd", &kernel("12.0_BETA"));
    has(&lane.refused(), "no module for NetBSD 12.0: build/netbsd-12.0-amd64/if_tap_rs.kmod");
}

#[test]
fn a_kernel_is_refused_for_what_is_wrong_with_it() {
    let lane = Lane::console(GOOD);
    lane.put("netbsd", b"#!/bin/sh\n");
    has(&lane.refused(), "netbsd: not an ELF file: is this a NetBSD kernel?");
    lane.put("netbsd", &files::of_another_machine());
    has(&lane.refused(), "built for Aarch64; only NetBSD/amd64 kernels can be booted here");
    lane.put("netbsd", &[0x1f, 0x8b, 8, 0, 0]);
    has(&lane.refused(), "a damaged gzip file");
    fs::remove_file(lane.path("netbsd")).unwrap();
    has(&lane.refused(), "netbsd: No such file");
}

#[test]
fn the_driver_may_be_the_kernels_own() {
    let mut lane = Lane::console(GOOD).args(&["--built-in"]);
    lane.kmod = false;
    has(&lane.refused(), "tap(4) is not built into this kernel");
}

#[test]
fn an_emulator_that_is_missing_is_named() {
    let said = Lane::console(GOOD).args(&["--qemu", "no-such-qemu"]).refused();
    has(&said, "no-such-qemu (package qemu-system-x86)");
}
