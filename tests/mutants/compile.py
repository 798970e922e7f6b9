# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Compiles mutants: only what a change touches, and nothing that was compiled before.

Cargo builds the driver and the tests of its model once, and the commands that it gives the
compilers are noted. They are given again for each mutant, to a tree in which the mutant has been
made. What comes of them is kept under a hash of everything that went into it.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from mutant import CARGO, ROOT, SCRATCH, Tree, run

RELEASE = "10.1"
MODULE = f"build/netbsd-{RELEASE}-amd64/if_tap_rs.kmod"
KEPT = SCRATCH / "kept"
# Assertions of the bindings about the kernel's structures, which no mutant changes. They take half
# of the time that the driver takes to compile.
ASSERTIONS = re.compile(r"const _: \(\) = \{.*?\n\};\n", re.DOTALL)


class Failed(Exception):
    """A mutant does not compile."""


class Compiler:
    """What cargo has the compilers do in a tree with the driver as it is."""

    def __init__(self):
        self.home = Tree("driver").path
        self.used = set()
        notes = self.home / "build/commands"
        notes.mkdir(parents=True, exist_ok=True)
        KEPT.mkdir(exist_ok=True)
        self.build(notes)
        self.notes = {note.stem: json.loads(note.read_text()) for note in notes.iterdir()}
        bindings = pathlib.Path(self.notes["if_tap_rs"]["environment"]["OUT_DIR"]) / "kpi.rs"
        self.bindings = SCRATCH / "bindings"
        self.bindings.mkdir(exist_ok=True)
        (self.bindings / "kpi.rs").write_text(ASSERTIONS.sub("", bindings.read_text()))
        # What has been compiled like the mutants is what ships, or they would show nothing.
        if self.module(self.home).read_bytes() != (ROOT / MODULE).read_bytes():
            raise RuntimeError(f"{MODULE} is not what the driver compiles to here: make kmod")

    def build(self, notes):
        """Has cargo build the driver and the tests of the model."""
        recorder = str(ROOT / "tests/mutants/record")
        compiler = subprocess.run(
            [ROOT / "kmod/tool", "clang-14", "clang-14", "clang"],
            capture_output=True, text=True, check=True,
        )
        environment = {key: value for key, value in os.environ.items() if key != "NETBSD_SYS"}
        environment |= {"RUSTC_WRAPPER": recorder, "TAP_CC": recorder}
        environment |= {"TAP_RECORD": str(notes), "TAP_RECORD_CC": compiler.stdout.strip()}
        for folder in (f"build/cargo/netbsd-{RELEASE}-amd64", "build/cargo/host"):
            self.seed(folder)
        model = [CARGO, "test", "--quiet", "--locked", "--no-run", "--package", "tap-model"]
        model += ["--target-dir", "build/cargo/host"]
        for command in (["./kmod/build", RELEASE, "amd64"], model):
            status, said = run(command, env=environment, cwd=self.home)
            if status != 0:
                raise RuntimeError(f"the driver itself does not compile: {said[-3000:]}")

    def seed(self, folder):
        """Begins a folder of cargo's with what the packages of others have been compiled to."""
        target = self.home / folder
        if not target.is_dir():
            subprocess.run([ROOT / "kmod/seed", target, ROOT / folder], check=True)
            for known in target.rglob(".fingerprint/*"):
                if known.name.startswith(("if_tap_rs-", "tap-model-")):
                    shutil.rmtree(known)

    def again(self, name, path, out, library=None):
        """Gives a command again, to the tree at a path; what it makes lands in a folder."""
        # What is wrong is for people to read here.
        words = [word for word in self.notes[name]["command"] if not word.startswith(("--error-format", "--json"))]
        if library or name == "tap_model":
            # A mutant changes little of a program, and nobody asks a debugger about it.
            words = ["debuginfo=0" if word.startswith("debuginfo=") else word for word in words]
            words += ["-C", f"incremental={path}/build/incremental"]
        if name.endswith(".c"):
            words[words.index("-o") + 1] = str(out / "object.o")
            words = [word.replace(f"{self.home}/shim", f"{path}/shim") for word in words]
        else:
            words[words.index("--out-dir") + 1] = str(out)
        words = [word.replace(f"={self.home}=", f"={path}=") for word in words]
        if library:
            words = [f"tap_model={library}" if word.startswith("tap_model=") else word for word in words]
        environment = dict(os.environ, **self.notes[name]["environment"])
        if name == "if_tap_rs":
            environment["OUT_DIR"] = str(self.bindings)
        status, said = run(words, env=environment, cwd=path)
        if status != 0:
            raise Failed(said[-2000:])

    def kept(self, names, path, folders, make, pattern="*"):
        """The file that some commands make of some folders of a tree, made unless it is there. Of
        the folders, they read the files whose names a pattern matches, and those that they name."""
        into = hashlib.sha256(json.dumps([self.notes[name] for name in names]).encode())
        files = [file for folder in folders for file in sorted((path / folder).rglob("*")) if file.is_file()]
        files = [file for file in files if file.match(pattern) or file.name in names]
        for file in [*files, self.bindings / "kpi.rs", pathlib.Path(__file__)]:
            into.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
        target = KEPT / into.hexdigest()
        self.used.add(target)
        if not target.is_file():
            with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
                make(pathlib.Path(scratch)).rename(target)
        return target

    def c_object(self, path, name):
        """What a file of the shim compiles to."""

        def make(out):
            self.again(name, path, out)
            return out / "object.o"

        return self.kept([name], path, ["shim", "sys-headers/kernel-only"], make, "*.h")

    def rust_object(self, path):
        """What the crate compiles to."""

        def make(out):
            self.again("if_tap_rs", path, out)
            return next(out.glob("*.o"))

        return self.kept(["if_tap_rs"], path, ["src"], make)

    def module(self, path, crate=None):
        """The module of the tree at a path, if need be with another crate."""
        shim = re.findall(r'^    "shim/.*?(\w+\.c)",$', (ROOT / "build.rs").read_text(), re.MULTILINE)
        objects = [*(self.c_object(path, name) for name in shim), crate or self.rust_object(path)]
        module = path / "build/if_tap_rs.kmod"
        module.parent.mkdir(exist_ok=True)
        status, said = run([str(word) for word in [ROOT / "kmod/link", module, *objects]])
        if status != 0:
            raise Failed(said[-2000:])
        return module

    def test(self, path, name):
        """The program that has a test of the model."""
        sources = (path / "tests/model/tests").glob("*.rs")
        program = next(source.stem for source in sources if f"fn {name}()" in source.read_text())

        def make(out):
            self.again("tap_model", path, out)
            self.again(f"{program}-test", path, out, next(out.glob("libtap_model-*.rlib")))
            return next(file for file in out.glob(f"{program}-*") if not file.suffix)

        return self.kept(["tap_model", f"{program}-test"], path, ["src", "tests/model"], make)

    def forget(self):
        """Removes what was not asked for."""
        for file in KEPT.iterdir():
            if file not in self.used:
                file.unlink()
