#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Shows that the tests named in docs/faults.md fail on code that has the fault.

usage: python3 tests/mutants [table | write] [model] [module] [packaging] [F1 F2 ...]

Each mutant is the driver's own source with one change that brings a fault back. The test named
must fail on it, and pass on the driver; a mutant whose text is not found, or that survives, is an
error. "table" compares docs/faults.md with the mutants and the cases, "write" brings it up to date.
"""

import concurrent.futures
import queue
import sys

import batch
import model
import module
import offload
import packaging
import table
from compile import Compiler, Failed
from mutant import NoSuchText, Tree

KINDS = {
    "model": batch.MODEL_MUTANTS + model.MUTANTS + offload.MUTANTS,
    "module": module.MUTANTS,
    "packaging": packaging.MUTANTS,
}
# Trees in which mutants are built, and then tested, at once.
JOBS = 3


class Runner:
    """Gives each mutant a tree, and the programs that test it."""

    def __init__(self, kinds):
        self.compiler = Compiler()
        self.host = module.Host(self.compiler) if "module" in kinds else None
        self.model = model.Model(self.compiler, KINDS["model"]) if "model" in kinds else None
        self.trees = queue.SimpleQueue()
        for number in range(JOBS):
            self.trees.put(Tree(f"tree{number}"))

    def verdict(self, mutant):
        """Whether the mutant is caught, and by what."""
        tree = self.trees.get()
        try:
            with tree.changed(mutant):
                if mutant.kind == "model":
                    return self.model.verdict(tree, mutant)
                if mutant.kind == "packaging":
                    return packaging.verdict(tree, mutant)
                return self.host.verdict(tree, mutant)
        except NoSuchText as error:
            return False, str(error)
        except Failed as error:
            return False, f"does not compile: {error}"
        finally:
            self.trees.put(tree)


def main(arguments):
    kinds = [kind for kind in KINDS if kind in arguments]
    tables = [word for word in arguments if word in ("table", "write")]
    faults = [word for word in arguments if word not in KINDS and word not in tables]
    if not kinds and not tables:
        kinds = list(KINDS)
    passed = failed = 0
    for word in tables:
        for good, what in table.check(sum(KINDS.values(), []), word == "write"):
            print(f"{'ok' if good else 'FAILED'} {what}", flush=True)
            passed, failed = passed + good, failed + (not good)
    mutants = [mutant for kind in kinds for mutant in KINDS[kind]]
    mutants = [mutant for mutant in mutants if not faults or mutant.fault in faults]
    if mutants:
        runner = Runner(kinds)
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            for mutant, (caught, said) in zip(mutants, pool.map(runner.verdict, mutants)):
                print(f"{'ok' if caught else 'FAILED'} {mutant.title()}\n    {said}", flush=True)
                passed, failed = passed + caught, failed + (not caught)
        if len(mutants) == sum(map(len, KINDS.values())):
            runner.compiler.forget()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
