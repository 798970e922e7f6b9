// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make vm` without a kernel: a script that prints a console takes the place of qemu, and an ELF file
//! with a version banner that of the kernel.

#[allow(dead_code)] // Other tests use the rest of it.
mod files;
mod played;

use std::fs;

use files::{kernel, module};
use played::{has, Lane, GOOD};

#[test]
fn a_console_becomes_reports() {
    let lane = Lane::console(GOOD);
    let said = lane.run();
    assert_eq!(said.status, 0, "{}", said.text);
    has(&said.text, "| create | pass |");
    has(&said.text, &format!("reports: {}", lane.path("out").display()));
    assert!(said.report.unwrap().is_good());
    has(&fs::read_to_string(lane.path("out/report.xml")).unwrap(), "<testcase name=\"create\">");
    has(&fs::read_to_string(lane.path("out/report.md")).unwrap(), "if_tap_rs in NetBSD/amd64 10.1");
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
    has(
        &lane.refused(),
        "built for Riscv64; only kernels for amd64 and aarch64 can be booted here",
    );
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
