// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A module's description of itself, its `modinfo_t`, found through the link set "modules" as
//! module_fetch_info() of sys/kern/kern_module.c does.

use std::mem::offset_of;

use super::image::Staged;
use super::{Loaded, Refusal};
use crate::kpi;

/// The section with the one pointer.
const LINK_SET: &str = "link_set_modules";

/// What MODULE() declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Info {
    /// mi_version: `__NetBSD_Version__` of the headers that it was built with.
    pub version: u32,
    /// mi_class.
    pub class: u32,
    /// mi_name.
    pub name: String,
    /// The names in mi_required.
    pub required: Vec<String>,
    /// Where the `modinfo_t` is.
    pub address: u64,
}

impl Info {
    /// Reads it from an image with only its local relocations applied. What such relocations do
    /// not reach is a NULL pointer that a kernel would follow; it is refused here.
    pub fn read(image: &Staged) -> Loaded<Info> {
        let Some(set) = image.section(LINK_SET) else {
            return Err(Refusal {
                errno: tap_conformance::Errno::ENOENT,
                message: format!("`{LINK_SET}' section not present"),
            });
        };
        if set.len != size_of::<u64>() {
            return Err(Refusal::new(format!("`{LINK_SET}' section wrong size ({})", set.len)));
        }
        let word = |address| image.read::<8>(address).map(u64::from_le_bytes);
        let half = |address| image.read::<4>(address).map(u32::from_le_bytes);
        let reached = |what: &'static str| {
            move || Refusal::new(format!("{what} is not reached through a local symbol"))
        };
        let set = image.address_of(set.start);
        let address = word(set).ok_or_else(reached("modinfo"))?;
        let field = |offset: usize| address + offset as u64;
        let version = half(field(offset_of!(kpi::modinfo, mi_version)));
        let class = half(field(offset_of!(kpi::modinfo, mi_class)));
        let (Some(version), Some(class)) = (version, class) else {
            return Err(reached("modinfo")());
        };
        let name = word(field(offset_of!(kpi::modinfo, mi_name)));
        let name = name.and_then(|at| image.string(at)).ok_or_else(reached("mi_name"))?;
        let required = word(field(offset_of!(kpi::modinfo, mi_required)));
        let required = match required.ok_or_else(reached("modinfo"))? {
            0 => String::new(),
            at => image.string(at).ok_or_else(reached("mi_required"))?,
        };
        let required = required.split(',').filter(|name| !name.is_empty());
        Ok(Info { version, class, name, required: required.map(Into::into).collect(), address })
    }
}
