# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Changes to the driver that more than one test is shown: (file, text, replacement) each."""

CHANNEL, ETHER, UNIT = "src/channel.rs", "src/ether.rs", "src/unit.rs"

NO_READER_WOKEN = (
    (
        CHANNEL,
        "        if state.sleepers != 0 {\n            self.cv.signal();",
        "        if false {\n            self.cv.signal();",
    ),
)
DESCRIPTOR_BY_UNIT = (
    (
        "src/entry.rs",
        "    unsafe { file.data::<Softc>().as_ref() }",
        "    let softc = unsafe { file.data::<Softc>().as_ref() };\n    unsafe { TABLE.get(softc.unit.get()) }.unwrap_or(softc)",
    ),
)
OPEN_IN_TWO_STEPS = (
    (
        CHANNEL,
        "        state.opener = Opener::Node;",
        "        drop(state);\n        let mut state = self.state.lock();\n        state.opener = Opener::Node;",
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
        "if len < HDR_LEN",
        "if len != 0 && len < HDR_LEN",
    ),
)
RUNT = (
    (
        ETHER,
        "0..HDR_LEN =>",
        "0 =>",
    ),
)
GIANT = (
    (
        ETHER,
        "MAX_FRAME_LEN: usize = 65535;",
        "MAX_FRAME_LEN: usize = 65536;",
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
        CHANNEL,
        "if !state.running || state.opener == Opener::None {",
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
