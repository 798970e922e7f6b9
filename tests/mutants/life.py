# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the module: lifetimes, locks and wake-ups."""

import edits
from mutant import Mutant

ATTACH, CLONER, CHANNEL = "src/attach.rs", "src/cloner.rs", "src/channel/mod.rs"
QUEUE, INTEREST, SYSTM = "src/channel/queue.rs", "src/channel/interest.rs", "src/kern/systm.rs"
MODULE, CDEVSW, FILTEROPS = "src/entry/module.rs", "src/entry/cdevsw.rs", "src/entry/filterops.rs"
EVENT, IFNET, IO, IOCTL = "src/event.rs", "src/ifnet.rs", "src/io.rs", "src/ioctl.rs"
SOFTC, REGISTER = "src/softc.rs", "shim/register.c"

# The channel's lock is one that soft interrupts of the network spin for.
SPIN = (
    "src/kern/mutex.rs",
    "        self.init_raw();\n",
    "        unsafe { kpi::mutex_init(self.raw(), kpi::kmutex_type_t_MUTEX_DEFAULT, 6) };\n",
)

MUTANTS = [
    Mutant(
        "F2",
        "destroy uses the pointer to the interface as one to the softc",
        ((MODULE, "cloner::clone_destroy(unsafe { softc_of(ifp) })", "cloner::clone_destroy(unsafe { &*ifp.cast() })"),),
        "create_destroy",
    ),
    Mutant(
        "F3",
        "a softc leaks when its device cannot be attached",
        ((CLONER, "    softc.device.attach(unit, &*softc)?;", "    if let Err(error) = softc.device.attach(unit, &*softc) {\n        core::mem::forget(softc);\n        return Err(error);\n    }"),),
        "refused::f3_autoconf_still_has_the_unit",
        kind="host",
    ),
    Mutant(
        "F3",
        "no later creation tries a unit again that autoconf still keeps",
        ((CLONER, "wanted.is_none() => all_taken = false,", "wanted.is_none() => {}"),),
        "refused::f3_autoconf_still_has_the_unit",
        kind="host",
    ),
    Mutant(
        "F3",
        "the configuration data is not zeroed",
        (("shim/helpers/device.c", "\tmemset(cf, 0, sizeof(*cf));\n", ""),),
        "refused::f3_the_configuration_data_is_zeroed",
        kind="host",
    ),
    Mutant(
        "F3",
        "a detach that the driver did not ask for removes half of the interface",
        ((ATTACH, "if !cloner::DETACHER.is_current() {", "if false {"),),
        "beside::it_refuses_an_active_tap_and_replaces_a_disabled_one",
        kind="host",
    ),
    Mutant(
        "F3",
        "while one thread destroys the interface, any other thread can detach its device",
        (
            (ATTACH, "if !cloner::DETACHER.is_current() {", "if !cloner::DETACHER.is_anybody() {"),
            (SYSTM, "    /// Forgets it.\n", "    pub fn is_anybody(&self) -> bool {\n        !self.0.load(Ordering::Relaxed).is_null()\n    }\n\n    /// Forgets it.\n"),
        ),
        "drvctl::only_the_thread_that_destroys_detaches",
        kind="host",
    ),
    Mutant(
        "F4",
        "close leaks the queued frames",
        ((SOFTC, "self.discard(self.channel.close(opener));", "core::mem::forget(self.channel.close(opener));"),),
        "no_mbuf_leak,close_purges_queue",
    ),
    Mutant(
        "F5",
        "a queued frame does not wake up a reader",
        edits.NO_READER_WOKEN,
        "read_blocks_until_frame",
        seeds=1,
    ),
    Mutant(
        "F5a",
        "the lock is released between the check of the queue and the recording of the poller",
        (
            (INTEREST, "        record(&self.listeners);", "        drop(state);\n        let mut state = self.state.lock();\n        record(&self.listeners);"),
        ),
        "poll_no_lost_wakeup",
        seeds=8,
    ),
    Mutant(
        "F5a",
        "a poller is not recorded if a frame is queued",
        ((INTEREST, "        if look.is_some() {\n", "        if look == Some(0) {\n"),),
        "poll_for_the_end,poll_beside_another",
        seeds=1,
    ),
    Mutant(
        "F6",
        "a reader that finds the queue empty after a wake-up returns 0 bytes",
        (
            (QUEUE, "            woken?;\n", "            woken?;\n            if state.frames.is_empty() && state.running {\n                return Err(Errno::EMOVEFD);\n            }\n"),
            (QUEUE, "self.cv.signal();\n        }\n        self.notify", "self.cv.broadcast();\n        }\n        self.notify"),
            (IO, "let frame = softc.channel.next(flags.contains(FileFlags::NONBLOCK))?;", "let frame = match softc.channel.next(flags.contains(FileFlags::NONBLOCK)) {\n        Err(Errno::EMOVEFD) => return Ok(()),\n        other => other?,\n    };"),
        ),
        "read_two_readers,stop_continue_reading",
    ),
    Mutant(
        "F8",
        "the lock is initialised after the interface is attached",
        (
            (SOFTC, "        self.channel.pin_init();\n", ""),
            (CLONER, "create(Some(unit), Opener::None)", "create(Some(unit), Opener::None).map(late)"),
            (CLONER, "create(None, Opener::Cloner)", "create(None, Opener::Cloner).map(late)"),
            (
                CLONER,
                "/// ifc_create: ",
                "fn late(softc: Arc<Softc>) -> Arc<Softc> {\n"
                "    unsafe { (*softc.cookie().cast_mut().cast::<Softc>()).channel.pin_init() };\n"
                "    softc\n}\n\n/// ifc_create: ",
            ),
        ),
        "up_at_once",
        seeds=20,
        says="no mutex",
    ),
    Mutant(
        "F11",
        "the lock is released between the check that the interface is closed and the open",
        edits.OPEN_IN_TWO_STEPS,
        "open_race_one_wins",
        seeds=6,
    ),
    Mutant(
        "F18",
        "a cloned descriptor acts on the interface that has its unit number now",
        edits.DESCRIPTOR_BY_UNIT,
        "stale_fd_after_recreate",
    ),
    Mutant(
        "F19",
        "detach does not wait for calls that are still running",
        ((CLONER, "    softc.channel.drain();\n", ""),),
        "destroy_while_asked",
        seeds=20,
    ),
    Mutant(
        "F19",
        "detach does not wake up readers",
        edits.END_WAKES_NO_READER,
        "destroy_while_reading",
        seeds=1,
    ),
    Mutant(
        "F19",
        "detach does not notify pollers and knotes",
        ((CHANNEL, "        self.cv.broadcast();\n        self.listeners.gone();", "        self.cv.broadcast();"),),
        "destroy_while_polling,kqueue_eof_sleeping",
        seeds=1,
    ),
    Mutant(
        "F19",
        "a knote holds no reference to the softc",
        (
            (EVENT, "knote.set_hook(Arc::retain(softc).into_raw(), filter);", "knote.set_hook(unsafe { core::ptr::read(&Arc::retain(softc)) }.into_raw(), filter);"),
            (FILTEROPS, "let softc = unsafe { Arc::from_raw(knote.hook::<Softc>()) };", "let softc = core::mem::ManuallyDrop::new(unsafe { Arc::from_raw(knote.hook::<Softc>()) });"),
        ),
        "kqueue_knote_survives",
    ),
    Mutant(
        "F19",
        "detach does not revoke the device nodes",
        ((CLONER, "    device::revoke_nodes(DEVICE.major(), softc.unit);\n", ""),),
        "stale_node_after_recreate",
    ),
    Mutant(
        "F21",
        "FIONREAD reads the head of the queue without the lock",
        (
            (CHANNEL, "(head & GONE == 0).then_some(head)", "(head & GONE == 0).then(|| self.state.unlocked().frames.first_len())"),
            ("src/kern/mutex.rs", "    /// Takes the mutex, sleeping if it must.\n", "    pub fn unlocked(&self) -> &T {\n        unsafe { &*self.data.get() }\n    }\n\n    /// Takes the mutex, sleeping if it must.\n"),
            ("src/kern/mbuf/list.rs", "        unsafe { self.first.as_ref() }.map_or(0, packet_len)", "        let first = unsafe { core::ptr::read_volatile(&self.first) };\n        let _ = crate::kern::systm::Ticks::now();\n        unsafe { first.as_ref() }.map_or(0, packet_len)"),
        ),
        "fionread_contended",
        seeds=20,
    ),
    Mutant(
        "F22",
        "the close of a stale descriptor decrements the count of interfaces",
        ((CLONER, "    if softc.channel.is_gone() {\n        return;", "    if softc.channel.is_gone() {\n        ATTACHED.fetch_sub(1, Ordering::AcqRel);\n        return;"),),
        "modunload_after_clone",
    ),
    Mutant(
        "F22",
        "the module can be unloaded while a stale descriptor is open",
        ((CLONER, "|| !all_departed()", "|| (all_departed() && false)"),),
        "modunload_stale_descriptor",
    ),
    Mutant(
        "F25",
        "FIOASYNC 0 disestablishes the soft interrupt",
        ((IOCTL, "FIOASYNC => softc.channel.set_async(*request.int()? != 0),", "FIOASYNC => {\n            let on = *request.int()? != 0;\n            softc.channel.set_async(on);\n            if on {\n                crate::event::SOFTINT.establish_signals()?;\n            } else {\n                crate::event::SOFTINT.disestablish();\n            }\n        }"),),
        "sigio_toggle_storm",
        seeds=20,
    ),
    Mutant(
        "F26",
        "f_event takes the channel's lock",
        ((EVENT, "    let len = if reads", "    let _ = softc.channel.owner();\n    let len = if reads"),),
        "kqueue_read",
        says="held by its taker",
    ),
    Mutant(
        "F26",
        "knotes take the kernel lock while the channel's lock, a spin mutex, is held",
        (
            SPIN,
            (REGISTER, "FILTEROP_ISFD | FILTEROP_MPSAFE", "FILTEROP_ISFD"),
        ),
        "kqueue_read",
        says="kernel lock with a spin mutex held",
    ),
    Mutant(
        "F27",
        "bpf is called with a spin mutex held",
        (
            SPIN,
            (IFNET, "    softc.interface.tap_output(&frame);", "    softc.channel.locked(|| softc.interface.tap_output(&frame));"),
            (CHANNEL, "    /// Takes all frames out.\n", "    pub fn locked(&self, f: impl FnOnce()) {\n        let _state = self.state.lock();\n        f();\n    }\n\n    /// Takes all frames out.\n"),
        ),
        "bpf_once_out",
        says="holds a spin mutex",
    ),
    Mutant(
        "F29",
        "a close by another thread does not wake up the reader of a cloned descriptor",
        ((REGISTER, ".fo_restart = tap_rs_fops_restart", ".fo_restart = fnullop_restart"),),
        "close_while_reading",
        seeds=1,
    ),
    Mutant(
        "F29",
        "a revoke does not wake up the reader of a node",
        ((CDEVSW, "        softc.channel.cancel();\n", "        let _ = softc;\n"),),
        "revoke_while_reading",
        seeds=1,
    ),
    Mutant(
        "F29",
        "a revoke of the node ends a read on a cloned descriptor of the same interface",
        ((CHANNEL, "        if self.is_open_by(Opener::Node) {\n            state.cancelled", "        if !self.is_open_by(Opener::None) {\n            state.cancelled"),),
        "revoke_beside_a_clone",
        seeds=1,
    ),
]
