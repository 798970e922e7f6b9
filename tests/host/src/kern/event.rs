// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kqueue(2), as sys/kern/kern_event.c has it.

use crate::kassert;
use crate::world::World;

impl World {
    /// Detaches every knote of a descriptor that is being closed.
    pub(crate) fn knote_fdclose(&mut self, fd: i32) {
        kassert!(self.slot(fd).knotes.is_empty(), "knotes are not there yet");
    }
}
