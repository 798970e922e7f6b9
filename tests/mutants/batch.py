# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of TAPSEND and TAPRECV, of the arrays that they take, and of frames that are put back."""

import functools

from mutant import edited

BATCH, ARRAY, QUEUE = "src/batch.rs", "src/kern/batch.rs", "src/channel/queue.rs"
INPUT, IOCTL, IO = "src/input.rs", "src/ioctl.rs", "src/io.rs"

case = functools.partial(edited, "batch")


def model(what, test, text, replacement):
    """A mutant of the channel."""
    return edited("batch", what, test, QUEUE, text, replacement, kind="model")


def host(what, test, *edit):
    """A mutant that a test of the host shows."""
    return edited("batch", what, f"offload::batch::{test}", *edit, kind="host")


MODULE_MUTANTS = [
    case("a batch of 1025 entries is accepted", "batch_counts", ARRAY, "count == 0 || count > MOST", "count == 0 || count > MOST + 1"),
    case("an unknown flag is accepted", "batch_flags", BATCH, "Some(last) if known && !last", "Some(last) if !last"),
    case("an array whose last frame does not end is accepted", "batch_flags", BATCH, "if known && !last.has_more()", "if known || last.has_more()"),
    case("CUT in an entry is refused", "batch_flags", ARRAY, "!(kpi::TAP_FRAME_MORE | kpi::TAP_FRAME_CUT)", "!kpi::TAP_FRAME_MORE"),
    case("CUT stays at an entry whose frame is whole", "batch_flags", ARRAY, "        self.0.tf_flags &= !kpi::TAP_FRAME_CUT;\n", ""),
    case("CUT stays at the only entry although its frame is whole", "batch_flags", ARRAY, "if cut { kpi::TAP_FRAME_CUT } else { 0 };", "self.0.tf_flags | if cut { kpi::TAP_FRAME_CUT } else { 0 };"),
    case("a descriptor that is open for reading sends", "batch_direction", IOCTL, "    require(flags, FileFlags::WRITE)?;\n", ""),
    case("a descriptor that is open for writing receives", "batch_direction", IOCTL, "    require(flags, FileFlags::READ)?;\n", ""),
    case("TAPSEND to an interface that has gone succeeds", "batch_gone", IOCTL, "let len = softc.channel.look().ok_or(Errno::ENXIO)?;", "let len = softc.channel.look().unwrap_or(0);\n    if request.command() == Command::TAPSEND && softc.channel.is_gone() {\n        return Ok(());\n    }"),
    case("an array that cannot be read is used as it is", "batch_array_efault", ARRAY, "check(unsafe { kpi::copyin(user.cast(), room.cast(), len) })?;", "let _ = unsafe { kpi::copyin(user.cast(), room.cast(), len) };"),
    case("a frame is taken for an array that cannot be written to", "batch_array_read_only", ARRAY, "check(unsafe { kpi::copyout(room.cast(), user.cast(), len) })?;", "let _ = unsafe { kpi::copyout(room.cast(), user.cast(), len) };"),
    case("a frame is lost for one entry that cannot be written to", "batch_array_read_only", BATCH, "softc.discard(softc.channel.put_back(MbufList::of(frame), purges));", "let _ = purges;\n    softc.discard(MbufList::of(frame));"),
    case("TAPSEND schedules no soft interrupt", "batch_send_order", BATCH, "        io::written(softc);\n", "        softc.touch_modification();\n"),
    case("TAPSEND says that it has done nothing", "batch_send_order", ARRAY, "self.0.tb_done = done as u32;", "self.0.tb_done = 0;"),
    case("the second frame of a batch begins at the second entry", "batch_send_gather", BATCH, "(send_any(softc, frame, mode), rest)", "(send_any(softc, frame, mode), left.get(rest.len().min(1)..).unwrap_or_default())"),
    case("a piece that has been used is used again", "batch_send_gather", ARRAY, "                self.entries = entries;\n", ""),
    case("TAPSEND goes on behind a frame with an error", "batch_send_stops", BATCH, "            if result.is_err() {\n                break;\n            }\n", ""),
    case("TAPSEND forgets the frames before one with an error", "batch_send_stops", BATCH, "        if done == 0 {\n            return result", "        if done == 0 || result.is_err() {\n            return result"),
    case("TAPSEND of a frame with an error succeeds with none done", "batch_send_stops", BATCH, "return result.map(|()| 0);", "return Ok(0);"),
    case("TAPSEND passes a runt to the stack", "batch_send_stops", IO, "    if let Err(bad) = check_length(len) {\n", "    if let (false, Err(bad)) = (true, check_length(len)) {\n"),
    case("frames wait for the end of a long batch, and are lost", "batch_send_many", BATCH, "    input::make_room(softc, len);\n", ""),
    case("long frames wait for the end of a long batch, and are lost", "batch_send_long_ones", BATCH, "    input::make_room(softc, memory.resid());\n", ""),
    case("long frames wait until as many do as may of short ones, and are lost", "batch_send_long_ones", INPUT, "MAX_WAITING / 2, len)", "MAX_WAITING / 2, 0)"),
    case("TAPRECV does not say how long a frame is", "batch_receive_order", ARRAY, "        self.0.tf_len = stored as u32;\n", ""),
    case("TAPRECV takes one frame more than it has places for", "batch_receive_order", BATCH, "softc.channel.take(places, nonblock)", "softc.channel.take(places.wrapping_add(1), nonblock)"),
    case("TAPRECV waits although it must not", "batch_receive_none", BATCH, "softc.channel.take(places, nonblock)", "softc.channel.take(places, nonblock && false)"),
    case("a frame that was longer is not marked", "batch_receive_cut", BATCH, "                entry.set_cut(truncated);\n", ""),
    case("a frame that was longer is marked at its first entry too", "batch_receive_scatter", BATCH, "            left = entry.set_stored(left);\n", "            left = entry.set_stored(left);\n            entry.set_cut(truncated);\n"),
    case("a frame that was longer is no output error", "batch_receive_scatter", BATCH, "output.errors = output.errors.wrapping_add(truncated.into());", "let _ = &output.errors;"),
    case("a frame that was longer than the only entry is no output error", "batch_receive_cut", BATCH, "io::count_read(softc, &frame, bytes, cut);", "io::count_read(softc, &frame, bytes, false);"),
    case("every entry of a frame says that all of it is there", "batch_receive_scatter", ARRAY, "        len.wrapping_sub(stored)\n", "        len\n"),
    case("the frames behind a fault are lost", "batch_receive_efault", BATCH, "return softc.discard(softc.channel.put_back(frames, purges));", "let _ = purges;\n                    return softc.discard(frames);"),
    case("a fault hides the frames before it", "batch_receive_efault", BATCH, "Some(error) if round.done == 0 => Err(error)", "Some(error) => Err(error)"),
    case("a frame that is lost by a fault is not counted", "batch_receive_efault", BATCH, "                    self.output.errors = self.output.errors.wrapping_add(1);\n", ""),
    case("a fault is not told", "batch_receive_efault", BATCH, "                    self.error = Some(error);\n", ""),
    case("a place of no bytes takes a frame", "batch_receive_no_room", BATCH, "(mode.header() as usize).max(1)", "(mode.header() as usize)"),
    case("a place of no bytes behind others takes a frame", "batch_receive_no_room", BATCH, "            break;\n        }\n        left", "            if places == 0 {\n                break;\n            }\n        }\n        left"),
    case("frames of a batch are not counted", "batch_receive_counters", BATCH, "        softc.interface.count_output(&round.output);\n", ""),
    case("bytes of a batch are not counted", "batch_receive_counters", BATCH, "output.bytes = output.bytes.wrapping_add(bytes as _);", "let _ = &output.bytes;"),
    case("a place that has no room for a header takes a frame", "batch_header_no_room", BATCH, "(mode.header() as usize).max(1)", "1"),
    case("frames that are received have no header", "batch_header_receive", BATCH, "if mode == Mode::OFF && !frame", "if !frame"),
    case("the length that TAPRECV says leaves the header out", "batch_header_receive", BATCH, "bytes.wrapping_add(mode.header() as usize)", "bytes"),
    case("frames that are sent have no header", "batch_header_send", BATCH, "if mode.header() != 0 {", "if false {"),
    host("frames of a group are not counted as such", "frames_of_a_group_are_counted", BATCH, "output.mcasts = output.mcasts.wrapping_add(frame.is_multicast().into());", "let _ = &output.mcasts;"),
    host("no memory for a frame of a batch is not counted", "frames_without_memory_end_a_batch_and_leave_nothing", IO, "Err(error) => return Err(not_read(softc, error)),", "Err(error) => return Err(error),"),
    host("a frame that came to a place of its own is lost, and counted, if its entry cannot be written", "one_frame_is_put_back_if_its_entry_cannot_be_written", BATCH, "if let Err(error) = batch.write_one(entry) {\n                put_back(softc, frame, purges);", "if let Err(error) = batch.write_one(entry) {\n                let _ = purges;\n                io::lose(softc, frame, error);"),
    case("an array that was allocated is not freed", "batch_counts", ARRAY, "        unsafe { kmem::free_array(room, count) };\n", ""),
]

MODEL_MUTANTS = [
    model("a batch waits until it has all of its frames", "batch_sleeps_for_its_first_frame_only", "while state.frames.is_empty() {", "while state.frames.len() < max {"),
    model("a batch takes more frames than it may", "batch_takes_what_is_asked_for", "while taken.len() < max {", "while taken.len() <= max {"),
    model("a batch leaves the length of a frame that it took", "batch_sleeps_for_its_first_frame_only", "        self.publish(&state);\n        Ok((taken, state.purges))", "        Ok((taken, state.purges))"),
    model("frames are put back behind those that came meanwhile", "batch_put_back_keeps_the_order", "        while let Some(frame) = state.frames.pop() {\n            frames.push(frame);\n        }\n        state.frames = frames;", "        while let Some(frame) = frames.pop() {\n            state.frames.push(frame);\n        }"),
    model("frames that came meanwhile are lost when others are put back", "batch_put_back_keeps_the_order", "        while let Some(frame) = state.frames.pop() {\n            frames.push(frame);\n        }\n", "        while state.frames.pop().is_some() {}\n"),
    model("one of two readers sleeps on although two frames are put back", "batch_put_back_wakes_every_reader", "        // There may be several frames again, and as many readers asleep.\n        self.cv.broadcast();", "        self.cv.signal();"),
    model("a poller is not told of a frame that is put back", "batch_put_back_tells_pollers", "        self.notify(&mut state);\n        L::empty()", "        L::empty()"),
    model("the length of a frame that is put back is not shown", "batch_put_back_tells_pollers", "        state.frames = frames;\n        self.publish(&state);", "        state.frames = frames;"),
    model("frames are put back into an interface that is down", "batch_puts_nothing_back_into_what_is_down_or_gone", " || state.purges != purges {", " {"),
    model("frames are put back for an opener that they were not sent to", "batch_puts_nothing_back_for_the_next_use", " || state.purges != purges {", " || !state.running || self.is_open_by(Opener::None) {"),
    model("the frames behind one that is refused are not looked at", "frames_that_are_refused_are_taken_out", "                refused.push(frame);\n            } else", "                refused.push(frame);\n                break;\n            } else"),
    model("a frame that was refused is still shown as waiting", "frames_that_are_refused_are_taken_out", "        if !refused.is_empty() {\n            self.publish(&state);\n        }\n", ""),
]
