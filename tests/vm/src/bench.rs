// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make vm-bench`: instructions that calls take, of one driver or of two in the same kernel.

use std::fs;
use std::path::Path;

use anyhow::{ensure, Context, Result};
use if_tap_rs_check::size;
use tap_report::transcript::{Transcript, Verdict};

use crate::boot;
use crate::comparison::{Comparison, Driver};
use crate::console;
use crate::counts::Counts;
use crate::image::{self, Settings};
use crate::kernel::Kernel;
use crate::module::Module;
use crate::options::Options;

/// Measures; whether everything that was to be measured was.
pub fn run(options: &Options, kernel: &mut Kernel, module: &Module, out: &Path) -> Result<bool> {
    check_taps(&options.taps)?;
    let vs = options.vs.as_deref();
    let vs = vs
        .map(|path| Module::named(path, kernel.arch, kernel.version, options.force))
        .transpose()?;
    let held = tempfile::tempdir()?;
    let init = boot::build_init(kernel.arch, held.path())?;
    let mut good = true;
    let mut measure = |module: &Module, log: &str| -> Result<Driver> {
        let settings = Settings::of(module, options)?;
        println!("{}", module.choice(kernel));
        let scratch = tempfile::tempdir()?;
        let (file, room) = (module.path.as_deref(), kernel.ramdisk.map(|room| room.len));
        let image = image::make(scratch.path(), kernel.arch, &init, file, &settings, room)?;
        let (console, end) = boot::boot(options, kernel, scratch.path(), &image)?;
        fs::write(out.join(log), &console)?;
        let transcript = console::parse(&console);
        if !transcript.is_good() {
            good = false;
            boot::explain(options, &console, end, &transcript);
        }
        for line in complaints(&transcript) {
            println!("vm: {line}");
        }
        // Measurements are of modules alone.
        let file = module.path.as_deref().context("the driver has no file")?;
        let data = fs::read(file)?;
        let loaded = size::loaded(&if_tap_rs_check::Module::parse(&*data)?);
        Ok(Driver { name: settings.module, loaded, counts: Counts::parse(&console)? })
    };
    let driver = measure(module, "console.log")?;
    let vs = vs.as_ref().map(|vs| measure(vs, "console-vs.log")).transpose()?;
    let comparison = Comparison { kernel: kernel.version.to_string(), driver, vs };
    let table = comparison.markdown();
    fs::write(out.join("report.md"), &table)?;
    fs::write(out.join("report.json"), comparison.json()?)?;
    println!("{table}");
    println!("reports: {}", out.display());
    Ok(good)
}

/// What was not measured, and why.
fn complaints(transcript: &Transcript) -> Vec<String> {
    let missing = transcript.outcomes.iter().filter(|o| o.verdict != Verdict::Passed);
    missing.map(|o| format!("{} was not measured: {}", o.name, o.note)).collect()
}

/// Numbers of interfaces; a workload that does not grow with them is measured with 1 alone.
fn check_taps(taps: &str) -> Result<()> {
    for text in taps.split(',') {
        let number: u32 = text.parse().with_context(|| format!("--taps {taps}: {text:?}"))?;
        ensure!((1..=MOST_TAPS).contains(&number), "--taps {taps}: {number} is out of range");
    }
    Ok(())
}

/// NetBSD's own driver makes a kernel panic at some 800 interfaces.
const MOST_TAPS: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_interfaces_are_checked_before_a_machine_starts() {
        assert!(check_taps("1,64").is_ok());
        assert!(check_taps("64").is_ok());
        for bad in ["", "1,", "0", "1,x", "4097", "-1"] {
            let said = check_taps(bad).unwrap_err();
            assert!(format!("{said:#}").contains(&format!("--taps {bad}")), "{bad}");
        }
    }

    #[test]
    fn what_was_not_measured_is_told() {
        let transcript = console::parse(
            "@@ 1..3\n@@ ok 1 - a/1\n@@ ok 2 - b/1 # SKIP needs Inet\n\
             @@ not ok 3 - c/64 # read: EAGAIN (35)\n@@ # done\n",
        );
        assert!(!transcript.is_good());
        assert_eq!(
            complaints(&transcript),
            ["b/1 was not measured: needs Inet", "c/64 was not measured: read: EAGAIN (35)"]
        );
    }
}
