// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! if_percpuq, the input queue of an interface, as sys/net/if.c has it: frames wait for a soft
//! interrupt that counts them, shows them to bpf(4) and hands them to the interface's input. It
//! takes 256 frames, and drops more in silence.

use std::collections::VecDeque;
use std::ffi::c_void;

use crate::kern::field::peek;
use crate::kern::kmem::Kind;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::sched::{chan, Chan, Sleep};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const HANDLE: Kind = Kind::Object("if_percpuq");

/// One queue. There is but one CPU for it.
pub(super) struct Percpuq {
    ifp: Ifp,
    frames: VecDeque<Mbuf>,
    softint: usize,
    /// The soft interrupt is to run, or runs.
    pending: bool,
    /// Frames that came while it was full.
    pub(super) drops: u64,
}

fn idle(handle: usize) -> Chan {
    chan("if_percpuq", handle)
}

impl World {
    fn percpuq(&mut self, handle: usize, call: &str) -> &mut Percpuq {
        match self.net.percpuqs.get_mut(&handle) {
            Some(queue) => queue,
            None => host_panic!("{call}: {handle:#x} is no input queue, or no longer one"),
        }
    }

    /// if_percpuq_create.
    fn if_percpuq_create(&mut self, ifp: Ifp) -> *mut kpi::if_percpuq {
        self.assert_sleepable("if_percpuq_create");
        self.interface(ifp, "if_percpuq_create");
        let handle = self.allocate(size_of::<usize>(), HANDLE, true);
        let mpsafe = if ifp.is_mpsafe() { kpi::SOFTINT_MPSAFE } else { 0 };
        let flags = kpi::SOFTINT_NET | mpsafe;
        let softint = self.softint_establish(flags, if_percpuq_softint, handle as usize);
        let Some(softint) = softint else {
            host_panic!("if_percpuq_create: no room for another soft interrupt");
        };
        let queue = Percpuq { ifp, frames: VecDeque::new(), softint, pending: false, drops: 0 };
        self.net.percpuqs.insert(handle as usize, queue);
        self.rcvq_sysctl(ifp, handle as usize);
        handle.cast()
    }

    /// if_percpuq_destroy: waits for the soft interrupt, and frees what came behind it.
    pub(super) fn if_percpuq_destroy(&mut self, handle: *mut kpi::if_percpuq) {
        let key = handle as usize;
        while self.percpuq(key, "if_percpuq_destroy").pending {
            self.sleep(idle(key), Sleep::default());
        }
        let softint = self.percpuq(key, "if_percpuq_destroy").softint;
        self.softint_disestablish(softint);
        if let Some(queue) = self.net.percpuqs.remove(&key) {
            queue.frames.into_iter().for_each(|frame| self.m_freem(frame));
        }
        self.free(handle.cast(), None, HANDLE);
    }

    /// if_percpuq_enqueue: takes the frame, whatever becomes of it.
    fn if_percpuq_enqueue(&mut self, handle: usize, frame: Mbuf) {
        self.verify_packet(frame, "if_percpuq_enqueue");
        let queue = self.percpuq(handle, "if_percpuq_enqueue");
        let ifp = queue.ifp;
        if queue.frames.len() >= kpi::IFQ_MAXLEN as usize {
            queue.drops += 1;
            self.if_stat(ifp, kpi::if_stat_t_if_iqdrops, 1);
            self.m_freem(frame);
            return;
        }
        queue.frames.push_back(frame);
        queue.pending = true;
        let softint = queue.softint;
        let index = self.interface(ifp, "if_percpuq_enqueue").index;
        kassert!(frame.rcvif() == index, "if_percpuq_enqueue: the frame is of another interface");
        self.softint_schedule(softint);
    }

    /// The next frame for the soft interrupt.
    fn if_percpuq_dequeue(&mut self, handle: usize) -> Option<(Ifp, Mbuf)> {
        let queue = self.percpuq(handle, "if_percpuq_softint");
        let ifp = queue.ifp;
        let frame = queue.frames.pop_front();
        if frame.is_none() {
            queue.pending = false;
            self.wake_all(idle(handle));
        }
        frame.map(|frame| (ifp, frame))
    }

    /// if_input, and what if_percpuq does with a frame: counts it, shows it to bpf(4), and hands it
    /// to the interface's input.
    pub(super) fn if_input(&mut self, ifp: Ifp, frame: Mbuf) {
        self.probe_input(ifp, frame);
        self.if_stat(ifp, kpi::if_stat_t_if_ipackets, 1);
        self.bpf_mtap(ifp, frame, kpi::BPF_D_IN);
        let Some(input) = peek!(ifp.raw(), _if_input) else { host_panic!("no _if_input") };
        // SAFETY: the interface's own function, and a frame that is given away.
        self.outside(|| unsafe { input(ifp.raw(), frame.raw()) });
    }
}

unsafe extern "C" fn if_percpuq_softint(argument: *mut c_void) {
    let mut world = enter();
    while let Some((ifp, frame)) = world.if_percpuq_dequeue(argument as usize) {
        world.if_input(ifp, frame);
    }
}

/// For drivers that are in a soft interrupt already, and have no if_percpuq.
unsafe extern "C" fn if_input(raw: *mut kpi::ifnet, m: *mut kpi::mbuf) {
    let Some(frame) = Mbuf::from_raw(m) else { host_panic!("if_input: NULL") };
    let (mut world, ifp) = (enter(), Ifp::from_raw(raw));
    kassert!(world.current().softint, "if_input outside of a soft interrupt");
    kassert!(peek!(raw, if_percpuq).is_null(), "if_input beside if_percpuq");
    world.verify_packet(frame, "if_input");
    let index = world.interface(ifp, "if_input").index;
    kassert!(frame.rcvif() == index, "if_input: the frame is of another interface");
    world.if_input(ifp, frame);
}

unsafe extern "C" fn if_percpuq_create(raw: *mut kpi::ifnet) -> *mut kpi::if_percpuq {
    enter().if_percpuq_create(Ifp::from_raw(raw))
}

unsafe extern "C" fn if_percpuq_destroy(handle: *mut kpi::if_percpuq) {
    if !handle.is_null() {
        enter().if_percpuq_destroy(handle);
    }
}

unsafe extern "C" fn if_percpuq_enqueue(handle: *mut kpi::if_percpuq, m: *mut kpi::mbuf) {
    let Some(frame) = Mbuf::from_raw(m) else { host_panic!("if_percpuq_enqueue: NULL") };
    enter().if_percpuq_enqueue(handle as usize, frame);
}

exports!(if_input, if_percpuq_create, if_percpuq_destroy, if_percpuq_enqueue);
