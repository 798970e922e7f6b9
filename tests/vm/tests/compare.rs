// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make compare` in a kernel, with a program for the emulator that prints consoles: this driver's
//! at its first start, NetBSD's own at the others.

// Another test uses the rest of it.
#[allow(dead_code)]
mod files;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const OURS: &str = "NetBSD 10.1\n@@ 1..3\n@@ ok 1 - a\n@@ ok 2 - b\n@@ ok 3 - c\n@@ # done\n";

/// Compares; the exit status, what was said, and the table.
fn compare(ours: &str, stock: &[&str]) -> (i32, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    };
    let kernel = put("netbsd", &files::kernel("10.1"));
    let kmod = put("if_tap_rs.kmod", &files::module(1_001_000_000));
    // Whatever the file is called, it is NetBSD's own.
    let own = put("stock.kmod", &files::module(1_001_000_000));
    for (i, text) in std::iter::once(&ours).chain(stock).enumerate() {
        put(&format!("console{i}"), text.as_bytes());
    }
    let script = "#!/bin/sh\ncd \"${0%/*}/..\" || exit\nn=$(cat n 2>/dev/null || echo 0)\n\
        cat \"console$n\"\necho $((n + 1)) >n\n";
    let qemu = put("bin/qemu-system-x86_64", script.as_bytes());
    fs::set_permissions(&qemu, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let out = dir.path().join("out");
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../compare"))
        .arg(&out)
        .env("PATH", format!("{}:{path}", qemu.parent().unwrap().display()))
        .env("NETBSD_KERNEL", &kernel)
        .env("KMOD", &kmod)
        .env("STOCK", &own)
        .env("TAP_INIT", "unoptimised")
        .env_remove("CASES")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned());
    let table = fs::read_to_string(out.join("compare.md")).unwrap_or_default();
    (output.status.code().unwrap(), text.concat(), table)
}

#[test]
fn the_stock_driver_may_fail_as_known_and_end_its_kernel() {
    let panics = "NetBSD 10.1\n@@ 1..3\n@@ # begin a F6\n@@ not ok 1 - a # TODO F6: 0 bytes\n\
        @@ # begin b F19\npanic: lock error\n";
    let goes_on = "NetBSD 10.1\n@@ 1..3\n@@ ok 3 - c # TODO F5a did not show\n@@ # done\n";
    let (status, said, table) = compare(OURS, &[panics, goes_on]);
    assert_eq!(status, 0, "{said}");
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "| case | fault | if_tap_rs | if_tap | note |", "{said}");
    assert_eq!(rows[2], "| a | F6 | pass | differs as known | F6: 0 bytes |");
    assert_eq!(rows[3], "| b | F19 | pass | differs as known | F19: panic: lock error |");
    assert_eq!(rows[4], "| c | F5a | pass | pass | F5a did not show |");
    assert!(said.contains("remark: if_tap passes c: F5a did not show\n"), "{said}");
}

#[test]
fn a_failure_that_nobody_knows_is_one() {
    let unknown = OURS.replace("ok 2 - b", "not ok 2 - b # ENXIO");
    let (status, said, _) = compare(OURS, &[&unknown]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("failed: if_tap fails b: ENXIO\n"), "{said}");
    let (status, said, table) = compare(&unknown, &[OURS]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("failed: if_tap_rs fails b: ENXIO\n"), "{said}");
    assert!(table.contains("| b |  | FAIL | pass | ENXIO |"), "{table}");
}

#[test]
fn a_kernel_that_does_not_come_up_is_no_comparison() {
    let (status, said, table) = compare("NetBSD 10.1\npanic: no init\n", &[OURS]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("failed: if_tap_rs: 0 of 0 cases ended: "), "{said}");
    assert!(table.contains("| a |  | – | pass |  |"), "{table}");
}
