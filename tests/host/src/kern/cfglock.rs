// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The lock of configuration changes, as sys/kern/kern_cfglock.c has it: held while a module is
//! loaded or unloaded, and by its holder as often as it likes.

use crate::host_panic;
use crate::sched::{me, Tid};
use crate::world::World;

/// The lock's state.
#[derive(Default)]
pub struct Config {
    /// Who holds it, and how often.
    holder: Option<(Tid, u32)>,
}

/// The address that stands for its mutex.
static MUTEX: u8 = 0;

fn mutex() -> usize {
    &raw const MUTEX as usize
}

impl World {
    /// kernconfig_lock().
    pub fn kernconfig_lock(&mut self) {
        if let Some((holder, times)) = &mut self.config.holder {
            if *holder == me() {
                *times += 1;
                return;
            }
        }
        self.mutex_boot(mutex());
        self.mutex_enter(mutex());
        self.config.holder = Some((me(), 1));
    }

    /// kernconfig_unlock().
    pub fn kernconfig_unlock(&mut self) {
        match &mut self.config.holder {
            Some((holder, times)) if *holder == me() => {
                *times -= 1;
                if *times == 0 {
                    self.config.holder = None;
                    self.mutex_exit(mutex());
                }
            }
            _ => host_panic!("kernconfig_unlock by a thread that does not hold it"),
        }
    }
}
