// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What scripts ask of the program, and `make compare` where it cannot begin.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    text.concat()
}

fn report(args: &[&str], stdin: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tap-report"));
    let command = command.args(args).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn a_run_is_copied_into_reports() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a/b");
    let tee = |run: &str| report(&["tee", out.to_str().unwrap(), "The title"], run);
    let text = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let (status, said) = tee("1..1\nok 1 - a\n1 passed\n");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.starts_with("1..1\nok 1 - a\n1 passed\nreports: "), "{said}");
    assert!(text("report.md").starts_with("# The title\n\n1 passed, 0 failed"));
    assert!(text("report.xml").contains("<testcase name=\"a\"></testcase>"));
    for bad in ["1..1\nnot ok 1 - a\n", "1..2\nok 1 - a\n", "1..1\nok 1 - a\nBail out! x\n", ""] {
        assert_eq!(tee(bad).0, Some(1), "{bad}");
        assert!(!text("report.tap").is_empty());
    }
}

#[test]
fn runs_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, run: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, run).unwrap();
        format!("{name}={}", path.display())
    };
    let ours = put("ours", "1..2\nok 1 - a\nok 2 - b\n");
    let stock = put("stock", "1..2\nnot ok 1 - a # TODO F6: x\nok 2 - b # TODO F7 did not show\n");
    let out = dir.path().join("out");
    let compare =
        |ours: &str, stock: &str| report(&["compare", out.to_str().unwrap(), ours, stock], "");
    let (status, said) = compare(&ours, &stock);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("| a | F6 | pass | differs as known | F6: x |\n"), "{said}");
    assert!(said.contains("\nremark: stock passes b: F7 did not show\nreports: "), "{said}");
    let table = std::fs::read_to_string(out.join("compare.md")).unwrap();
    assert!(said.starts_with(&table));
    let worse = put("worse", "1..2\nok 1 - a\nnot ok 2 - b # y\n");
    for (ours, stock) in [(&ours, &worse), (&worse, &stock)] {
        let (status, said) = compare(ours, stock);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("\nfailed: worse fails b: y\n"), "{said}");
    }
    assert_eq!(compare(&ours, "stock=none").0, Some(2));
    assert_eq!(compare(&ours, "none").0, Some(2));
    assert_eq!(report(&[], "").0, Some(2));
}

/// `make compare` with these variables.
fn make_compare(variables: &[(&str, &Path)]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compare");
    let mut command = Command::new(script);
    for name in ["STOCK", "KMOD", "NETBSD_KERNEL", "CASES"] {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    said(&output)
}

#[test]
fn a_comparison_needs_a_stock_module() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let elf = |machine| {
        use object::write::Object;
        Object::new(object::BinaryFormat::Elf, machine, object::Endianness::Little).write().unwrap()
    };
    let none = make_compare(&[]);
    assert!(none.contains("make compare: STOCK=path/if_tap.kmod is missing"), "{none}");
    for (path, wanted) in [
        (dir.path().join("none"), "none does not exist"),
        (file("script", b"#!/bin/sh\n"), "script: not a 64-bit ELF file"),
        (file("program", &std::fs::read("/bin/sh").unwrap()), "not relocatable"),
        (file("arm", &elf(object::Architecture::Aarch64)), "built for aarch64"),
        (file("empty", &elf(object::Architecture::X86_64)), "no link set \"modules\""),
    ] {
        let said = make_compare(&[("STOCK", &path)]);
        assert!(said.contains(wanted), "{wanted}: {said}");
        assert!(said.contains(&format!("make compare: STOCK={}", path.display())), "{said}");
    }
}
