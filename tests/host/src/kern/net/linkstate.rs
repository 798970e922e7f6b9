// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Changes of the link's state, as sys/net/if.c handles them: queued, and told by a thread of
//! their own.

use std::collections::VecDeque;
use std::ffi::c_int;

use crate::kern::field::{peek, poke};
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::sched::{chan, spawn, Chan, Sleep, KERNEL};
use crate::world::{enter, World};
use crate::{exports, host_panic};

/// How many changes wait at most: two bits each in if_link_queue.
const MOST: usize = 8;
const WORK: Chan = Chan { kind: "link state work", address: 0 };

/// The changes of one interface.
#[derive(Default)]
pub(super) struct LinkQueue {
    states: VecDeque<c_int>,
    /// The thread will look at it, or the interface is on its way out.
    scheduled: bool,
}

fn settled(ifp: Ifp) -> Chan {
    chan("link state", ifp.raw() as usize)
}

impl World {
    /// if_link_state_change.
    pub(super) fn if_link_state_change(&mut self, ifp: Ifp, state: c_int) {
        if !(0..=kpi::LINK_STATE_UP as c_int).contains(&state) {
            return;
        }
        let now = peek!(ifp.raw(), if_link_state);
        let link = &mut self.interface(ifp, "if_link_state_change").link;
        match link.states.back() {
            None if now == state || link.scheduled => return,
            Some(last) if *last == state => return,
            _ => {}
        }
        if link.states.len() == MOST {
            let lost = link.states.pop_front();
            if lost == Some(kpi::LINK_STATE_DOWN as c_int) {
                if let Some(first) = link.states.front_mut() {
                    *first = kpi::LINK_STATE_DOWN as c_int;
                }
            }
        }
        link.states.push_back(state);
        if !link.scheduled {
            link.scheduled = true;
            self.link_schedule(ifp);
        }
    }

    fn link_schedule(&mut self, ifp: Ifp) {
        if !self.net.link_thread {
            self.net.link_thread = true;
            spawn(self, KERNEL, "iflnkst", serve);
        }
        self.net.link_work.push_back(ifp);
        self.wake_one(WORK);
    }

    /// No more changes from now on, and none under way: the beginning of if_detach.
    pub(super) fn link_state_end(&mut self, ifp: Ifp) {
        let link = &mut self.interface(ifp, "if_detach").link;
        link.states.clear();
        link.scheduled = true;
        while self.net.link_work.contains(&ifp) || self.net.link_working == Some(ifp) {
            self.sleep(settled(ifp), Sleep::default());
        }
    }

    /// if_link_state_change_work.
    fn link_work(&mut self, ifp: Ifp) {
        self.kernel_lock(1);
        let state = self.interface(ifp, "link state work").link.states.pop_front();
        if let Some(state) = state {
            if peek!(ifp.raw(), if_link_state) != state {
                poke!(ifp.raw(), if_link_state = state);
                if state == kpi::LINK_STATE_UP as c_int {
                    self.protocols_link_up(ifp);
                } else {
                    self.protocols_link_down(ifp);
                }
            }
            let link = &mut self.interface(ifp, "link state work").link;
            if link.states.is_empty() {
                link.scheduled = false;
            } else {
                self.net.link_work.push_back(ifp);
            }
        }
        self.kernel_unlock(1);
    }
}

/// The thread of the work queue.
fn serve() {
    let mut world = enter();
    loop {
        let Some(ifp) = world.net.link_work.pop_front() else {
            world.sleep(WORK, Sleep::default());
            continue;
        };
        world.net.link_working = Some(ifp);
        world.link_work(ifp);
        world.net.link_working = None;
        world.wake_all(settled(ifp));
    }
}

unsafe extern "C" fn if_link_state_change(raw: *mut kpi::ifnet, state: c_int) {
    if raw.is_null() {
        host_panic!("if_link_state_change: NULL");
    }
    let ifp = Ifp::from_raw(raw);
    let mut world = enter();
    world.interface(ifp, "if_link_state_change");
    let lock = peek!(raw, if_snd.ifq_lock) as usize;
    world.mutex_enter(lock);
    world.if_link_state_change(ifp, state);
    world.mutex_exit(lock);
}

exports!(if_link_state_change);
