# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the module: what one call does wrong."""

import edits
from mutant import Mutant

CHANNEL, QUEUE, ETHER = "src/channel/mod.rs", "src/channel/queue.rs", "src/ether.rs"
CDEVSW, FILEOPS, CALLBACKS = "src/entry/cdevsw.rs", "src/entry/fileops.rs", "src/entry/ifnet.rs"
IFNET, IO, IOCTL = "src/ifnet.rs", "src/io.rs", "src/ioctl.rs"
FILE, STACK = "src/kern/file.rs", "src/kern/ifnet.rs"

MUTANTS = [
    Mutant(
        "F1",
        "an unknown ioctl succeeds",
        ((IOCTL, "_ => return Err(Errno::ENOTTY)", "_ => {}"),),
        "enotty",
    ),
    Mutant(
        "F1",
        "an interface ioctl's error is dropped",
        ((CALLBACKS, "        other => to_int(other),\n", "        _ => 0,\n"),),
        "interface_ioctl_unknown",
    ),
    Mutant(
        "F7",
        "a non-blocking read fails if another thread holds the lock",
        (
            (
                QUEUE,
                "pub fn take_one(&self, nonblock: bool) -> Result<(L::Frame, u32)> {\n"
                "        let mut state = self.state.lock();",
                "pub fn take_one(&self, nonblock: bool) -> Result<(L::Frame, u32)> {\n"
                "        let mut state = self.state.try_lock().ok_or(Errno::EWOULDBLOCK)?;",
            ),
            (
                "src/kern/mutex.rs",
                "    /// Takes the mutex, sleeping if it must.\n",
                "    pub fn try_lock(&self) -> Option<Guard<'_, T>> {\n"
                '        extern "C" { fn mutex_tryenter(mutex: *mut kpi::kmutex_t) -> i32; }\n'
                "        let taken = unsafe { mutex_tryenter(self.raw()) } != 0;\n"
                "        taken.then(|| Guard { mutex: self })\n    }\n\n"
                "    /// Takes the mutex, sleeping if it must.\n",
            ),
        ),
        "read_nonblock_contended",
    ),
    Mutant(
        "F9",
        "write knotes are on the read list",
        (("src/adapter.rs", "Filter::Write => &self.write", "Filter::Write => &self.read"),),
        "kqueue_write_beside_read",
    ),
    Mutant(
        "F10",
        "the address is read at an offset that the user chooses",
        (
            (
                "src/kern/ioctl.rs",
                "        let data = address.sa_data.map(|byte| byte as u8);\n",
                "        let at = 6 + usize::from(address.sa_data[3] as u8);\n"
                "        let from = address.sa_data.as_ptr().wrapping_add(at);\n"
                "        let data = unsafe { from.cast::<[u8; 14]>().read() };\n",
            ),
        ),
        "siocsifphyaddr_offset",
    ),
    Mutant(
        "F12",
        "non-blocking mode is kept in the interface, not in the file",
        (
            (IOCTL, "FIONBIO => {}", "FIONBIO => crate::io::NONBLOCK.store(*request.int()? != 0, crate::lockfree::atomic::Ordering::Relaxed),"),
            (
                IO,
                "/// read(2): ",
                "pub static NONBLOCK: crate::lockfree::atomic::AtomicBool =\n"
                "    crate::lockfree::atomic::AtomicBool::new(false);\n\n/// read(2): ",
            ),
            (
                IO,
                "next(flags.contains(FileFlags::NONBLOCK))",
                "next(flags.contains(FileFlags::NONBLOCK)"
                " || NONBLOCK.load(crate::lockfree::atomic::Ordering::Relaxed))",
            ),
        ),
        "close_resets_nonblock",
    ),
    Mutant(
        "F12",
        "close does not reset the SIGIO owner",
        edits.OWNER_STAYS,
        "close_resets_owner",
    ),
    Mutant(
        "F13",
        "a write of any length is accepted",
        ((ETHER, "HDR_LEN..=MAX_FRAME_LEN =>", "HDR_LEN.. =>"),),
        "oversize_write_64k",
    ),
    Mutant(
        "F14",
        "a write of no bytes is accepted",
        edits.EMPTY_FRAME,
        "zero_write",
    ),
    Mutant(
        "F15",
        "a frame without a complete header is passed to the stack",
        edits.RUNT,
        "short_write",
    ),
    Mutant(
        "F15",
        "a frame of 65536 bytes is passed to the stack",
        edits.GIANT,
        "oversize_write_64k",
    ),
    Mutant(
        "F16",
        "a frame that is dropped because the device is not open counts as sent",
        (
            (IFNET, "    softc.interface.count_drops(1);", "    softc.interface.count_output(&crate::kern::ifcount::Output { bytes: 60, packets: 1, mcasts: 0, errors: 0 });"),
        ),
        "stats_drop_not_open",
    ),
    Mutant(
        "F16",
        "a frame that is lost because a read faults counts as sent",
        ((IO, "softc.interface.count(Counter::OutputErrors)", "softc.interface.count_output(&crate::kern::ifcount::Output { bytes: 0, packets: 1, mcasts: 0, errors: 1 })"),),
        "read_efault",
    ),
    Mutant(
        "F17",
        "a truncated read is not counted as an output error",
        ((IO, "errors: cut.into()", "errors: 0"),),
        "truncating_read_counted",
    ),
    Mutant(
        "F20",
        "the driver counts input that the stack counts already",
        (("src/kern/input.rs", "        // SAFETY: as above; the frame is given away.\n", "        unsafe { kpi::tap_rs_stat_inc(self.ifp(), 0) };\n"),),
        "stats_exact_in",
    ),
    Mutant(
        "F20",
        "a frame is counted as sent when it is queued, and again when it is read",
        ((IFNET, "    softc.interface.tap_output(&frame);", "    softc.interface.tap_output(&frame);\n    softc.interface.count_output(&crate::kern::ifcount::Output { bytes: 60, packets: 1, mcasts: 0, errors: 0 });"),),
        "stats_exact_out",
    ),
    Mutant(
        "F20",
        "each sent frame is passed to bpf twice",
        ((IFNET, "    softc.interface.tap_output(&frame);", "    softc.interface.tap_output(&frame);\n    softc.interface.tap_output(&frame);"),),
        "bpf_once_out",
    ),
    Mutant(
        "F23",
        "after the interface goes down with a frame unread, later frames notify nobody",
        (
            (CHANNEL, "    polled: bool,\n", "    polled: bool,\n    active: bool,\n"),
            (CHANNEL, "                polled: false,\n", "                polled: false,\n                active: false,\n"),
            (CHANNEL, "        if state.polled || state.knotes != 0 {\n", "        if !core::mem::replace(&mut state.active, true) {\n"),
            (QUEUE, "                self.publish(&state);\n", "                self.publish(&state);\n                state.active = !state.frames.is_empty();\n"),
        ),
        "kqueue_clear_down_up,down_up_wakes",
    ),
    Mutant(
        "F23",
        "a queued frame does not trigger a knote with EV_CLEAR",
        edits.KNOTES_TOLD_NOTHING,
        "kqueue_clear",
    ),
    Mutant(
        "F24",
        "frames stay queued when the interface goes down",
        edits.DOWN_LEAVES_FRAMES,
        "poll_down_with_frame",
    ),
    Mutant(
        "F28",
        "a cloned descriptor can read and write, whatever access mode the open asked for",
        ((FILE, "fd_clone(file, descriptor, flags,", "fd_clone(file, descriptor, 3,"),),
        "clone_rdonly",
    ),
    Mutant(
        "F28",
        "O_NONBLOCK is lost on the cloning open",
        ((FILE, "fd_clone(file, descriptor, flags,", "fd_clone(file, descriptor, flags & !4,"),),
        "clone_nonblock",
    ),
    Mutant(
        "F28",
        "O_CLOEXEC is lost on the cloning open",
        ((FILE, "fd_clone(file, descriptor, flags,", "fd_clone(file, descriptor, flags & 0xffff,"),),
        "cloexec",
    ),
    Mutant(
        "F28",
        "O_ASYNC of the cloning open stays in the file without effect, and F_SETFL cannot set it",
        ((FILE, "flags.difference(FileFlags::ASYNC).bits()", "flags.bits()"),),
        "sigio_clone_async",
    ),
    Mutant(
        "F28",
        "O_NONBLOCK is ignored on a node",
        ((CDEVSW, "IoFlags::from_raw(flags).to_file()", "FileFlags::empty()"),),
        "node_nonblock",
    ),
    Mutant(
        "F30",
        "fstat leaves mode and device zero",
        ((FILEOPS, "    stat.fill(", "    if false { stat.fill("), (FILEOPS, "&softc.times());", "&softc.times()); }")),
        "fstat_rdev",
    ),
    Mutant(
        "F31",
        "unit numbers have no limit",
        (("src/unit.rs", "if number < CLONER_MINOR", "if number < u32::MAX"),),
        "unit_limit",
    ),
    Mutant(
        "F31",
        "an interface is created with the minor number of the cloning device",
        edits.CLONERS_MINOR,
        "unit_cloner_collision",
    ),
    Mutant(
        "F33",
        "a group address is accepted",
        edits.GROUP_ADDRESS,
        "siocsifphyaddr_group,sysctl_mac_multicast",
    ),
    Mutant(
        "F33",
        "the zero address is accepted",
        ((ETHER, "first & 1 == 0 && self.0 != [0; ADDR_LEN]", "first & 1 == 0"),),
        "siocsifphyaddr_group,sysctl_mac_zero",
    ),
    Mutant(
        "F37",
        "fstat does not zero what it does not fill in",
        ((FILE, "unsafe { ptr::write_bytes(raw, 0, 1) };", "unsafe { ptr::write_bytes(raw, 0, 0) };"),),
        "fstat_rdev",
    ),
    Mutant(
        "F37",
        "TAPGIFNAME returns rubbish after the name",
        (
            (
                STACK,
                "        *self.xname()\n",
                "        let mut field = *self.xname();\n"
                "        let end = field.iter().position(|byte| *byte == 0).unwrap_or(0);\n"
                "        for byte in field.iter_mut().skip(end + 1) {\n"
                "            *byte = 0x5a;\n        }\n        field\n",
            ),
        ),
        "tapgifname_guard_bytes",
    ),
]
