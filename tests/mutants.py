#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Shows that the tests named after faults fail on code that has the fault.

Each mutant is the driver's own source with one change that brings a fault back. The test named
must fail on it; a mutant whose text is not found, or that survives, is an error.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

CARGO = shutil.which("cargo") or "/usr/bin/cargo"
CHANNEL, ETHER, SOLO, UNIT = "src/channel.rs", "src/ether.rs", "src/solo.rs", "src/unit.rs"

# (test, file, text, replacement)
MUTANTS = [
    ("f5_no_wakeup", CHANNEL, "        if state.sleepers != 0 {\n            self.cv.signal();",
     "        if false {\n            self.cv.signal();"),
    ("f5a_a_poller", CHANNEL, "        let look = self.look();\n        if look == Some(0) {",
     "        let look = Some(0);\n        if true {"),
    ("f6_two_readers", CHANNEL, "            woken?;\n", "            woken?;\n            return Err(Errno::EIO);\n"),
    ("f11_one_of_two", CHANNEL, "        if state.opener != Opener::None {\n            return Err(Errno::EBUSY);",
     "        if false {\n            return Err(Errno::EBUSY);"),
    ("f12_nothing", CHANNEL, "        state.owner = 0;\n", ""),
    ("f12_nothing", CHANNEL, "        state.async_io = false;\n        state.owner = 0;\n", ""),
    ("f18_f22", CHANNEL, "running && !state.dying", "running"),
    ("f19_death", CHANNEL, "        self.cv.broadcast();\n        self.listeners.gone();",
     "        self.listeners.gone();"),
    ("f19_death", CHANNEL, "        while !self.calls.empty() {", "        while false {"),
    ("f23_frames_flow", CHANNEL, "        if state.polled || state.knotes != 0 {", "        if state.knotes != 0 {"),
    ("f23_each_frame", CHANNEL, "state.polled || state.knotes != 0", "state.polled"),
    ("f24_down", CHANNEL, "        let purged = self.purge(&mut state);\n        self.cv.broadcast();\n        (purged, state",
     "        let purged = L::empty();\n        self.cv.broadcast();\n        (purged, state"),
    ("f29_restart", CHANNEL, "            if state.restart {\n", "            if false {\n"),
    ("f29_restart", CHANNEL, "            if state.cancelled {\n", "            if false {\n"),
    ("f35_a_frame", CHANNEL, "if !state.running || state.opener == Opener::None {", "if !state.running {"),
    ("f15_frame", ETHER, "    if len < HDR_LEN {", "    if len == 0 {"),
    ("f15_frame", ETHER, "> (HDR_LEN + VLAN_TAG_LEN) as u64", "> (HDR_LEN + VLAN_TAG_LEN + 1) as u64"),
    ("solo", SOLO, "        if come != 1 {", "        if false {"),
    ("solo", SOLO, "                Err(now) => come = now,", "                Err(_) if come == 1 => return,\n                Err(now) => come = now,"),
    ("solo", SOLO, "fetch_add(1, Ordering::AcqRel)", "fetch_add(1, Ordering::Relaxed)"),
    ("f31_unit", UNIT, "if number < CLONER_MINOR", "if number <= CLONER_MINOR"),
    ("f33_group", ETHER, "first & 1 == 0 && ", "(first & 1 == 0 || true) && "),
]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        tree = pathlib.Path(scratch) / "tree"
        ignore = shutil.ignore_patterns("build", "target", ".git", "netbsd-*")
        shutil.copytree(root, tree, ignore=ignore)
        for test, name, text, replacement in MUTANTS:
            file = tree / name
            original = file.read_text()
            if original.count(text) < 1:
                print(f"FAILED mutant of {test}: its text is not in {name}")
                failed += 1
                continue
            file.write_text(original.replace(text, replacement, 1))
            caught = run(tree, root, test)
            file.write_text(original)
            first = text.strip().splitlines()[0]
            print(f"{'ok' if caught else 'FAILED'} {test} without `{first}`")
            passed, failed = passed + caught, failed + (not caught)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def run(tree, root, test):
    """Whether the test fails on the mutated tree; a mutant that does not compile proves nothing."""
    command = [CARGO, "test", "--quiet", "--locked", "--package", "tap-model"]
    target = ["--target-dir", str(root / "build/cargo/mutants")]
    built = subprocess.run(command + target + ["--no-run"], cwd=tree, capture_output=True, text=True)
    if built.returncode != 0:
        print(built.stderr[-2000:])
        return False
    try:
        done = subprocess.run(command + target + ["--", test], cwd=tree, capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode != 0


sys.exit(main())
