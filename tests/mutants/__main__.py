#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Shows that the tests named in docs/faults.md fail on code that has the fault.

usage: python3 tests/mutants [table | write] [model] [module] [F1 F2 ...]

Each mutant is the driver's own source with one change that brings a fault back. The test named
must fail on it, and pass on the driver; a mutant whose text is not found, or that survives, is an
error. "table" compares docs/faults.md with the mutants and the cases, "write" brings it up to date.
"""

import sys

import model
import module
import table
from mutant import prepare

KINDS = {"model": model, "module": module}


def main(arguments):
    kinds = [kind for kind in KINDS if kind in arguments]
    tables = [word for word in arguments if word in ("table", "write")]
    faults = [word for word in arguments if word not in KINDS and word not in tables]
    if not kinds and not tables:
        kinds = list(KINDS)
    passed = failed = 0
    for word in tables:
        for good, what in table.check(model.MUTANTS + module.MUTANTS, word == "write"):
            print(f"{'ok' if good else 'FAILED'} {what}", flush=True)
            passed, failed = passed + good, failed + (not good)
    if kinds:
        prepare()
    for kind in kinds:
        chosen = [mutant for mutant in KINDS[kind].MUTANTS if not faults or mutant.fault in faults]
        for mutant, caught, said in KINDS[kind].show(chosen):
            print(f"{'ok' if caught else 'FAILED'} {mutant.title()}\n    {said}", flush=True)
            passed, failed = passed + caught, failed + (not caught)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
