# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Changes to the driver that more than one test is shown: (file, text, replacement) each."""

CHANNEL, QUEUE = "src/channel/mod.rs", "src/channel/queue.rs"
ETHER, UNIT, FILEOPS = "src/ether.rs", "src/unit.rs", "src/entry/fileops.rs"

NO_READER_WOKEN = (
    (
        QUEUE,
        "        if state.sleepers != 0 {\n            self.cv.signal();",
        "        if false {\n            self.cv.signal();",
    ),
)
DESCRIPTOR_BY_UNIT = (
    (
        FILEOPS,
        "    unsafe { file.data::<Softc>().as_ref() }",
        "    let softc = unsafe { file.data::<Softc>().as_ref() };\n    unsafe { cloner::TABLE.get(softc.unit.get()) }.unwrap_or(softc)",
    ),
)
OPEN_IN_TWO_STEPS = (
    (
        CHANNEL,
        "        self.set_opener(Opener::Node);",
        "        drop(state);\n        let mut state = self.state.lock();\n        self.set_opener(Opener::Node);",
    ),
)
OWNER_STAYS = (
    (
        CHANNEL,
        "        state.owner = 0;\n",
        "",
    ),
)
EMPTY_FRAME = (
    (
        ETHER,
        "0..HDR_LEN =>",
        "1..HDR_LEN =>",
    ),
    (
        ETHER,
        "HDR_LEN..=MAX_FRAME_LEN =>",
        "0 | HDR_LEN..=MAX_FRAME_LEN =>",
    ),
)
RUNT = (
    (
        ETHER,
        "0..HDR_LEN =>",
        "0 =>",
    ),
    (
        ETHER,
        "HDR_LEN..=MAX_FRAME_LEN =>",
        "1..=MAX_FRAME_LEN =>",
    ),
)
GIANT = (
    (
        ETHER,
        "HDR_LEN..=MAX_FRAME_LEN =>",
        "HDR_LEN..=65536 =>",
    ),
)
END_WAKES_NO_READER = (
    (
        CHANNEL,
        "        self.cv.broadcast();\n        self.listeners.gone();",
        "        self.listeners.gone();",
    ),
)
KNOTES_TOLD_NOTHING = (
    (
        CHANNEL,
        "if state.polled || state.knotes != 0 {",
        "if state.polled {",
    ),
)
DOWN_LEAVES_FRAMES = (
    (
        CHANNEL,
        "        let purged = self.purge(&mut state);\n        self.cv.broadcast();\n        (purged, state",
        "        let purged = L::empty();\n        self.cv.broadcast();\n        (purged, state",
    ),
)
CLONERS_MINOR = (
    (
        UNIT,
        "if number < CLONER_MINOR",
        "if number <= CLONER_MINOR",
    ),
)
GROUP_ADDRESS = (
    (
        ETHER,
        "first & 1 == 0 && ",
        "(first | 1) != 0 && ",
    ),
)
QUEUED_FOR_NOBODY = (
    (
        QUEUE,
        "if !state.running || self.is_open_by(Opener::None) {",
        "if !state.running {",
    ),
)
# Without the lock, and by if_set_sadl, which leaves the interface without an address for a moment.
ADDRESS_UNLOCKED = (
    (
        "src/sysctl.rs",
        "    let _locked = softc.interface.lock();\n",
        "",
    ),
    (
        "shim/helpers/ifnet.c",
        "\tmemcpy(LLADDR(satosdl(ifp->if_dl->ifa_addr)), address, ETHER_ADDR_LEN);\n",
        "\tif_set_sadl(ifp, address, ETHER_ADDR_LEN, false);\n",
    ),
)
