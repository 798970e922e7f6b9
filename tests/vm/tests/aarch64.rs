// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make vm ARCH=aarch64` without a kernel, as lane.rs does it for amd64.

#[allow(dead_code)] // Other tests use the rest of it.
mod files;
mod played;

use std::fs;

use played::{has, Lane, GOOD};

/// Says what it was started with, keeps what it was given, and prints the console.
const SCRIPT: &str = "cd \"${0%/*}\"; echo \"qemu $*\"; while [ $# -gt 0 ]; do\n\
    case $1 in -kernel) cp \"$2\" image ;; -initrd) cp \"$2\" root ;; esac; shift\ndone\ncat text";

/// With a kernel of 11.0 and its module.
fn lane(text: &str) -> Lane {
    let lane = Lane::new(SCRIPT).args(&["--arch", "aarch64"]);
    lane.put("netbsd", &files::aarch64("11.0"));
    lane.put("if_tap_rs.kmod", &files::aarch64_module(1_100_000_000));
    lane.put("text", text.as_bytes());
    lane
}

#[test]
fn a_kernel_is_booted_as_a_loader_of_linux_would() {
    let lane = lane(GOOD);
    let said = lane.run();
    assert_eq!(said.status, 0, "{}", said.text);
    has(
        &fs::read_to_string(lane.path("out/report.md")).unwrap(),
        "if_tap_rs in NetBSD/aarch64 11.0",
    );
    let console = fs::read_to_string(lane.path("out/console.log")).unwrap();
    has(&console, "qemu -M virt,gic-version=3 -cpu cortex-a72 -m 512 -nographic");
    has(&console, "-smp 2");
    has(&console, "-append root=md0a -initrd ");
    let image = fs::read(lane.path("image")).unwrap();
    assert!(image[56..].starts_with(b"ARM\x64") && image[64..].starts_with(files::CODE));
}

#[test]
fn the_root_is_a_file_system_with_an_init_of_the_architecture() {
    const EM_AARCH64: [u8; 2] = [183, 0];
    let lane = lane(GOOD);
    assert_eq!(lane.run().status, 0);
    let root = fs::read(lane.path("root")).unwrap();
    assert_eq!(root[1080..1082], [0x53, 0xef], "no ext2 file system");
    let program = root.windows(20).find(|part| {
        // ET_EXEC, on the border of a block.
        part.starts_with(b"\x7fELF\x02\x01\x01") && part[16..18] == [2, 0]
    });
    assert_eq!(program.unwrap()[18..20], EM_AARCH64);
}

#[test]
fn a_run_that_fails_is_told() {
    let said =
        lane("NetBSD 11.0\n@@ 1..1\n@@ # begin a -\n@@ not ok 1 - a # no\n@@ # done\n").run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "| a | FAIL | no |");
    let panics = "Trap: Data Abort (EL1): Translation Fault L0\npanic: Fatal fault\nrebooting...\n";
    let said = lane(&format!("NetBSD 11.0\n@@ 1..1\n@@ # begin a -\n{panics}")).run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "| a | FAIL | panic: Fatal fault |");
}

#[test]
fn a_kernel_that_takes_no_memory_disk_is_told() {
    let said = lane("NetBSD 11.0\nunknown device major 0xffff\nroot device: ").run();
    assert_eq!(said.status, 1, "{}", said.text);
    has(&said.text, "does the kernel have options MEMORY_DISK_DYNAMIC?");
}

#[test]
fn what_is_of_another_architecture_is_refused() {
    let lane = lane(GOOD);
    lane.put("if_tap_rs.kmod", &files::module(1_100_000_000));
    has(&lane.refused(), "built for amd64; only modules for aarch64");
    lane.put("netbsd", &files::kernel("11.0"));
    has(&lane.refused(), "the kernel is built for amd64, not aarch64: ARCH=amd64");
    let lane = Lane::console(GOOD);
    lane.put("netbsd", &files::aarch64("11.0"));
    has(&lane.refused(), "the kernel is built for aarch64, not amd64: ARCH=aarch64");
}

#[test]
fn the_module_is_that_of_the_architecture() {
    let mut lane = lane(GOOD);
    lane.kmod = false;
    has(&lane.refused(), "no module for NetBSD 11.0: build/netbsd-11.0-aarch64/if_tap_rs.kmod");
    let path = "build/netbsd-11.0-aarch64/if_tap_rs.kmod";
    fs::create_dir_all(lane.path(path).parent().unwrap()).unwrap();
    lane.put(path, &files::aarch64_module(1_100_000_000));
    let said = lane.run();
    assert_eq!(said.status, 0, "{}", said.text);
    has(&said.text, &format!("vm: NetBSD 11.0 with {path}: built for this version"));
}

#[test]
fn what_only_amd64_can_do_is_refused() {
    has(&lane(GOOD).args(&["--kvm"]).refused(), "KVM=1 is for amd64; aarch64 is emulated");
    has(&lane(GOOD).args(&["--bench"]).refused(), "measurements are for amd64");
}

#[test]
fn an_emulator_that_is_missing_is_named() {
    let said = lane(GOOD).args(&["--qemu", "no-such-qemu"]).refused();
    has(&said, "no-such-qemu (package qemu-system-arm)");
}
