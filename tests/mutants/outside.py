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
        "drvctl(8) can detach the device of an interface",
        ((ATTACH, "if !cloner::DETACHER.is_current() {", "if false {"),),
        "drvctl_detach",
    ),
    Mutant(
        "F18",
        "a descriptor that was passed over a socket acts on the interface that has its unit number now",
        edits.DESCRIPTOR_BY_UNIT,
        "descriptor_in_flight_destroyed",
    ),
    Mutant(
        "F18",
        "the descriptor of a stopped process acts on the interface that has its unit number now",
        edits.DESCRIPTOR_BY_UNIT,
        "stopped_holder",
    ),
    Mutant(
        "F19",
        "detach does not wake up readers that wait beside pollers and kqueues",
        edits.END_WAKES_NO_READER,
        "six_waiters",
    ),
    Mutant(
        "F23",
        "if_init drops the queued frames of an interface that is running already",
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
        "a whole sockaddr_dl is read as if it were a short sockaddr",
        ((ARGUMENT, "if len <= size_of::<kpi::sockaddr>() =>", "if len != 0 =>"),),
        "siocsifphyaddr_sockaddr_dl,client_tapcfg",
    ),
    Mutant(
        "F42",
        "the lengths in a sockaddr_dl are not checked",
        ((ARGUMENT, "[_, _, _, 0, 6, 0, address", "[_, _, _, _, _, _, address"),),
        "siocsifphyaddr_shapes",
    ),
    Mutant(
        "F43",
        "a write of a frame that is longer than the MTU allows fails",
        ((IO, "    if let Err(bad) = check_length(len) {", "    if len > 1518 {\n        return Err(Errno::EMSGSIZE);\n    }\n    if let Err(bad) = check_length(len) {"),),
        "oversize_write,encapsulated_write,client_btpand",
    ),
    Mutant(
        "F44",
        "the driver does not reserve the name of NetBSD's own driver",
        ((REGISTER, "        self.reserve();\n        Ok(())", "        Ok(())"),),
        "modload_stock_beside,client_1984",
    ),
    Mutant(
        "F45",
        "tap_openers shows a process that has ended",
        ((PROCESS, "\tpid_t seen = 0;", "\tpid_t seen = pid;"),),
        "openers_gone",
    ),
    Mutant(
        "F45",
        "tap_openers shows processes that are hidden from the reader",
        ((PROCESS, "NULL) == 0)", "NULL) >= 0)"),),
        "openers_curtain",
    ),
    Mutant(
        "F47",
        "SIOCGIFADDR writes 16 bytes, not only the six of the address",
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
