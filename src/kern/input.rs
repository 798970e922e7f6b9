// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The way of a frame from an interface to the network stack, as one whole packet or not.

use super::ifnet::Interface;
use super::kpi;
use super::mbuf::Mbuf;

impl Interface {
    /// Whether a bridge(4), lagg(4) or carp(4) has the interface, so that frames may go to others.
    /// That may change at any time.
    pub fn is_member(&self) -> bool {
        // SAFETY: it looks at fields of memory owned here.
        unsafe { kpi::tap_rs_is_member(self.ifp()) != 0 }
    }

    /// Passes a frame up: the stack counts it, shows it to bpf(4) and calls `ether_input`. A call
    /// in flight only, in a soft interrupt.
    pub fn input(&self, frame: Mbuf) {
        // SAFETY: attached, as the caller is in flight.
        let index = unsafe { (*self.ifp()).if_index };
        // SAFETY: as above; the frame is given away.
        unsafe { kpi::if_input(self.ifp(), frame.into_received(index)) }
    }

    /// Whether a frame that is longer than the MTU can be received as it is: it is for this system,
    /// and nobody else would see it. A call in flight only, in a soft interrupt.
    pub fn is_local(&self, frame: &Mbuf) -> bool {
        // SAFETY: attached, as the caller is in flight; the frame is only looked at.
        unsafe { kpi::tap_rs_is_local(self.ifp(), frame.as_ptr()) != 0 }
    }

    /// Passes up a frame for which [`is_local`](Self::is_local) holds.
    pub fn input_local(&self, frame: Mbuf) {
        // SAFETY: attached, as the caller is in flight.
        let index = unsafe { (*self.ifp()).if_index };
        // SAFETY: as above; the frame is given away.
        unsafe { kpi::tap_rs_input_local(self.ifp(), frame.into_received(index)) }
    }
}
