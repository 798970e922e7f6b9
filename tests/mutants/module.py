# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Builds mutants as modules, and runs the tests on them in the host."""

import concurrent.futures
import json
import os
import re
import subprocess

import calls
import life
from mutant import CARGO, ROOT, SCRATCH, TREE, Changed, NoSuchText, run

MUTANTS = calls.MUTANTS + life.MUTANTS
RELEASE = "10.1"
# What a set of cases may take; one that hangs has been caught.
LIMIT = 60
# Runs that go on while the next mutant is built.
JOBS = 2


class Host:
    """The programs that play the kernel, built from the tree as it is."""

    def __init__(self):
        built = subprocess.run(
            ["./tests/host/build", RELEASE], cwd=ROOT, capture_output=True, text=True, check=True
        )
        self.program = ROOT / built.stdout.strip()
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
            program, name = mutant.test.split("::")
            return [[self.tests[program], "--exact", name, "--nocapture"]]
        only = ",".join(f"{name}$" for name in mutant.test.split(","))
        command = [self.program, "cases", module, "--only", only]
        if mutant.seeds == 0:
            return [command]
        return [[*command, "--seed", str(seed)] for seed in range(1, mutant.seeds + 1)]

    def failure(self, mutant, module):
        """What is said by the first command that fails on the module, or None."""
        environment = dict(os.environ, TAP_MODULE=str(module))
        for command in self.commands(mutant, module):
            status, said = run([str(word) for word in command], LIMIT, environment)
            if status != 0:
                return said
            if not ran(mutant, said):
                return f"error: not everything ran: {said[-200:]}"
        return None


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
    environment = dict(os.environ, CARGO_TARGET_DIR="build/cargo/host")
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


def build(name):
    """Builds the tree as it is; the module, or what the compiler said."""
    environment = {key: value for key, value in os.environ.items() if key != "NETBSD_SYS"}
    built = subprocess.run(
        ["./kmod/build", RELEASE, "amd64"], cwd=TREE, capture_output=True, text=True, env=environment
    )
    if built.returncode != 0:
        return None, built.stderr[-3000:]
    # Its file's name is the module's, so each has a folder.
    module = SCRATCH / name / "if_tap_rs.kmod"
    module.parent.mkdir(parents=True, exist_ok=True)
    module.unlink(missing_ok=True)
    os.link(TREE / f"build/netbsd-{RELEASE}-amd64/if_tap_rs.kmod", module)
    return module, ""


def reason(said):
    """The line of a failure that tells most."""
    for pattern in (r"^error: .*", r"^not ok .*", r"^panic: .*", r"^.*panicked at .*\n.*", r"^no end .*", r"^.+: .+: .+"):
        found = re.search(pattern, said, re.MULTILINE)
        if found:
            return found[0].replace("\n", " ")[:200]
    return (said.strip().splitlines() or ["nothing"])[-1][:200]


def verdict(host, mutant, module):
    """Whether the mutant is caught, and by what."""
    said = host.failure(mutant, module)
    if said is None:
        return False, "survives"
    if mutant.says not in said:
        return False, f"fails, but nothing says `{mutant.says}`: {reason(said)}"
    return True, reason(said)


def show(mutants):
    """Shows each mutant to its test; yields (mutant, whether caught, what was said)."""
    host = Host()
    driver, said = build("driver")
    if driver is None:
        raise RuntimeError(said)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        begun = []
        for number, mutant in enumerate(mutants):
            begun.append((mutant, pool.submit(host.failure, mutant, driver), "the driver itself"))
            try:
                with Changed(mutant):
                    module, said = build(f"{number:02}")
            except NoSuchText as error:
                begun.append((mutant, None, str(error)))
                continue
            if module is None:
                begun.append((mutant, None, f"does not compile: {said}"))
                continue
            begun.append((mutant, pool.submit(verdict, host, mutant, module), ""))
            yield from ended(begun, False)
        yield from ended(begun, True)


def ended(begun, wait):
    """Takes what has ended off the front."""
    while begun and (wait or begun[0][1] is None or begun[0][1].done()):
        mutant, future, note = begun.pop(0)
        if future is None:
            yield mutant, False, note
        elif note:
            said = future.result()
            if said is not None:
                yield mutant, False, f"{note} fails: {reason(said)}"
        else:
            yield (mutant, *future.result())
