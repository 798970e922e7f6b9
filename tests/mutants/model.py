# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the pure modules and of the concurrency core, shown to the tests of tests/model."""

import os
import re
import threading

import bundle
import edits
from mutant import Mutant, reason, run

CHANNEL, QUEUE = "src/channel/mod.rs", "src/channel/queue.rs"
INTEREST = "src/channel/interest.rs"
SOLO = "src/solo.rs"
# What a test may take; one that hangs has been caught. None that fails takes more than a second of
# the CPU. Without a mutant, the longest takes six, and more on a busy machine: there is no limit to
# it then.
LIMIT, CPU = 60, 4


def model(fault, what, test, *edits):
    """A mutant of the model."""
    return Mutant(fault, what, edits, test, kind="model")


MUTANTS = [
    model(
        "F4",
        "close does not empty the queue",
        "f12_nothing_of_a_use_is_left_for_the_next",
        (CHANNEL, "        self.notify(&mut state);\n        self.purge(&mut state)", "        self.notify(&mut state);\n        L::empty()"),
    ),
    model(
        "F5",
        "a queued frame does not wake up a reader",
        "f5_no_wakeup_is_lost_between_look_and_sleep",
        *edits.NO_READER_WOKEN,
    ),
    model(
        "F5a",
        "a poller is recorded without another check of the queue",
        "f5a_a_poller_is_recorded_or_sees_the_frame",
        (INTEREST, "        let look = self.look();\n        if look.is_some() {", "        let look = Some(0);\n        if true {"),
    ),
    model(
        "F6",
        "a reader does not check the queue again after a wake-up",
        "f6_two_readers_get_one_frame_each",
        (QUEUE, "            woken?;\n", "            woken?;\n            return Err(Errno::EIO);\n"),
    ),
    model(
        "F11",
        "an open interface can be opened again",
        "f11_one_of_two_opens_wins",
        (CHANNEL, "if !self.is_open_by(Opener::None) {", "if false {"),
    ),
    model(
        "F11",
        "the lock is released between the check that the interface is closed and the open",
        "f11_one_of_two_opens_wins",
        *edits.OPEN_IN_TWO_STEPS,
    ),
    model(
        "F12",
        "close does not reset the SIGIO owner",
        "f12_nothing_of_a_use_is_left_for_the_next",
        *edits.OWNER_STAYS,
    ),
    model(
        "F12",
        "close does not reset asynchronous mode",
        "f12_nothing_of_a_use_is_left_for_the_next",
        (CHANNEL, "        state.async_io = false;\n", ""),
    ),
    model(
        "F14",
        "a write of no bytes is accepted",
        "f15_frame_bounds",
        *edits.EMPTY_FRAME,
    ),
    model("F15", "a frame without a complete header is passed to the stack", "f15_frame_bounds", *edits.RUNT),
    model(
        "F15",
        "a frame of 65536 bytes is passed to the stack",
        "f15_frame_bounds",
        *edits.GIANT,
    ),
    model(
        "F18",
        "an interface can be brought up while it is destroyed",
        "f18_f22_a_dead_channel_refuses_everything",
        (CHANNEL, "running && !state.dying", "running"),
    ),
    model(
        "F19",
        "destroy does not wake up readers",
        "f19_death_wakes_a_reader_and_waits_for_calls_in_flight",
        *edits.END_WAKES_NO_READER,
    ),
    model(
        "F19",
        "destroy does not wait for calls that are still running",
        "f19_death_wakes_a_reader_and_waits_for_calls_in_flight",
        (CHANNEL, "while !self.calls.empty() {", "while false {"),
    ),
    model(
        "F19",
        "the last running call does not wake up the thread that waits to destroy the interface",
        "f19_death_wakes_a_reader_and_waits_for_calls_in_flight",
        (CHANNEL, "        if self.calls.leave() == Left::Last {", "        if self.calls.leave() != Left::Open && false {"),
    ),
    model(
        "F21",
        "a read publishes the length of the next frame after it has released the lock",
        "f21_what_is_shown_is_what_waits",
        (
            QUEUE,
            "            self.publish(&state);\n            return Ok((frame, state.purges));",
            "            let (len, purges) = (state.frames.first_len(), state.purges);\n            drop(state);\n"
            "            self.head.store(len, crate::lockfree::atomic::Ordering::Release);\n            return Ok((frame, purges));",
        ),
    ),
    model(
        "F23",
        "a queued frame does not notify pollers",
        "f23_frames_flow_again_after_down_and_up",
        (CHANNEL, "if state.polled || state.knotes != 0", "if state.knotes != 0"),
    ),
    model(
        "F23",
        "a queued frame does not notify knotes",
        "f23_each_frame_is_an_edge_for_a_knote",
        *edits.KNOTES_TOLD_NOTHING,
    ),
    model(
        "F24",
        "frames stay queued when the interface goes down",
        "f24_down_purges_and_says_so",
        *edits.DOWN_LEAVES_FRAMES,
    ),
    model(
        "F29",
        "a close by another thread does not end a read",
        "f29_restart_and_cancel_end_a_sleep",
        (QUEUE, "            if state.restart {", "            if false {"),
    ),
    model(
        "F29",
        "a revoke does not end a read",
        "f29_restart_and_cancel_end_a_sleep",
        (QUEUE, "            if state.cancelled {", "            if false {"),
    ),
    model(
        "F29",
        "a revoke of the node ends a read on a cloned descriptor",
        "f29_a_revoke_is_the_nodes_alone",
        (CHANNEL, "        if self.is_open_by(Opener::Node) {\n            state.cancelled", "        if !self.is_open_by(Opener::None) {\n            state.cancelled"),
    ),
    model(
        "order",
        "two CPUs process the input queue at the same time",
        "solo_leaves_nothing_undone_and_is_one_at_a_time",
        (SOLO, "        if come != 1 {", "        if false {"),
    ),
    model(
        "order",
        "frames that arrive while the input queue is processed stay in it",
        "solo_leaves_nothing_undone_and_is_one_at_a_time",
        (SOLO, "                Err(now) => come = now,", "                Err(_) if come == 1 => return,\n                Err(now) => come = now,"),
    ),
    model(
        "order",
        "frames that arrive while the input queue is processed may not be seen, for want of an acquire",
        "solo_leaves_nothing_undone_and_is_one_at_a_time",
        (SOLO, "fetch_add(1, Ordering::AcqRel)", "fetch_add(1, Ordering::Relaxed)"),
    ),
    model(
        "F31",
        "the minor number of the cloning device is accepted as a unit number",
        "f31_unit_bounds",
        *edits.CLONERS_MINOR,
    ),
    model(
        "F33",
        "a group address is accepted",
        "f33_group_and_zero_addresses_are_not_assignable",
        *edits.GROUP_ADDRESS,
    ),
    model(
        "F35",
        "a frame is queued although the device is not open",
        "f35_a_frame_is_queued_only_for_an_opener",
        *edits.QUEUED_FOR_NOBODY,
    ),
    model(
        "F48",
        "a transient interface can be opened again after its close",
        "f48_what_goes_with_its_close_is_not_opened_again",
        (CHANNEL, "        if self.is_transient() {\n", "        if false {\n"),
    ),
    model(
        "F48",
        "a cloned interface is not transient at first",
        "f48_what_goes_with_its_close_is_not_opened_again",
        (CHANNEL, "AtomicBool::new(opener == Opener::Cloner)", "AtomicBool::new(false)"),
    ),
]


class Model:
    """The programs that test the model."""

    def __init__(self, compiler, mutants):
        self.compiler = compiler
        self.programs = bundle.Programs(compiler, mutants)
        # What tests say without a mutant; who asks first, runs them.
        self.own = {}
        self.lock = threading.Lock()

    def run(self, program, mutant, number):
        """Runs a mutant's test with a mutant switched on, or with none."""
        environment = dict(os.environ, TAP_MUTANT=str(number))
        return run([str(program), "--exact", mutant.test], LIMIT, environment, cpu=number and CPU)

    def verdict(self, tree, mutant):
        """Whether the test fails on the mutant, and what it said."""
        found = self.programs.test(mutant)
        program, number = found or (self.compiler.test(tree.path, mutant.test), 0)
        status, said = self.run(program, mutant, number)
        if status == 0:
            return False, "survives"
        if found:
            with self.lock:
                if mutant.test not in self.own:
                    self.own[mutant.test] = self.run(program, mutant, 0)
            own_status, own_said = self.own[mutant.test]
            if own_status != 0:
                return False, f"the driver itself fails: {reason(own_said)}"
        panic = re.search(r"panicked at .*\n(.*)", said)
        return True, panic[1] if panic else reason(said)
