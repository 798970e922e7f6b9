# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Runs the tests on mutants that are modules, in the host."""

import json
import os
import subprocess

import batch
import bundle
import calls
import life
import load
import outside
import vnet
from compile import MODULE, RELEASE
from mutant import CARGO, ROOT, reason, run

MUTANTS = (
    batch.MODULE_MUTANTS + calls.MUTANTS + life.MUTANTS + load.MUTANTS + outside.MUTANTS + vnet.MUTANTS
)
# What a set of cases may take; one that hangs has been caught. None takes a second of the CPU.
LIMIT, CPU = 60, 2


class Host:
    """The programs that play the kernel, and the driver itself."""

    def __init__(self, compiler):
        self.compiler = compiler
        self.driver = ROOT / MODULE
        built = subprocess.run(
            ["./tests/host/build", RELEASE], cwd=ROOT, capture_output=True, text=True, check=True
        )
        self.program = ROOT / built.stdout.strip()
        self.bundle = bundle.Modules(compiler, [mutant for mutant in MUTANTS if mutant.kind != "gate"])
        # What the commands say of modules without a mutant.
        self.own = {}
        self.tests = {}
        self.gate = None
        if any(mutant.kind == "host" for mutant in MUTANTS):
            self.tests = programs("tap-host", "test")
        if any(mutant.kind == "gate" for mutant in MUTANTS):
            self.gate = programs("if_tap_rs-check", "build")["if_tap_rs-check"]

    def commands(self, mutant, module):
        """The commands of which at least one fails on a mutant, and none on the driver."""
        if mutant.kind == "gate":
            return [[self.gate, module]]
        if mutant.kind == "host":
            program, name = mutant.test.split("::", 1)
            return [[self.tests[program], "--exact", name, "--nocapture"]]
        only = ",".join(f"{name}$" for name in mutant.test.split(","))
        command = [self.program, "cases", module, "--only", only]
        if mutant.seeds == 0:
            return [command]
        return [[*command, "--seed", str(seed)] for seed in range(1, mutant.seeds + 1)]

    def failure(self, mutant, module, command):
        """What a command says that fails, or that does not run all of it; None if it passes."""
        environment = dict(os.environ, TAP_MODULE=str(module))
        status, said = run([str(word) for word in command], LIMIT, environment, cpu=CPU)
        if status != 0:
            return said
        return None if ran(mutant, said) else f"error: not everything ran: {said[-200:]}"

    def verdict(self, tree, mutant):
        """Whether a command fails on the mutant, and passes on a module without one."""
        found = self.bundle.find(mutant, tree.path)
        module, own = found or (self.compiler.module(tree.path), self.driver)
        commands = self.commands(mutant, module)
        failures = ((nth, self.failure(mutant, module, command)) for nth, command in enumerate(commands))
        nth, said = next((one for one in failures if one[1] is not None), (0, None))
        if said is None:
            return False, "survives"
        if said.startswith("error: not everything") or mutant.says not in said:
            return False, f"fails, but nothing says `{mutant.says}`: {reason(said)}"
        key = own, mutant.kind, mutant.test, mutant.seeds, nth
        if key not in self.own:
            self.own[key] = self.failure(mutant, own, self.commands(mutant, own)[nth])
        if self.own[key] is not None:
            return False, f"the driver itself fails: {reason(self.own[key])}"
        return True, reason(said)


def ran(mutant, said):
    """Whether a command that succeeded ran what it was to run, and skipped nothing."""
    if mutant.kind == "case":
        # One more says that nothing is left behind.
        return f"\n{len(mutant.test.split(',')) + 1} passed, 0 failed, 0 skipped\n" in said
    return mutant.kind == "gate" or " 1 passed; 0 failed; 0 ignored;" in said


def programs(package, command):
    """The programs that cargo builds of a package, by name."""
    arguments = [CARGO, command, "--quiet", "--locked", "--package", package]
    arguments += ["--message-format=json"] + (["--no-run"] if command == "test" else [])
    environment = dict(os.environ, CARGO_TARGET_DIR="build/cargo/host", TAP_NETBSD=RELEASE)
    environment.setdefault("LIBCLANG_PATH", "/usr/lib/llvm-14/lib")
    built = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    found = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            found[message["target"]["name"]] = ROOT / message["executable"]
    return found
