# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Many mutants in one build, which a number in it switches on.

A function that mutants change gets one body for each of them, and its own for everything else.
Mutants that change more than bodies of functions are left out: they are built one by one.
"""

import re
import threading

from compile import Failed
from mutant import NoSuchText, Tree, changed

# The number stands behind this in the module, in the byte order of both machines.
MAGIC = b"tap_rs's mutant:"
# The switch in a module, for the root of the crate.
IN_MODULE = """
pub mod mutant {
    #[repr(C)]
    struct Switch([u8; 16], core::cell::UnsafeCell<u32>);
    // SAFETY: it is never written to.
    unsafe impl Sync for Switch {}
    #[used]
    static SWITCH: Switch = Switch(*b"%s", core::cell::UnsafeCell::new(0));
    #[inline(never)]
    pub fn number() -> u32 {
        // SAFETY: as above.
        unsafe { SWITCH.1.get().read_volatile() }
    }
}
""" % MAGIC.decode()
# The same in a program.
IN_PROGRAM = """
pub mod mutant {
    pub fn number() -> u32 {
        static NUMBER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        *NUMBER.get_or_init(|| std::env::var("TAP_MUTANT").map_or(0, |n| n.parse().unwrap()))
    }
}
"""
# A comment, a string, a character, a lifetime, a word, or a sign.
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\\\'])\''
    r"|'\w+|\w+|\S",
    re.DOTALL,
)


class Unfit(Exception):
    """A mutant changes more than bodies of functions."""


def functions(text):
    """Splits a source: what stands around the bodies of its functions, and the bodies."""
    around, bodies = [], []
    begun, word, depth, start = 0, False, 0, None
    for token in TOKEN.finditer(text):
        said = token[0]
        if start is not None:
            depth += (said == "{") - (said == "}")
            if depth == 0:
                around.append(text[begun:start])
                bodies.append(text[start : token.end()])
                begun, start = token.end(), None
        elif said == "fn":
            word = True
        elif word and said == ";":
            word = False
        elif word and said == "{":
            word, depth, start = False, 1, token.start()
    return around + [text[begun:]], bodies


def may_switch(before):
    """Whether a function may have several bodies, by what stands before them."""
    signature = before[before.rindex("fn ") :]
    qualified = before[: len(before) - len(signature)].rsplit("\n", 1)[-1]
    return "const" not in qualified.split() and "-> impl" not in signature


class Bundle:
    """One tree with all mutants that fit."""

    def __init__(self, name, mutants, root, switch):
        self.tree = Tree(name)
        self.numbers = {}
        self.changes = {}
        self.sources = {}
        for mutant in mutants:
            try:
                found = self.find(mutant)
            except (NoSuchText, Unfit):
                continue
            self.numbers[mutant] = number = len(self.numbers) + 1
            for file, which, body in found:
                self.changes.setdefault(file, {}).setdefault(which, []).append((number, body))
        for file, changes in self.changes.items():
            (self.tree.path / file).write_text(self.switched(file, changes))
        root = self.tree.path / root
        root.write_text(root.read_text() + switch)

    def give_up(self, error):
        """Together they do not compile: they are built one by one."""
        print(f"    together the mutants do not compile: {error}", flush=True)
        self.numbers.clear()

    def find(self, mutant):
        """The functions that a mutant changes: their file, which of it, and the body."""
        found = []
        for file, after in changed(self.tree.path, mutant).items():
            if not file.startswith("src/"):
                raise Unfit
            if file not in self.sources:
                self.sources[file] = functions((self.tree.path / file).read_text())
            around, bodies = self.sources[file]
            around_after, bodies_after = functions(after)
            if around != around_after:
                raise Unfit
            for which, body in enumerate(bodies_after):
                if body != bodies[which]:
                    if not may_switch(around[which]):
                        raise Unfit
                    found.append((file, which, body))
        return found

    def switched(self, file, changes):
        """A source whose functions have all their bodies."""
        around, bodies = self.sources[file]
        text = around[0]
        for which, own in enumerate(bodies):
            if which in changes:
                arms = "".join(f"{number} => {body}\n" for number, body in changes[which])
                own = f"{{ match crate::mutant::number() {{\n{arms}_ => {own}\n}} }}"
            text += own + around[which + 1]
        return text


class Modules:
    """The module with all mutants that fit, and copies of it with one of them switched on."""

    def __init__(self, compiler, mutants):
        self.bundle = Bundle("bundle", mutants, "src/lib.rs", IN_MODULE)
        try:
            self.data = compiler.module(self.bundle.tree.path).read_bytes()
        except Failed as error:
            self.bundle.give_up(error)
            return
        if self.data.count(MAGIC) != 1:
            raise RuntimeError("the switch is not in the module, or more than once")
        self.own = self.write(self.bundle.tree.path / "build/own", 0)

    def write(self, folder, number):
        """Writes the module with a mutant switched on, or with none."""
        folder.mkdir(parents=True, exist_ok=True)
        place = self.data.index(MAGIC) + len(MAGIC)
        module = folder / "if_tap_rs.kmod"
        module.write_bytes(self.data[:place] + number.to_bytes(4, "little") + self.data[place + 4 :])
        return module

    def find(self, mutant, folder):
        """The module with a mutant, and the one with none; `None` if it does not fit."""
        number = self.bundle.numbers.get(mutant)
        return None if number is None else (self.write(folder, number), self.own)


class Programs:
    """The tests of the model on all mutants that fit, which the environment switches on."""

    def __init__(self, compiler, mutants):
        self.compiler = compiler
        self.bundle = Bundle("programs", mutants, "tests/model/src/lib.rs", IN_PROGRAM)
        self.lock = threading.Lock()

    def test(self, mutant):
        """The program that has a mutant's test, and its number; `None` if it does not fit."""
        with self.lock:
            if mutant not in self.bundle.numbers:
                return None
            try:
                program = self.compiler.test(self.bundle.tree.path, mutant.test)
            except Failed as error:
                return self.bundle.give_up(error)
        return program, self.bundle.numbers[mutant]
