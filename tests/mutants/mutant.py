# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""What a mutant is: the driver's own source with one change that brings a fault back."""

import contextlib
import dataclasses
import pathlib
import re
import shutil
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "build/mutants"
CARGO = shutil.which("cargo") or "/usr/bin/cargo"

# What a build of the driver and of its tests, and those of its commands, read.
PARTS = ["Cargo.toml", "Cargo.lock", "build.rs", "kmod", "packaging", "shim", "src", "sys-headers", "tests"]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One fault, brought back.

    fault: its number in docs/faults.md.
    what: what the changed driver does wrong.
    edits: (file, text, replacement), the text's first occurrence.
    test: the name of the test, or the names of the cases, that fail on it.
    kind: what sort of test that is: model, case, host (a test of tests/host/tests), gate,
        packaging (a file and a test of tests/packaging).
    seeds: for cases: with how many seeds of the host's scheduler they are run, at most; with 0
        they run on real threads.
    says: what is said when it fails, where other ends would prove less.
    """

    fault: str
    what: str
    edits: tuple
    test: str
    kind: str = "case"
    seeds: int = 0
    says: str = ""

    def title(self):
        return f"{self.fault} {self.what} ({self.kind}: {self.test})"


def edited(fault, what, test, file, text, replacement, kind="case"):
    """A mutant of one edit."""
    return Mutant(fault, what, ((file, text, replacement),), test, kind=kind)


class NoSuchText(Exception):
    """The driver's source no longer has what a mutant changes."""


class Tree:
    """A copy of the source, for mutants to be made in."""

    def __init__(self, name):
        """A file is written only if it differs, with a new date, for that is what cargo looks at."""
        self.path = SCRATCH / name
        ignore = shutil.ignore_patterns("target", "netbsd-*", "__pycache__", "*.swp")
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(
                    source, self.path / part, ignore=ignore, dirs_exist_ok=True, copy_function=refresh
                )
            else:
                self.path.mkdir(parents=True, exist_ok=True)
                refresh(source, self.path / part)
            for file in (self.path / part).rglob("*"):
                if file.is_file() and not (ROOT / file.relative_to(self.path)).exists():
                    file.unlink()
        for headers in (ROOT / "sys-headers").glob("netbsd-*"):
            link = self.path / "sys-headers" / headers.name
            if not link.is_symlink():
                link.symlink_to(headers)

    @contextlib.contextmanager
    def changed(self, mutant):
        """The tree has the mutant's edits for as long as this lasts."""
        after = changed(self.path, mutant)
        originals = {name: (self.path / name).read_text() for name in after}
        try:
            for name, text in after.items():
                (self.path / name).write_text(text)
            yield
        finally:
            for name, text in originals.items():
                (self.path / name).write_text(text)


def changed(path, mutant):
    """The text of each file of a tree that a mutant changes, with its edits."""
    texts = {}
    for name, text, replacement in mutant.edits:
        before = texts[name] if name in texts else (path / name).read_text()
        if text not in before:
            raise NoSuchText(f"`{text.strip().splitlines()[0]}` is not in {name}")
        texts[name] = before.replace(text, replacement, 1)
    return texts


def refresh(source, target):
    """Copies a file if the copy differs."""
    source, target = pathlib.Path(source), pathlib.Path(target)
    data = source.read_bytes()
    if source == ROOT / "Cargo.toml":
        # A mutant may leave something unused; that is no lint's business here.
        data = data.replace(b'"deny"', b'"allow"')
    elif source.suffix == ".rs":
        # It may also do what is not safe.
        data = data.replace(b"#![forbid(unsafe_code)]", b"")
    if not target.is_file() or target.read_bytes() != data:
        target.unlink(missing_ok=True)
        target.write_bytes(data)
        target.chmod(source.stat().st_mode)
    return target


# What a test may take of this machine's memory, in bytes: a mutant may want it all.
MEMORY = 8 << 30


def run(command, limit=None, env=None, cwd=ROOT, cpu=None):
    """Runs a command: its end status (negative where a limit ended it), and all it said.

    The limits are seconds, of time and of the CPU: what goes round for ever ends sooner than what
    sleeps for ever.
    """
    limits = [f"--as={MEMORY}"] + ([f"--cpu={cpu}"] if cpu else [])
    process = subprocess.Popen(
        ["prlimit", *limits, *command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=limit)
        if cpu and process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            said += f"\nno end within {cpu} s of CPU time"
        return process.returncode, said
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        return process.returncode, said + f"\nno end within {limit} s"


def reason(said):
    """The line of a failure that tells most."""
    for pattern in (r"^error: .*", r"^not ok .*", r"^panic: .*", r"^.*panicked at .*\n.*", r"^no end .*", r"^.+: .+: .+"):
        found = re.search(pattern, said, re.MULTILINE)
        if found:
            return found[0].replace("\n", " ")[:200]
    return (said.strip().splitlines() or ["nothing"])[-1][:200]
