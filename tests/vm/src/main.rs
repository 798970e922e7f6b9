// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make vm`: the conformance cases in a real NetBSD kernel, under qemu.
//!
//! Given a kernel file and nothing else of NetBSD, it builds init, puts it and the module into a
//! file system image, boots the kernel with it, and reads the results from the serial console.

mod console;
mod image;
mod kernel;
mod machine;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use clap::Parser;
use console::Transcript;
use image::Settings;
use kernel::Kernel;
use machine::{Boot, End, Machine};

/// Runs the conformance cases in a NetBSD/amd64 kernel under qemu.
#[derive(Parser)]
struct Options {
    /// The kernel file, gzipped or not.
    #[arg(long)]
    kernel: PathBuf,
    /// The driver's module; without it, the one built for the kernel's version.
    #[arg(long)]
    kmod: Option<PathBuf>,
    /// Cases to run, by name or its beginning, separated by commas.
    #[arg(long, default_value = "")]
    cases: String,
    /// Also run what NetBSD's own driver is known not to survive.
    #[arg(long)]
    dangerous: bool,
    /// Processors.
    #[arg(long, default_value_t = 2)]
    cpus: u32,
    /// Use KVM instead of software emulation.
    #[arg(long)]
    kvm: bool,
    /// Seconds of silence after which a machine is taken for hung.
    #[arg(long, default_value_t = 180)]
    timeout: u64,
    /// How often to boot again behind a case that ended the machine.
    #[arg(long, default_value_t = 40)]
    restarts: u32,
    /// Where the reports go.
    #[arg(long, default_value = "build/vm")]
    out: PathBuf,
    /// The emulator.
    #[arg(long, default_value = "qemu-system-x86_64")]
    qemu: String,
}

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
    let module = match &options.kmod {
        Some(path) => path.clone(),
        None => kernel::module_for(Path::new("build"), &kernel.version)?,
    };
    let name = module.file_stem().and_then(|stem| stem.to_str()).context("the module's name")?;
    let mut settings = Settings {
        module: name.to_owned(),
        stock: name == "if_tap",
        only: options.cases.clone(),
        dangerous: options.dangerous,
        from: 1,
    };
    println!("vm: NetBSD {} with {}", kernel.version, module.display());
    fs::create_dir_all(&options.out)?;
    let init = build_init(&options.out)?;
    let title = format!("{name} in NetBSD {}", kernel.version);
    let mut transcript = Transcript::default();
    let mut consoles = String::new();
    for _ in 0..=options.restarts {
        let scratch = tempfile::tempdir()?;
        let image = image::make(scratch.path(), &init, &module, &settings)?;
        let (console, end) = boot(options, &mut kernel, scratch.path(), &image)?;
        consoles.push_str(&console);
        let part = Transcript::parse(&console);
        transcript.planned = part.planned.or(transcript.planned);
        transcript.append(part);
        if !transcript.conclude() {
            if !transcript.is_good() {
                explain(options, &console, end, &transcript);
            }
            break;
        }
        println!("--- the console's last lines ---\n{}\n---", console::tail(&console, 30));
        settings.from = transcript.outcomes.len() + 1;
    }
    fs::write(options.out.join("console.log"), consoles)?;
    finish(options, &transcript, &title)
}

/// Builds init, a program without an operating system below it.
fn build_init(out: &Path) -> Result<PathBuf> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("init");
    let target = std::path::absolute(out.join("init"))?;
    let flags = [
        "-Crelocation-model=static",
        "-Clink-arg=-nostartfiles",
        "-Clink-arg=-nostdlib",
        "-Clink-arg=-static",
        "-Clink-arg=-no-pie",
        "-Clink-arg=-Wl,--build-id=none",
        "-Clink-arg=-Wl,-z,noseparate-code",
    ];
    let status = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["build", "--quiet", "--release", "--target", TARGET, "--manifest-path"])
        .arg(source.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", flags.join(" "))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .context("cargo")?;
    ensure!(status.success(), "the init program does not build");
    Ok(target.join(TARGET).join("release/tap-init"))
}

fn boot(
    options: &Options,
    kernel: &mut Kernel,
    scratch: &Path,
    image: &Path,
) -> Result<(String, End)> {
    let (disk, root) = if kernel.ramdisk.is_some() {
        kernel.embed_root(&fs::read(image)?)?;
        (None, "md0a")
    } else {
        (Some(image), "wd0a")
    };
    let file = scratch.join("netbsd");
    let machine = Machine {
        qemu: &options.qemu,
        cpus: options.cpus,
        kvm: options.kvm,
        patience: Duration::from_secs(options.timeout),
        console: &scratch.join("console"),
    };
    if kernel.pvh {
        fs::write(&file, kernel.with_symbols(scratch)?)?;
        let (console, end) = machine.run(&Boot::Direct(file.clone()), disk, root)?;
        // A kernel may have the note and yet want a hypervisor there; a boot loader is the way then.
        if console.contains("NetBSD") || end == End::TimedOut {
            return Ok((console, end));
        }
        println!("vm: the kernel does not start by its PVH entry; trying a boot loader");
    }
    // The boot loader passes the symbols itself.
    fs::write(&file, &kernel.bytes)?;
    let cd = machine::make_cd(scratch, &file, root)?;
    machine.run(&Boot::Cd(cd), disk, root)
}

fn explain(options: &Options, console: &str, end: End, transcript: &Transcript) {
    println!("--- the console's last lines ---\n{}\n---", console::tail(console, 40));
    match (end, &transcript.fatal) {
        (_, Some(fatal)) => println!("vm: {fatal}"),
        (End::TimedOut, None) => println!("vm: silent for {} s", options.timeout),
        (End::Off | End::Stopped, None) if !transcript.done => {
            println!("vm: the machine stopped before the suite was done");
        }
        _ => {}
    }
}

fn finish(options: &Options, transcript: &Transcript, title: &str) -> Result<bool> {
    let table = report::markdown(transcript, title);
    fs::write(options.out.join("report.md"), &table)?;
    fs::write(options.out.join("report.tap"), report::tap(transcript))?;
    fs::write(options.out.join("report.xml"), report::junit(transcript, title))?;
    println!("{table}");
    println!("reports: {}", options.out.display());
    Ok(transcript.is_good())
}
