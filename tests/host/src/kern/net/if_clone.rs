// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces created and destroyed by name, as sys/net/if.c does it under if_clone_mtx. No
//! module is loaded for a name that no cloner has.

use std::ffi::{c_char, c_int, CStr};

use crate::kern::field::{peek, poke};
use crate::kern::net::if_attach::if_nullioctl;
use crate::kern::net::ifnet::if_clone_mtx;
use crate::kern::net::pseudo::Pseudo;
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const EINVAL: c_int = kpi::EINVAL as c_int;
const MOST: usize = kpi::IFNAMSIZ as usize;

/// Splits a name into the cloner's and the unit, as if_clone_lookup does.
pub(super) fn split(name: &str) -> Option<(&str, c_int)> {
    let is_unit = |at: &usize| name.bytes().skip(*at).all(|c| c.is_ascii_digit());
    let at = (0..name.len()).find(is_unit)?;
    if at == 0 || at >= MOST {
        return None;
    }
    let mut unit: c_int = 0;
    for digit in name[at..].bytes() {
        if unit >= c_int::MAX / 10 {
            return None;
        }
        unit = unit * 10 + c_int::from(digit - b'0');
    }
    Some((&name[..at], unit))
}

/// A cloner's ifc_name.
fn cloner_name(cloner: usize) -> String {
    let name: *const c_char = peek!(cloner as *mut kpi::if_clone, ifc_name);
    // SAFETY: a string of the module, which stays until it detaches the cloner.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// What makes interfaces of one kind.
#[derive(Clone, Copy)]
enum Cloner {
    Module(*mut kpi::if_clone),
    Native(Pseudo),
}

impl World {
    fn cloner(&mut self, name: &str) -> Option<(Cloner, c_int)> {
        let (kind, unit) = split(name)?;
        let of_module = self.net.cloners.iter().find(|cloner| cloner_name(**cloner) == kind);
        let cloner = of_module.map(|cloner| Cloner::Module(*cloner as *mut _));
        let cloner = cloner.or_else(|| Pseudo::of_name(kind).map(Cloner::Native))?;
        Some((cloner, unit))
    }

    /// if_clone_create, under if_clone_mtx.
    pub(super) fn if_clone_create(&mut self, name: &str) -> c_int {
        let Some((cloner, unit)) = self.cloner(name) else { return EINVAL };
        if let Some(ifp) = self.if_get(name) {
            self.if_put(ifp);
            return kpi::EEXIST as c_int;
        }
        match cloner {
            Cloner::Module(ifc) => {
                let Some(create) = peek!(ifc, ifc_create) else { host_panic!("no ifc_create") };
                // SAFETY: the cloner's own function; if_clone_mtx keeps the module from leaving.
                self.outside(|| unsafe { create(ifc, unit) })
            }
            Cloner::Native(kind) => self.pseudo_create(kind, name),
        }
    }

    /// if_clone_destroy, under if_clone_mtx.
    pub(super) fn if_clone_destroy(&mut self, name: &str) -> c_int {
        let Some((cloner, _)) = self.cloner(name) else { return EINVAL };
        let Some(ifp) = self.if_get(name) else { return kpi::ENXIO as c_int };
        self.ifnet_lock(ifp);
        let ioctl = peek!(ifp.raw(), if_ioctl);
        poke!(ifp.raw(), if_ioctl = Some(if_nullioctl));
        self.ifnet_unlock(ifp);
        self.if_put(ifp);
        let error = match cloner {
            Cloner::Module(ifc) => match peek!(ifc, ifc_destroy) {
                // SAFETY: the cloner's own function, with an interface that only it can end.
                Some(destroy) => self.outside(|| unsafe { destroy(ifp.raw()) }),
                None => kpi::EOPNOTSUPP as c_int,
            },
            Cloner::Native(kind) => self.pseudo_destroy(kind, ifp),
        };
        if error != 0 {
            self.ifnet_lock(ifp);
            poke!(ifp.raw(), if_ioctl = ioctl);
            self.ifnet_unlock(ifp);
        }
        error
    }

    /// SIOCIFCREATE and SIOCIFDESTROY, under the kernel lock and if_clone_mtx.
    pub(super) fn if_clone_command(&mut self, name: &str, create: bool) -> c_int {
        self.net_boot();
        self.kernel_lock(1);
        self.mutex_enter(if_clone_mtx());
        let error = if create { self.if_clone_create(name) } else { self.if_clone_destroy(name) };
        self.mutex_exit(if_clone_mtx());
        self.kernel_unlock(1);
        error
    }
}

/// if_clone_attach and if_clone_detach: `f` changes the list of cloners.
fn with_cloners(f: impl FnOnce(&mut Vec<usize>)) {
    let mut world = enter();
    world.net_boot();
    world.mutex_enter(if_clone_mtx());
    f(&mut world.net.cloners);
    world.mutex_exit(if_clone_mtx());
}

unsafe extern "C" fn if_clone_attach(ifc: *mut kpi::if_clone) {
    with_cloners(|cloners| {
        let known = cloners.contains(&(ifc as usize));
        kassert!(!known, "if_clone_attach: {ifc:?} is attached already");
        cloners.insert(0, ifc as usize);
    });
}

unsafe extern "C" fn if_clone_detach(ifc: *mut kpi::if_clone) {
    with_cloners(|cloners| {
        let before = cloners.len();
        cloners.retain(|other| *other != ifc as usize);
        kassert!(cloners.len() < before, "if_clone_detach: {ifc:?} is not attached");
    });
}

exports!(if_clone_attach, if_clone_detach);

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn names_have_a_kind_and_a_unit() {
        assert_eq!(split("tap0"), Some(("tap", 0)));
        assert_eq!(split("tap1048574"), Some(("tap", 1_048_574)));
        assert_eq!(split("tap16777216"), Some(("tap", 16_777_216)));
        assert_eq!(split("wlan0tap12"), Some(("wlan0tap", 12)));
    }

    #[test]
    fn what_is_no_such_name() {
        for name in ["", "tap", "0", "12", "tap2147483647", "tap99999999999"] {
            assert_eq!(split(name), None, "{name}");
        }
    }
}
