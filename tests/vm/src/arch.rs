// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The architectures, and the machine that qemu emulates for each.

use std::fmt;

use clap::ValueEnum;
use object::Architecture;

/// As NetBSD calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    /// A PC.
    Amd64,
    /// qemu's "virt" board, as evbarm's GENERIC64 runs on it.
    Aarch64,
}

impl Arch {
    /// That of an ELF file.
    pub fn of(machine: Architecture) -> Option<Self> {
        match machine {
            Architecture::X86_64 => Some(Self::Amd64),
            Architecture::Aarch64 => Some(Self::Aarch64),
            _ => None,
        }
    }

    /// NetBSD's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The emulator's command.
    pub fn emulator(self) -> &'static str {
        match self {
            Self::Amd64 => "qemu-system-x86_64",
            Self::Aarch64 => "qemu-system-aarch64",
        }
    }

    /// Debian's package of the emulator.
    pub fn package(self) -> &'static str {
        match self {
            Self::Amd64 => "qemu-system-x86",
            Self::Aarch64 => "qemu-system-arm",
        }
    }

    /// What the emulator is told of the machine, where its own choice would not do.
    pub fn board(self) -> &'static [&'static str] {
        match self {
            Self::Amd64 => &[],
            Self::Aarch64 => &["-M", "virt,gic-version=3", "-cpu", "cortex-a72"],
        }
    }

    /// What a kernel that the emulator enters is told.
    pub fn boot_line(self, root: &str) -> String {
        match self {
            Self::Amd64 => format!("console=com root={root} bootdev={root}"),
            // The device tree names the console.
            Self::Aarch64 => format!("root={root}"),
        }
    }

    /// The console's major number.
    pub fn console_major(self) -> u32 {
        match self {
            Self::Amd64 => 0,
            Self::Aarch64 => 2,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
