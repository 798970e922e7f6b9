#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""The structure of src/, as a lint: who may name whom, and what stands where.

Prints one line for each thing that is wrong. Before that it shows that it sees each of them.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What a room may name besides itself; every other module may name any, but not in a circle.
BELOW = {
    "ether": set(),
    "unit": set(),
    "offload": {"ether"},
    "kern": {"ether", "unit", "offload"},
    "lockfree": {"kern", "unit"},
}
# Where `unsafe`, and the kernel's own names, may stand.
EDGE = {"entry", "kern", "lockfree"}
FACE = {"kern"}
# A constant of the kernel's, whose type is a number.
RAW = re.compile(r"\bkpi::_*[A-Z][A-Z0-9_]*\b")
# A name of the bindings, in any way.
BINDINGS = re.compile(r"\bkpi\b")


def sources():
    """The driver's sources: by path, without comments."""
    files = sorted((ROOT / "src").rglob("*.rs"))
    return {str(file.relative_to(ROOT)): bare(file.read_text()) for file in files}


def bare(text):
    """Rust without its line comments, of which those that document may link to anything."""
    return "\n".join(line.split("//")[0] for line in text.splitlines())


def module(path):
    """The module of the crate that a file belongs to; none for the crate's own file."""
    name = pathlib.PurePath(path).parts[1].removesuffix(".rs")
    return "" if name == "lib" else name


def named(text):
    """The modules of the crate that a file names."""
    found = set(re.findall(r"\bcrate::(\w+)", text))
    for group in re.findall(r"\bcrate::\{([^;]*)\}", text):
        found |= set(re.findall(r"(?:^|,)\s*(\w+)", group))
    return found


def circle(arrows):
    """Modules that lead back to the first of them, or none."""

    def walk(trail):
        for follower in sorted(arrows.get(trail[-1], ())):
            if follower in trail:
                return trail[trail.index(follower):] + [follower]
            found = walk(trail + [follower])
            if found:
                return found
        return []

    return next(filter(None, (walk([start]) for start in sorted(arrows))), [])


def wrong(files):
    """What is wrong with these files."""
    arrows = {}
    for path, text in files.items():
        own = module(path)
        if not own:
            if re.search(r"\bunsafe\b", text):
                yield f"{path}: unsafe code"
            continue
        others = named(text) - {own}
        arrows.setdefault(own, set()).update(others)
        for other in sorted(others - BELOW.get(own, others)):
            yield f"{path}: {own} knows nothing of {other}"
        if own not in FACE:
            yield from (f"{path}: {name} outside of src/kern" for name in sorted(set(RAW.findall(text))))
        if own not in EDGE:
            if BINDINGS.search(text):
                yield f"{path}: the kernel's own names at no edge"
            if "#![forbid(unsafe_code)]" not in text:
                yield f"{path}: unsafe code is not forbidden"
    found = circle(arrows)
    if found:
        yield f"src: a circle: {' -> '.join(found)}"


# Files that are wrong, and what is said of them.
PLANTED = [
    ("kern/mbuf", "use crate::channel::Frame;", "kern knows nothing of channel"),
    ("kern/log", "use crate::{ether::Addr, softc};", "kern knows nothing of softc"),
    ("unit", "#![forbid(unsafe_code)] use crate::kern::errno;", "unit knows nothing of kern"),
    ("lockfree/arc", "use crate::softc::Softc;", "lockfree knows nothing of softc"),
    ("entry/cdevsw", "if flags & kpi::IO_NDELAY != 0 {", "kpi::IO_NDELAY outside of src/kern"),
    ("event", "#![forbid(unsafe_code)] kpi::knote", "the kernel's own names at no edge"),
    ("io", "fn read() {}", "unsafe code is not forbidden"),
    ("lib", "unsafe fn f() {}", "src/lib.rs: unsafe code"),
    ("gate", "#![forbid(unsafe_code)] use crate::gate_user;", ""),
]


def blind():
    """What of the planted is not seen."""
    for name, text, said in PLANTED:
        found = list(wrong({f"src/{name}.rs": bare(text)}))
        if (said == "") != (not found) or not any(said in line for line in found or [""]):
            yield f"tests/structure.py: does not see that {name} is wrong: {found}"
    arrows = {"a": {"b"}, "b": {"c"}, "c": {"a"}}
    if not circle(arrows) or circle({"a": {"b", "c"}, "b": {"c"}}):
        yield "tests/structure.py: does not tell a circle from none"


def main():
    lines = list(blind()) + list(wrong(sources()))
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
