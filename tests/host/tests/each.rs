// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `tap-host each` on modules that end or hang their kernel, or do nothing: that is the failure of
//! each case, in every report, and all other cases run.

// The loader's tests use the rest of both.
#[allow(dead_code)]
#[path = "loader/code/mod.rs"]
mod code;
#[allow(dead_code)]
#[path = "loader/object.rs"]
mod object;

use std::path::Path;

use code::{ABORT, HANG, SUCCEED};
use object::Module;
use tap_host::emulator;
use tap_report::module::Version;
use tap_report::transcript::{Transcript, Verdict};

/// Seconds that are given to a module that hangs. The others have all the time they want.
const SOON: &str = "1";
const LATE: &str = "600";

/// Runs two cases on a module with such a modcmd, in a folder of that name; their notes.
fn notes(name: &str, code: &[u8], patience: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("if_tap_rs.kmod");
    std::fs::write(&file, Module { code, ..Module::named("if_tap_rs") }.build().bytes()).unwrap();
    assert_eq!(Version::of(&file).unwrap(), Version(object::version()));
    let out = dir.join("out");
    let mut each = emulator::command(env!("CARGO_BIN_EXE_tap-host"));
    each.arg("each").arg(&file).args(["--only", "zero_write,create_destroy$"]);
    let output = each.args(["--timeout", patience, "--out"]).arg(&out).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("\n0 passed, 2 failed, 0 failed as known, 0 skipped\n"), "{text}");
    let report = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(report("report.xml").matches("<failure").count(), 2);
    assert_eq!(report("report.md").matches("| FAIL |").count(), 2);
    let run = Transcript::read(&report("report.tap"));
    assert!(run.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Failed));
    let names: Vec<&str> = run.outcomes.iter().map(|outcome| &*outcome.name).collect();
    assert_eq!(names, ["create_destroy", "zero_write"]);
    for name in names {
        assert!(out.join(format!("log/{name}.err")).exists());
    }
    run.outcomes.into_iter().map(|outcome| outcome.note).collect()
}

#[test]
fn a_module_that_ends_the_kernel() {
    for note in notes("abort", ABORT, LATE) {
        assert!(note.starts_with("panic: illegal instruction: "), "{note}");
        assert!(note.ends_with("if_tap_rs: modcmd+0x0"), "{note}");
    }
}

#[test]
fn a_module_that_hangs() {
    assert_eq!(notes("hang", HANG, SOON), ["hung", "hung"]);
}

#[test]
fn a_module_that_does_nothing() {
    for note in notes("succeed", SUCCEED, LATE) {
        assert_eq!(note, "create: EINVAL (22)");
    }
}

#[test]
fn a_name_that_no_case_has() {
    let mut each = emulator::command(env!("CARGO_BIN_EXE_tap-host"));
    let output = each.args(["each", "m.kmod", "--only", "no_such_case"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no case is called no_such_case"));
}
