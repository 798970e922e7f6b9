// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The protocols' input queue, as sys/net/pktqueue.c has it: packets wait for a soft interrupt of
//! their own, on a CPU of its own, and an interface that goes waits for what was queued before.

use std::collections::VecDeque;

use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::sched::{chan, spawn, Chan, Sleep, KERNEL};
use crate::world::{enter, World};

const WORK: Chan = Chan { kind: "pktqueue", address: 0 };

/// Packets for the protocols.
#[derive(Default)]
pub struct Queue {
    packets: VecDeque<Mbuf>,
    /// How many were ever queued, and how many of them have been looked at.
    queued: u64,
    done: u64,
    serving: bool,
}

impl World {
    /// pktq_enqueue: false when the queue is full.
    pub(crate) fn stack_enqueue(&mut self, ifp: Ifp, packet: Mbuf) -> bool {
        if self.protocols.packets.len() >= kpi::IFQ_MAXLEN as usize {
            return false;
        }
        let index = self.interface(ifp, "pktq_enqueue").index;
        packet.set_rcvif(index);
        if !self.protocols.serving {
            self.protocols.serving = true;
            let tid = spawn(self, KERNEL, "softnet", serve);
            self.thread(tid).softint = true;
        }
        self.protocols.packets.push_back(packet);
        self.protocols.queued += 1;
        self.wake_one(WORK);
        true
    }

    /// pktq_ifdetach: waits for all packets that are queued now.
    pub(crate) fn stack_barrier(&mut self) {
        let until = self.protocols.queued;
        while self.protocols.done < until {
            self.sleep(chan("pktqueue barrier", 0), Sleep::default());
        }
    }

    /// ipintr and its like: the interface's protocols look at a packet, and answer it.
    fn stack_input(&mut self, packet: Mbuf) {
        let frame = packet.bytes();
        let Some(ifp) = self.if_get_byindex(packet.rcvif()) else {
            return self.m_freem(packet);
        };
        self.kernel_lock(1);
        let has_stack = self.interface(ifp, "ipintr").stack.is_some();
        let accepted = has_stack && self.udp_accepts(ifp, packet, &frame);
        self.m_freem(packet);
        if accepted {
            self.udp_listen(ifp);
            let mac = self.if_lladdr(ifp, "ipintr");
            let now = self.ticks();
            let stack = &mut self.interface(ifp, "ipintr").stack;
            let answers = stack.as_mut().map(|stack| stack.input(now, mac, frame));
            for answer in answers.into_iter().flatten() {
                // An answer that the driver does not take is lost, as on any link.
                self.send_frame(ifp, &answer);
            }
            self.udp_deliver(ifp);
        }
        self.kernel_unlock(1);
        self.if_put(ifp);
    }
}

/// The soft interrupt.
fn serve() {
    let mut world = enter();
    loop {
        let Some(packet) = world.protocols.packets.pop_front() else {
            world.sleep(WORK, Sleep::default());
            continue;
        };
        world.stack_input(packet);
        world.protocols.done += 1;
        world.wake_all(chan("pktqueue barrier", 0));
    }
}
