# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the module: what programs, and NetBSD's own driver, meet that no other test plays."""

import edits
from mutant import Mutant

ATTACH, CHANNEL, QUEUE, IO = "src/attach.rs", "src/channel/mod.rs", "src/channel/queue.rs", "src/io.rs"
ARGUMENT, REGISTER = "src/kern/ioctl.rs", "src/kern/register.rs"
PROCESS = "shim/helpers/proc.c"

MUTANTS = [
    Mutant(
        "F3",
        "drvctl(8) takes an interface's device away",
        ((ATTACH, "if !cloner::DETACHER.is_current() {", "if false {"),),
        "drvctl_detach",
    ),
    Mutant(
        "F18",
        "a descriptor means whatever has its unit's number, when it arrives or its holder goes on",
        edits.DESCRIPTOR_BY_UNIT,
        "descriptor_in_flight_destroyed",
    ),
    Mutant(
        "F18",
        "a descriptor means whatever has its unit's number, to a reader that was stopped",
        edits.DESCRIPTOR_BY_UNIT,
        "stopped_holder",
    ),
    Mutant(
        "F19",
        "detach wakes no reader, of several who wait",
        edits.END_WAKES_NO_READER,
        "six_waiters",
    ),
    Mutant(
        "F23",
        "if_init of what runs takes its frames away",
        (
            (
                CHANNEL,
                "        if running {\n            return (L::empty(), false);\n        }\n",
                "",
            ),
        ),
        "init_again",
    ),
    Mutant(
        "F29",
        "a signal does not end a read",
        ((QUEUE, "let woken = self.cv.wait_sig(state);", "self.cv.wait(state);\n            let woken: Result = Ok(());"),),
        "read_eintr",
    ),
    Mutant(
        "F42",
        "a whole sockaddr_dl is taken for a short one",
        ((ARGUMENT, "if len <= size_of::<kpi::sockaddr>() =>", "if len != 0 =>"),),
        "siocsifphyaddr_sockaddr_dl,client_tapcfg",
    ),
    Mutant(
        "F42",
        "the lengths in a sockaddr_dl are not looked at",
        ((ARGUMENT, "[_, _, _, 0, 6, 0, address", "[_, _, _, _, _, _, address"),),
        "siocsifphyaddr_shapes",
    ),
    Mutant(
        "F43",
        "a frame that is longer than the MTU allows is the writer's error",
        ((IO, "    match check_length(len) {", "    if len > 1518 {\n        return Err(Errno::EMSGSIZE);\n    }\n    match check_length(len) {"),),
        "oversize_write,encapsulated_write,client_btpand",
    ),
    Mutant(
        "F44",
        "the name of NetBSD's own driver is left free",
        ((REGISTER, "        self.reserve();\n        Ok(())", "        Ok(())"),),
        "modload_stock_beside,client_1984",
    ),
    Mutant(
        "F45",
        "a process that has ended is shown",
        ((PROCESS, "\tpid_t seen = 0;", "\tpid_t seen = pid;"),),
        "openers_gone",
    ),
    Mutant(
        "F45",
        "everybody's processes are shown to everybody",
        ((PROCESS, "NULL) == 0)", "NULL) >= 0)"),),
        "openers_curtain",
    ),
    Mutant(
        "F47",
        "more than an address is written",
        (
            (
                "src/ioctl.rs",
                "*request.octets()? = softc.interface.address().0;",
                "let [first, ..] = softc.interface.address().0;\n            *request.name()? = [first as _; 16];",
            ),
        ),
        "courtesy_siocgifaddr,client_tinc",
    ),
]
