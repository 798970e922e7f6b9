// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which driver a module is, and what the host forgives NetBSD's own.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tap_conformance::Module;
use tap_report::module::Version;

use crate::world::World;

/// A driver's module.
#[derive(Clone, Copy)]
pub struct Driver<'a> {
    /// Its file, and its name.
    pub module: Module<'a>,
    /// It is NetBSD's own: its known faults are expected.
    pub stock: bool,
}

/// A module's file.
pub fn file(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

impl<'a> Driver<'a> {
    /// By the module's file: a module's name is that of its file, as modload(8) has it.
    pub fn of(path: &'a CStr) -> Self {
        let stock = file(path).file_stem() == Some("if_tap".as_ref());
        let name = if stock { c"if_tap" } else { c"if_tap_rs" };
        Driver { module: Module { path, name }, stock }
    }

    /// Whether it can only be loaded by force: one of -current's fits a kernel of its very version
    /// alone.
    pub fn wants_force(&self) -> bool {
        Version::of(file(self.module.path)).is_ok_and(Version::is_current)
    }
}

impl World {
    /// Forgives what a kernel does not notice either: a spin mutex held where the kernel lock is
    /// taken, or where bpf(4) looks at a frame. Nobody but NetBSD's own driver is forgiven that.
    pub fn forgive_spin_mutexes(&mut self) {
        self.locks.allow_spin = true;
        self.bpf.allow_spin = true;
    }
}
