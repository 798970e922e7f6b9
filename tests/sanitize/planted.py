#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Shows that AddressSanitizer sees what the module does to memory.

Each mutant is the driver's own source with one access planted that is wrong. Instrumented and
loaded into the host under AddressSanitizer, it must be reported, in a function of the module,
while one conformance case runs.

usage: planted.py HOST | check

With "check" it only shows that the driver's source still has the places.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MBUF, IOCTL, SYSCTL = "src/kern/mbuf/mod.rs", "src/kern/ioctl.rs", "shim/helpers/sysctl.c"

# (what is planted, file, text, replacement, conformance cases, report)
MUTANTS = [
    ("a read of a freed mbuf", MBUF,
     "        unsafe { kpi::m_freem(self.as_ptr()) }\n",
     "        unsafe { kpi::m_freem(self.as_ptr()) }\n"
     "        // SAFETY: none.\n"
     "        core::hint::black_box(unsafe { (*self.as_ptr()).m_hdr.mh_flags });\n",
     "read_one_frame", "heap-use-after-free"),
    ("a write behind an argument", IOCTL,
     "        // SAFETY: long enough, as just checked;",
     "        // SAFETY: none.\n"
     "        unsafe { self.data.cast::<u8>().wrapping_add(len as usize).write_volatile(1) };\n"
     "        // SAFETY: long enough, as just checked;",
     "tapgifname", "heap-buffer-overflow"),
    ("a write behind an array on C's stack", SYSCTL,
     "\terror = sysctl_lookup(SYSCTLFN_CALL(&node));\n",
     "\t((volatile char *)addr)[oldp != NULL ? TAP_RS_ADDRSTRLEN : 0] = 1;\n"
     "\terror = sysctl_lookup(SYSCTLFN_CALL(&node));\n",
     "sysctl_mac_ok", "stack-buffer-overflow"),
]


def place_missing(root, name, text):
    """What is wrong with the place of a mutant in a tree, or an empty string."""
    file = root / name
    if not file.is_file():
        return f"there is no {name}"
    found = file.read_text().count(text)
    return "" if found == 1 else f"{name} has the text {found} times"


def check():
    """Whether each mutant has its place in the project."""
    wrong = [f"{what}: {why}" for what, name, text, *_ in MUTANTS if (why := place_missing(ROOT, name, text))]
    print("\n".join(wrong))
    return 1 if wrong else 0


def main():
    host = pathlib.Path(sys.argv[1]).resolve()
    tree = ROOT / "build/sanitize/tree"
    keep = tree / "build"
    if tree.exists():
        for entry in tree.iterdir():
            if entry != keep:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    # At the top alone: kmod/build is a script.
    shutil.copytree(ROOT, tree, dirs_exist_ok=True,
                    ignore=lambda folder, _: {"build", ".git"} if pathlib.Path(folder) == ROOT else ())
    passed = failed = 0
    for what, name, text, replacement, cases, report in MUTANTS:
        file = tree / name
        if why := place_missing(tree, name, text):
            print(f"FAILED: {what}: {why}")
            failed += 1
            continue
        original = file.read_text()
        file.write_text(original.replace(text, replacement))
        seen = reported(tree, host, cases, report)
        file.write_text(original)
        print(f"{'ok' if seen else 'FAILED'}: {what}: {report}")
        passed, failed = passed + seen, failed + (not seen)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def reported(tree, host, cases, report):
    """Whether the host under AddressSanitizer reports just that, of a function of the module."""
    environment = dict(os.environ, TAP_INSTRUMENT="address")
    built = subprocess.run([tree / "kmod/build", "10.1", "amd64"], env=environment,
                           capture_output=True, text=True)
    if built.returncode != 0:
        print(built.stderr[-3000:])
        return False
    module = tree / "build/netbsd-10.1-amd64-address/if_tap_rs.kmod"
    run = subprocess.run([host, "cases", module, "--only", cases], capture_output=True, text=True)
    here = f"AddressSanitizer: {report}" in run.stderr and "if_tap_rs: " in run.stderr
    if run.returncode == 0 or not here:
        print(run.stderr[-3000:] or run.stdout[-1000:])
        return False
    return True


sys.exit(check() if sys.argv[1:] == ["check"] else main())
