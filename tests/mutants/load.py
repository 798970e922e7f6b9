# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the module: what the kernel refuses, load and unload, and the end with a close."""

import edits
from mutant import Mutant

CLONER, IFNET, IO, IOCTL = "src/cloner.rs", "src/ifnet.rs", "src/io.rs", "src/ioctl.rs"
CHANNEL, EVENT = "src/channel/mod.rs", "src/event.rs"
STACK, SOFTC, REGISTER = "src/kern/ifnet.rs", "src/softc.rs", "shim/register.c"
SYSCTL = "shim/helpers/sysctl.c"

MUTANTS = [
    Mutant(
        "F32",
        "an error of devsw_attach is ignored",
        ((CLONER, "    DEVICE.attach()\n", "    let _ = DEVICE.attach();\n    Ok(())\n"),),
        "refused::f32_the_device_switch_refuses",
        kind="host",
    ),
    Mutant(
        "F33",
        "sysctl sets the address without the lock of the interface",
        edits.ADDRESS_UNLOCKED,
        "mac_change_while_asked",
        seeds=20,
    ),
    Mutant(
        "F34",
        "two threads can create interfaces at the same time",
        ((CLONER, "    let mut unit = wanted.unwrap_or(creation.lowest);", "    let mut unit = wanted.unwrap_or(creation.lowest);\n    drop(creation);\n    let mut creation = Creation { open: true, lowest: unit };"),),
        "stress_cloning_open",
        seeds=20,
    ),
    Mutant(
        "F34",
        "unload removes the sysctl node net.link, which other interfaces use",
        ((SYSCTL, 'sysctl_createv(NULL, 0, NULL, NULL, 0, CTLTYPE_NODE,\n\t    "link"', 'sysctl_createv(clog, 0, NULL, NULL, 0, CTLTYPE_NODE,\n\t    "link"'),),
        "unload_then_other_interface",
        says="sysctl parent mis-match",
    ),
    Mutant(
        "F35",
        "a frame is queued although the device is not open",
        edits.QUEUED_FOR_NOBODY,
        "frames_while_opening",
    ),
    Mutant(
        "F35",
        "a frame that is sent while the device is not open is dropped and not counted",
        ((IFNET, "Pushed::Closed(frame) => (frame, Ok(())),", "Pushed::Closed(_) => return Ok(()),"),),
        "frames_while_opening",
    ),
    Mutant(
        "F35",
        "a frame that is sent while the device is not open is leaked",
        ((IFNET, "Pushed::Closed(frame) => (frame, Ok(())),", "Pushed::Closed(frame) => {\n            softc.interface.count_drops(1);\n            core::mem::forget(frame);\n            return Ok(());\n        }"),),
        "frames_while_opening",
    ),
    Mutant(
        "F38",
        "detach does not call ether_ifdetach",
        ((STACK, "        unsafe { kpi::ether_ifdetach(ifp) };\n", ""),),
        "vlan_parent_destroyed,bridge_member_destroyed",
    ),
    Mutant(
        "F38",
        "detach does not take the interface down",
        ((STACK, "        self.mark_down();\n", ""),),
        "destroy_while_captured",
    ),
    Mutant(
        "F38",
        "detach does not call if_detach",
        ((STACK, "        unsafe { kpi::if_detach(ifp) };\n", ""),),
        "create_destroy_inet,multicast_membership",
    ),
    Mutant(
        "F39",
        "unload does not wait until a close has left the module",
        ((SOFTC, "[&self.clone_exit, &self.knote_exits]", "[&self.knote_exits]"),),
        "unload_against_close",
        seeds=40,
    ),
    Mutant(
        "F39",
        "unload does not wait until the detach of a knote has left the module",
        ((SOFTC, "[&self.clone_exit, &self.knote_exits]", "[&self.clone_exit]"),),
        "unload_against_close",
        seeds=40,
    ),
    Mutant(
        "F39",
        "unload does not check whether autoconf still keeps a device",
        ((CLONER, "        AUTOCONF.detach()?;\n", ""),),
        "refused::f3_autoconf_still_has_the_unit",
        kind="host",
    ),
    Mutant(
        "F39",
        "an unload that is refused has detached the cloner already",
        ((CLONER, "        if ATTACHED.load(Ordering::Acquire) != 0", "        register::detach_cloner();\n        if ATTACHED.load(Ordering::Acquire) != 0"),),
        "modunload_after_failed_unload",
    ),
    Mutant(
        "F39",
        "a load that fails does not undo what it has registered",
        ((CLONER, "        unregister();\n        return Err(error);", "        return Err(error);"),),
        "refused::f39_the_sysctl_tree_refuses",
        kind="host",
    ),
    Mutant(
        "F39",
        "a close ends in a return into the module, not in a jump to the kernel",
        ((REGISTER, "\treturn (int)atomic_dec_uint_nv(tap_rs_fops_close(fp));", "\tatomic_dec_uint(tap_rs_fops_close(fp));\n\treturn 0;"),),
        "close-exit",
        kind="gate",
    ),
    Mutant(
        "F50",
        "a destroy holds the creation mutex while it waits for calls through nodes",
        ((CLONER, "        let _creation = CREATION.lock();\n        retire(softc)\n    };\n    drain(softc);\n", "        let _creation = CREATION.lock();\n        let in_table = retire(softc);\n        drain(softc);\n        in_table\n    };\n"),),
        "revoke_cloner_against_destroy",
        seeds=10,
    ),
    Mutant(
        "F51",
        "a knote keeps the filter of the module after its detach",
        ((EVENT, "    knote.leave();\n", ""),),
        "knotes::f51_a_detached_knote_refers_to_nothing_of_the_module",
        kind="host",
    ),
    Mutant(
        "F52",
        "a close does not wake up pollers",
        ((CHANNEL, "        self.notify(&mut state);\n        self.purge(&mut state)\n", "        self.purge(&mut state)\n"),),
        "close_ends_poll,revoke_while_polling",
        seeds=1,
    ),
    Mutant(
        "F53",
        "the header with the jumbo payload option is not removed",
        (("src/offload/jumbo.rs", "    if half(ip, LENGTH_OFFSET)? != 0 ||", "    if half(ip, LENGTH_OFFSET)? != 1 ||"),),
        "offload::segments::f53_the_segments_of_a_jumbogram_are_none",
        kind="host",
    ),
    Mutant(
        "F54",
        "a frame that is longer than TAP_MAXFRAME is read whole",
        (("src/offload/header.rs", "        if len > MAX_FRAME || !large", "        if !large"),),
        "offload::segments::f54_the_longest_frame_is_not_cut",
        kind="host",
    ),
    Mutant(
        "F36",
        "an array is indexed with a number that can be out of bounds",
        ((IO, "    let len = uio.resid();\n", "    let len = uio.resid();\n    let len = [len, 60][len & 3];\n"),),
        "panic",
        kind="gate",
    ),
    Mutant(
        "F40",
        "the module loads although another tap driver is active",
        ((CLONER, "if register::stock_driver_active() {", "if false {"),),
        "beside::it_refuses_an_active_tap_and_replaces_a_disabled_one",
        kind="host",
    ),
    Mutant(
        "F41",
        "the address is replaced, not changed in place, while another CPU sends",
        edits.ADDRESS_UNLOCKED,
        "mac_change_while_sending",
        seeds=20,
    ),
    Mutant(
        "F39",
        "the error of workqueue_create is ignored",
        ((CLONER, "    ENDS.create_ends()?;\n", "    let _ = ENDS.create_ends();\n"),),
        "refused::f39_the_work_queue_gets_no_thread",
        kind="host",
    ),
    Mutant(
        "F39",
        "the thread that destroys interfaces outlives the module",
        ((CLONER, "    ENDS.destroy();\n", ""),),
        "refused::f39_the_work_queue_gets_no_thread",
        kind="host",
    ),
    Mutant(
        "F19",
        "an interface that waits to be destroyed holds no reference",
        ((CLONER, "Arc::retain(softc).into_raw()", "core::ptr::NonNull::from(softc)"),),
        "transient_goes",
        seeds=1,
    ),
    Mutant(
        "F48",
        "the close of a node destroys the interface itself",
        ((CLONER, "        let reference = Arc::retain(softc).into_raw();\n        ENDS.enqueue(reference, &softc.end);\n", "        end(softc);\n"),),
        "transient_goes",
        seeds=1,
    ),
    Mutant(
        "F48",
        "a cloned interface is destroyed although it is not transient",
        ((SOFTC, "        let goes = self.channel.is_transient();", "        let goes = self.channel.is_transient() || opener == Opener::Cloner;"),),
        "transient_stays,transient_stays_whole",
    ),
    Mutant(
        "F48",
        "an interface opened by its node stays although it is transient",
        ((CLONER, "        let reference = Arc::retain(softc).into_raw();\n        ENDS.enqueue(reference, &softc.end);\n", ""),),
        "transient_revoked,transient_killed,transient_last_close",
    ),
    Mutant(
        "F48",
        "an interface that stays keeps its link up",
        ((SOFTC, "        if !goes {\n", "        if !goes && opener == Opener::Node {\n"),),
        "transient_stays",
    ),
    Mutant(
        "F48",
        "TAPSTRANSIENT takes any number but 1 for 0",
        ((IOCTL, "set_transient(*request.int()? != 0)", "set_transient(*request.int()? == 1)"),),
        "transient_argument",
    ),
]
