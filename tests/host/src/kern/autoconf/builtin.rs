// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! tap(4) as a kernel has it built in, as far as another driver can see it: a cfdriver, a place in
//! the device switch, and while it is active an attachment. `modunload if_tap` of such a kernel
//! takes the attachment away and leaves the rest.

use std::ffi::c_int;

use tap_conformance::errno::{Errno, Result};

use crate::kpi;
use crate::world::World;

/// A table of a driver of the kernel's own, which lives for ever.
fn table<T>(fill: impl FnOnce(&mut T)) -> *mut T {
    // SAFETY: used for tables of C, for which all zeros is a value.
    let mut table: Box<T> = Box::new(unsafe { std::mem::zeroed() });
    fill(&mut table);
    Box::into_raw(table)
}

impl World {
    /// The kernel has tap(4) built in, and it is active: another driver must not be.
    pub fn build_in_tap(&mut self) -> Result<()> {
        let cfdriver = table(|driver: &mut kpi::cfdriver| driver.cd_name = c"tap".as_ptr());
        let cfattach = table(|attachment: &mut kpi::cfattach| {
            attachment.ca_name = c"tap".as_ptr();
            attachment.ca_flags = kpi::DVF_PRIV_ALLOC as c_int;
        });
        self.config_cfdriver_attach(cfdriver)?;
        self.config_cfattach_attach("tap", cfattach)?;
        self.devsw_attach_built_in("tap")?;
        self.autoconf.built_in = Some((cfdriver as usize, cfattach as usize));
        Ok(())
    }

    /// `modload if_tap`, as far as a kernel without tap(4) lets it: its first step is a cfdriver.
    /// It is unloaded at once if that succeeds. EEXIST; ENOEXEC of what is loaded already, whose
    /// symbols are global.
    pub fn try_stock_module(&mut self) -> Result<()> {
        if self.modules.has("if_tap") {
            return Err(Errno::ENOEXEC);
        }
        let cfdriver = table(|driver: &mut kpi::cfdriver| driver.cd_name = c"tap".as_ptr());
        self.config_cfdriver_attach(cfdriver)?;
        self.config_cfdriver_detach(cfdriver)
    }

    /// `modunload if_tap` of such a kernel. ENOENT of another.
    pub fn disable_built_in_tap(&mut self) -> Result<()> {
        let Some((_, cfattach)) = self.autoconf.built_in else { return Err(Errno::ENOENT) };
        self.config_cfattach_detach("tap", cfattach as *mut kpi::cfattach)
    }
}
