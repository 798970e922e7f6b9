// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Power handlers of devices, as sys/kern/kern_pmf.c has them, as far as counting goes: the
//! drivers have none of their own that would have to be called.

use std::collections::BTreeSet;

use crate::kpi;
use crate::world::enter;
use crate::{exports, kassert};

/// The devices with a power handler.
#[derive(Default)]
pub struct Power {
    devices: BTreeSet<usize>,
}

impl Power {
    /// How many have one.
    pub fn count(&self) -> usize {
        self.devices.len()
    }

    /// device_pmf_is_registered(9).
    pub fn knows(&self, device: usize) -> bool {
        self.devices.contains(&device)
    }

    /// What somebody forgot to deregister.
    pub fn leftovers(&self) -> Vec<String> {
        self.devices.iter().map(|device| format!("power handler of device {device:#x}")).collect()
    }
}

type Handler = Option<unsafe extern "C" fn(kpi::device_t, *const kpi::pmf_qual_t) -> bool>;
type Shutdown = Option<unsafe extern "C" fn(kpi::device_t, std::ffi::c_int) -> bool>;

unsafe extern "C" fn pmf_device_register1(
    device: kpi::device_t,
    suspend: Handler,
    resume: Handler,
    _shutdown: Shutdown,
) -> bool {
    kassert!(suspend.is_none() && resume.is_none(), "the host calls no power handlers");
    let fresh = enter().power.devices.insert(device as usize);
    kassert!(fresh, "pmf_device_register: device {device:?} is registered twice");
    true
}

unsafe extern "C" fn pmf_device_deregister(device: kpi::device_t) {
    let had = enter().power.devices.remove(&(device as usize));
    kassert!(had, "pmf_device_deregister: device {device:?} is not registered");
}

exports!(pmf_device_register1, pmf_device_deregister);
