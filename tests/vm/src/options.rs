// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The command line.

use std::path::PathBuf;

use anyhow::{ensure, Result};
use clap::Parser;
use tap_report::module::Version;

use crate::arch::Arch;

/// Runs the conformance cases, or measurements, in a NetBSD kernel under qemu.
#[derive(Parser)]
pub struct Options {
    /// The kernel file, gzipped or not.
    #[arg(long)]
    pub kernel: PathBuf,
    /// What the kernel is built for.
    #[arg(long, value_enum, default_value = "amd64")]
    pub arch: Arch,
    /// The driver's module; without it, the one built for the kernel's version.
    #[arg(long)]
    pub kmod: Option<PathBuf>,
    /// NetBSD's own driver, as it is built into the kernel, instead of a module.
    #[arg(long, conflicts_with_all = ["kmod", "bench"])]
    pub built_in: bool,
    /// Load it even if it is built for another version.
    #[arg(long, requires = "kmod")]
    pub force: bool,
    /// NetBSD's own driver as a module, for the cases about its being loaded beside another.
    #[arg(long)]
    pub beside: Option<PathBuf>,
    /// Only print the release for which a module has to be built first, if any.
    #[arg(long)]
    pub to_build: bool,
    /// Count instructions instead of running cases.
    #[arg(long)]
    pub bench: bool,
    /// A driver to measure beside, such as NetBSD's own.
    #[arg(long, requires = "bench")]
    pub vs: Option<PathBuf>,
    /// With how many interfaces to measure.
    #[arg(long, default_value = "1,64", requires = "bench")]
    pub taps: String,
    /// Cases or measurements, by name or its beginning, separated by commas.
    #[arg(long, default_value = "")]
    pub cases: String,
    /// Also run what NetBSD's own driver is known not to survive.
    #[arg(long)]
    pub dangerous: bool,
    /// Processors; for measurements always one.
    #[arg(long, default_value_t = 2)]
    pub cpus: u32,
    /// Use KVM instead of software emulation.
    #[arg(long, conflicts_with = "bench")]
    pub kvm: bool,
    /// Seconds of silence after which a machine is taken for hung.
    #[arg(long, default_value_t = 180)]
    pub timeout: u64,
    /// How often to boot again behind a case that ended the machine.
    #[arg(long, default_value_t = 40)]
    pub restarts: u32,
    /// Where the reports go; a folder for module and kernel in build/vm, or build/vm-bench, otherwise.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The emulator; that of Debian's for the architecture otherwise.
    #[arg(long)]
    qemu: Option<String>,
}

impl Options {
    /// The emulator.
    pub fn qemu(&self) -> &str {
        self.qemu.as_deref().unwrap_or(self.arch.emulator())
    }

    /// Refuses what a kernel of this architecture cannot be asked.
    pub fn check(&self, kernel: Arch) -> Result<()> {
        let arch = self.arch;
        ensure!(arch == kernel, "the kernel is built for {kernel}, not {arch}: ARCH={kernel}");
        ensure!(
            arch == Arch::Amd64 || !self.bench,
            "measurements are for amd64: no counter of {arch} counts each instruction"
        );
        ensure!(arch == Arch::Amd64 || !self.kvm, "KVM=1 is for amd64; {arch} is emulated");
        Ok(())
    }

    /// Where the reports go: those of one driver in one kernel together.
    pub fn out(&self, module: &str, kernel: Version) -> PathBuf {
        let usual = || {
            if self.bench {
                "build/vm-bench".into()
            } else {
                format!("build/vm/{module}-{kernel}-{}", self.arch).into()
            }
        };
        self.out.clone().unwrap_or_else(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> std::result::Result<Options, clap::Error> {
        let line = format!("tap-vm --kernel k {words}");
        Options::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn reports_of_cases_and_of_measurements_lie_apart() {
        let out = |words| parse(words).unwrap().out("if_tap", Version(1_001_000_000));
        assert_eq!(out(""), PathBuf::from("build/vm/if_tap-10.1-amd64"));
        assert_eq!(out("--arch aarch64"), PathBuf::from("build/vm/if_tap-10.1-aarch64"));
        assert_eq!(out("--bench"), PathBuf::from("build/vm-bench"));
        assert_eq!(out("--bench --out o"), PathBuf::from("o"));
    }

    #[test]
    fn a_comparison_wants_a_measurement() {
        assert!(parse("--bench --vs m --taps 1").is_ok());
        for bad in ["--vs m", "--taps 1", "--bench --kvm"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_emulator_is_that_of_the_architecture() {
        assert_eq!(parse("").unwrap().qemu(), "qemu-system-x86_64");
        assert_eq!(parse("--arch aarch64").unwrap().qemu(), "qemu-system-aarch64");
        assert_eq!(parse("--arch aarch64 --qemu q").unwrap().qemu(), "q");
        assert!(parse("--arch sparc").is_err());
    }
}
