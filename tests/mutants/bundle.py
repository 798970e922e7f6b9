# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Many mutants in one build, which a number in it switches on.

A function that mutants change gets one body for each of them, and its own for everything else.
Functions and statics that a mutant adds are there for all. What a mutant changes in the shim is
linked with them. Mutants that change anything else are left out: they are built one by one.
"""

import dataclasses
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
# What an edit adds that is an item of its own.
ITEM = re.compile(r"(pub )?(fn|static) ")


class Unfit(Exception):
    """A mutant changes more than bodies of functions."""


def adds_item(edit):
    """Whether an edit leaves a text as it is, and adds a function or a static before or after it."""
    _, text, replacement = edit
    added = replacement.removesuffix(text) if replacement.endswith(text) else replacement.removeprefix(text)
    return added != replacement and ITEM.match(added.lstrip()) is not None


def functions(text):
    """Splits a source: what stands around the bodies of its functions, and the bodies."""
    around, bodies = [], []
    begun, word, depth, start, brackets = 0, False, 0, None, 0
    for token in TOKEN.finditer(text):
        said = token[0]
        if start is not None:
            depth += (said == "{") - (said == "}")
            if depth == 0:
                around.append(text[begun:start])
                bodies.append(text[start : token.end()])
                begun, start = token.end(), None
        elif said == "fn":
            word, brackets = True, 0
        elif said in ("[", "]"):
            brackets += 1 if said == "[" else -1
        elif word and said == ";" and brackets == 0:
            # One without a body; in brackets it is of an array's type.
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
        # The mutants that change the shim as well.
        self.outside = set()
        for mutant in [mutant for mutant in mutants if self.add_items(mutant)]:
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

    def add_items(self, mutant):
        """Adds the items of a mutant to the tree; whether there was a place for each."""
        added = tuple(edit for edit in mutant.edits if adds_item(edit))
        try:
            texts = changed(self.tree.path, dataclasses.replace(mutant, edits=added))
        except NoSuchText:
            return False
        for file, text in texts.items():
            (self.tree.path / file).write_text(text)
        return True

    def find(self, mutant):
        """The functions that a mutant changes: their file, which of it, and the body."""
        found = []
        edits = tuple(edit for edit in mutant.edits if not adds_item(edit))
        for file, after in changed(self.tree.path, dataclasses.replace(mutant, edits=edits)).items():
            if not file.startswith("src/"):
                self.outside.add(mutant)
                continue
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
        if not found:
            raise Unfit
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
        self.compiler = compiler
        self.bundle = Bundle("bundle", mutants, "src/lib.rs", IN_MODULE)
        try:
            self.crate = compiler.rust_object(self.bundle.tree.path)
        except Failed as error:
            self.bundle.give_up(error)
            return
        self.data = compiler.module(self.bundle.tree.path, self.crate).read_bytes()
        self.own = self.write(self.bundle.tree.path / "build/own", self.data, 0)

    def write(self, folder, data, number):
        """Writes a module with a mutant switched on, or with none."""
        if data.count(MAGIC) != 1:
            raise RuntimeError("the switch is not in the module, or more than once")
        folder.mkdir(parents=True, exist_ok=True)
        place = data.index(MAGIC) + len(MAGIC)
        module = folder / "if_tap_rs.kmod"
        module.write_bytes(data[:place] + number.to_bytes(4, "little") + data[place + 4 :])
        return module

    def find(self, mutant, path):
        """The module with a mutant, whose tree has that path, and the one with none; `None` if it
        does not fit."""
        number = self.bundle.numbers.get(mutant)
        if number is None:
            return None
        data = self.data
        if mutant in self.bundle.outside:
            data = self.compiler.module(path, self.crate).read_bytes()
        return self.write(path / "build/mutant", data, number), self.own


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
