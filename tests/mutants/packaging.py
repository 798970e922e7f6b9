# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of what is installed around the module, shown to the tests of tests/packaging."""

from mutant import Mutant, reason, run

COMMAND, MAKEDEV = "packaging/sbin/tap_rs", "packaging/libexec/MAKEDEV.tap_rs"
# What a file of tests may take.
LIMIT = 120

MUTANTS = [
    Mutant(
        "F46",
        "autoload makes only one of the two names refer to the module",
        ((COMMAND, "for name in if_tap tap; do", "for name in if_tap; do"),),
        "command::f46_autoload_makes_both_names_lead_to_the_module",
        kind="packaging",
    ),
    Mutant(
        "F46",
        "autoload off does not restore the files that autoload on has renamed",
        ((COMMAND, '\t\tif [ -e "$path.orig" ]; then', '\t\tif false; then'),),
        "command::f46_autoload_gives_back_what_was_there",
        kind="packaging",
    ),
    Mutant(
        "F49",
        "a node given to one user is accessible to everybody",
        ((MAKEDEV, "mode=660", "mode=666"),),
        "nodes::f49_makedev_gives_nodes_to_whom_they_are_meant_for",
        kind="packaging",
    ),
    Mutant(
        "F49",
        "the owner of an existing node is not changed",
        ((MAKEDEV, ' || [ -n "$owner" ] || return 0', " || return 0"),),
        "nodes::f49_makedev_gives_nodes_to_whom_they_are_meant_for",
        kind="packaging",
    ),
    Mutant(
        "F49",
        "the group is ignored",
        ((MAKEDEV, "group=${owner#*:}", "group=#0"),),
        "nodes::f49_makedev_gives_nodes_to_whom_they_are_meant_for",
        kind="packaging",
    ),
    Mutant(
        "F49",
        "the exchange of drivers takes a node away from its owner",
        ((MAKEDEV, "rights=${1#c} user=#$3 group=#$4", "rights=${1#c}"),),
        "command::f49_a_node_given_away_stays_so",
        kind="packaging",
    ),
]


def verdict(tree, mutant):
    """Whether the test fails on the changed tree, which says so by its name."""
    file, name = mutant.test.split("::")
    _, said = run(["./tests/packaging/run", mutant.test], LIMIT, cwd=tree.path)
    if f"FAILED {file} {name}\n" in said:
        return True, f"FAILED {file} {name}"
    return False, "survives" if f"ok {file} {name}\n" in said else reason(said)
