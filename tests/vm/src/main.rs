// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make vm`: the conformance cases in a real NetBSD kernel, under qemu; `make vm-bench`: what calls
//! cost there.
//!
//! Given a kernel file and nothing else of NetBSD, it builds init, puts it and the module into a
//! file system image, boots the kernel with it, and reads the results from the serial console.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

mod arch;
mod banner;
mod bench;
mod boot;
mod comparison;
mod console;
mod counts;
mod flat;
mod image;
mod kernel;
#[cfg(test)]
#[allow(dead_code)] // Other tests use the rest of it.
#[path = "../tests/files/mod.rs"]
mod least;
mod loader;
mod machine;
mod module;
mod options;
mod symbols;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use image::Settings;
use kernel::Kernel;
use module::Module;
use options::Options;
use tap_report::files;
use tap_report::transcript::Transcript;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("vm: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool> {
    let mut kernel = Kernel::read(&options.kernel)?;
    let (build, arch) = (Path::new("build"), kernel.arch);
    options.check(arch)?;
    if options.to_build {
        println!("{}", module::to_build(build, arch, kernel.version).unwrap_or(""));
        return Ok(true);
    }
    let module = match &options.kmod {
        Some(path) => Module::named(path, arch, kernel.version, options.force)?,
        None if options.built_in => Module::built_in(&kernel)?,
        None => Module::built(build, arch, kernel.version)?,
    };
    let mut settings = Settings::of(&module, options)?;
    let out = options.out(&settings.module, kernel.version);
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    if options.bench {
        return bench::run(options, &mut kernel, &module, &out);
    }
    println!("{}", module.choice(&kernel));
    let held = tempfile::tempdir()?;
    let init = boot::build_init(arch, held.path())?;
    let name = &settings.module;
    let title = format!("{name} in NetBSD/{arch} {}", kernel.version);
    let mut transcript = Transcript::default();
    let mut consoles = String::new();
    for _ in 0..=options.restarts {
        let scratch = tempfile::tempdir()?;
        let (file, room) = (module.path.as_deref(), kernel.ramdisk.map(|room| room.len));
        let image = image::make(scratch.path(), arch, &init, file, &settings, room)?;
        let (console, end) = boot::boot(options, &mut kernel, scratch.path(), &image)?;
        consoles.push_str(&console);
        let part = console::parse(&console);
        transcript.planned = part.planned.or(transcript.planned);
        transcript.append(part);
        if !transcript.conclude() {
            if !transcript.is_good() {
                boot::explain(options, &console, end, &transcript);
            }
            break;
        }
        println!("--- the console's last lines ---\n{}\n---", console::tail(&console, 30));
        if transcript.planned == Some(transcript.outcomes.len()) {
            // It was the last case that ended the machine.
            transcript.done = true;
            break;
        }
        settings.from = transcript.outcomes.len() + 1;
    }
    fs::write(out.join("console.log"), consoles)?;
    finish(&out, &transcript, &title)
}

fn finish(out: &Path, transcript: &Transcript, title: &str) -> Result<bool> {
    println!("{}", files::write(out, transcript, title)?);
    println!("reports: {}", out.display());
    Ok(transcript.is_good())
}
