// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! From a kernel file, init's sources and a module to a console.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use tap_report::transcript::Transcript;

use crate::arch::Arch;
use crate::console;
use crate::flat;
use crate::kernel::Kernel;
use crate::loader;
use crate::machine::{Boot, Clock, End, Machine};
use crate::options::Options;

/// Builds init, a program without an operating system below it, and puts it into a folder: another
/// build while this one is in use must not change it.
pub fn build_init(arch: Arch, to: &Path) -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = package.join("init/build");
    let output = Command::new(&script).arg(arch.name()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| script.display().to_string())?;
    ensure!(output.status.success(), "the init program does not build");
    let built = String::from_utf8_lossy(&output.stdout);
    let init = to.join("tap-init");
    let built = package.join("../..").join(built.trim_end());
    fs::copy(built, &init).context("the init program")?;
    Ok(init)
}

/// How long a kernel may take to its banner, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Boots the kernel with an image; returns the console and how the machine ended.
pub fn boot(
    options: &Options,
    kernel: &mut Kernel,
    scratch: &Path,
    image: &Path,
) -> Result<(String, End)> {
    let (disk, root) = if kernel.ramdisk.is_some() {
        kernel.embed_root(&fs::read(image)?)?;
        (None, "md0a")
    } else {
        (Some((kernel.disk, image)), kernel.disk.root())
    };
    let file = scratch.join("netbsd");
    let machine = Machine {
        arch: kernel.arch,
        qemu: options.qemu(),
        cpus: if options.bench { 1 } else { options.cpus },
        clock: match (options.bench, options.kvm) {
            (true, _) => Clock::Instructions,
            (_, true) => Clock::Kvm,
            _ => Clock::Host,
        },
        patience: Duration::from_secs(options.timeout),
        start: START,
        console: &scratch.join("console"),
    };
    if kernel.arch == Arch::Aarch64 {
        fs::write(&file, flat::image(&kernel.bytes)?)?;
        return machine.run(&Boot::Direct(file), disk, root);
    }
    if kernel.boots_directly() {
        match kernel.symbols.put_into(&kernel.bytes, scratch) {
            Ok(bytes) => {
                fs::write(&file, bytes)?;
                let (console, end) = machine.run(&Boot::Direct(file.clone()), disk, root)?;
                // A kernel may have the note and yet want a hypervisor there.
                if console.contains("NetBSD") {
                    return Ok((console, end));
                }
                println!("vm: the kernel does not start by its PVH entry; trying a boot loader");
            }
            Err(why) => println!("vm: {why:#}; trying a boot loader"),
        }
    }
    // The boot loader passes the symbols itself.
    fs::write(&file, &kernel.bytes)?;
    let cd = loader::make_cd(scratch, &file, root)?;
    machine.run(&Boot::Cd(cd), disk, root)
}

/// Says on standard output why a run was no good.
pub fn explain(options: &Options, console: &str, end: End, transcript: &Transcript) {
    println!("--- the console's last lines ---\n{}\n---", console::tail(console, 40));
    if console.contains("cannot mount root") {
        println!("vm: the root file system is ext2fs(5): does the kernel have file-system EXT2FS?");
    }
    if options.arch == Arch::Aarch64 && console.contains("root device: ") {
        println!(
            "vm: the root is a memory disk: does the kernel have options MEMORY_DISK_DYNAMIC?"
        );
    }
    match (end, &transcript.fatal) {
        (_, Some(fatal)) => println!("vm: {fatal}"),
        _ if transcript.planned == Some(0) => println!("vm: no case is called {}", options.cases),
        (End::TimedOut, None) => println!("vm: silent for {} s", options.timeout),
        (End::Off | End::Stopped, None) if !transcript.done => {
            println!("vm: the machine stopped before the suite was done");
        }
        _ => {}
    }
}
