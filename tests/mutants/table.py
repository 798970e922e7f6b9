# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Keeps the table of docs/faults.md true to the mutants and to the conformance cases.

The first two columns and the last are written by hand. Between them stand the tests of a fault,
each with the changes to the driver that it fails on, and the cases that NetBSD's C driver has been
seen to fail for it.
"""

import re

from mutant import ROOT

DOCUMENT = ROOT / "docs/faults.md"
CASES = ROOT / "tests/conformance/src/cases"
# What an F-number is, and how many rows there are: F1 to F49, and F5a.
NUMBERS = [f"F{number}" for number in range(1, 50)]
ROWS = sorted([*NUMBERS, "F5a"], key=lambda word: (int(re.sub(r"\D", "", word)), word))


def cases():
    """Every case's name, with the faults for which the C driver has been seen to fail it."""
    found = {}
    for file in sorted(CASES.glob("*.rs")):
        for part in re.split(r"\bcase\(", file.read_text())[1:]:
            name = re.match(r'\s*"([a-z0-9_]+)",', part)
            if name:
                marks = re.findall(r"\.(?:differs|dangerous)\(&\[([^]]*)\]\)", part)
                seen = marks and ".unseen()" not in part
                found[name[1]] = re.findall(r"F\d+a?", marks[0]) if seen else []
    return found


def named(mutant):
    """A mutant's tests, as the table names them."""
    names = ", ".join(f"`{name}`" for name in mutant.test.split(","))
    return names if mutant.kind == "case" else f"{mutant.kind} {names}"


def cells(fault, mutants, known):
    """The two columns of a fault that are not written by hand."""
    tests = {}
    for mutant in mutants:
        if mutant.fault == fault:
            tests.setdefault(named(mutant), []).append(mutant.what)
    shown = "; ".join(f"{names}: {', or '.join(whats)}" for names, whats in tests.items())
    stock = ", ".join(f"`{name}`" for name, faults in known.items() if fault in faults)
    return [shown, stock or "–"]


def rewrite(mutants, known):
    """The document as it should be, and the faults that have no test."""
    lines, seen, bare = [], [], []
    for line in DOCUMENT.read_text().splitlines(keepends=True):
        row = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if re.fullmatch(r"F\d+a?", row[0]):
            columns = cells(row[0], mutants, known)
            seen.append(row[0])
            if not columns[0]:
                bare.append(row[0])
            line = f"| {' | '.join([row[0], row[1], *columns, row[-1]])} |\n"
        lines.append(line)
    missing = [fault for fault in ROWS if fault not in seen]
    return "".join(lines), bare + missing


def check(mutants, write):
    """Yields (whether it is so, what)."""
    known = cases()
    text, bare = rewrite(mutants, known)
    if write:
        DOCUMENT.write_text(text)
    strange = [
        name
        for mutant in mutants
        if mutant.kind == "case"
        for name in mutant.test.split(",")
        if name not in known
    ]
    yield not bare, f"docs/faults.md has a row with a test for each fault {' '.join(bare)}".strip()
    yield not strange, f"every case that a mutant names is there {' '.join(strange)}".strip()
    same = DOCUMENT.read_text() == text
    yield same, "docs/faults.md is what the mutants and the cases say (or python3 tests/mutants write)"
