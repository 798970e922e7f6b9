// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The conformance cases, or the measurements, as the first and only program of a NetBSD kernel.
//!
//! It enters the kernel with raw system calls, reports over the console in lines that begin with
//! "@@ ", and turns the machine off. Nothing of an installed system is needed.
#![no_std]
#![no_main]

mod arch;
#[cfg(target_arch = "x86_64")]
mod bench;
mod drvctl;
mod kernel;
mod kevent;
#[cfg(target_arch = "x86_64")]
mod mem;
mod modctl;
mod raw;
mod rights;
mod setup;
mod signal;
mod thread;

use core::ffi::CStr;

use kernel::KERNEL;
use raw::{call, nr};
use setup::Settings;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::text::Text;
use tap_conformance::{Config, Module};

/// What tells the kernel that this is a NetBSD program (elf(5)): name and description lengths,
/// type 1, the name, and the version it was made for, 10.0.
#[used]
#[link_section = ".note.netbsd.ident"]
static NOTE: [u32; 6] =
    [7, 4, 1, u32::from_ne_bytes(*b"NetB"), u32::from_ne_bytes(*b"SD\0\0"), 1_000_000_000];

/// Called by name from the entry point.
#[no_mangle]
extern "C" fn tap_init_main() -> ! {
    if let Err(e) = work() {
        report(format_args!("Bail out! {e}"));
    }
    power_off()
}

fn report(line: core::fmt::Arguments<'_>) {
    KERNEL.line(Text::<200>::of(line).as_str());
}

fn work() -> Result<()> {
    setup::console()?;
    kernel::prepare()?;
    report(format_args!("TAP version 13"));
    setup::writable_dev()?;
    let settings = Settings::read();
    setup::probe()?;
    let stock = settings.get("stock") == "1";
    if settings.get("force") == "1" {
        modctl::load_by_force();
    }
    let path: Text<80> = if stock && KERNEL.modstat(BUILT_IN).is_ok() {
        report(format_args!("# the driver is the kernel's own if_tap"));
        // Once it was disabled, only force enables it again, by its name.
        modctl::load_by_force();
        Text::of(format_args!("if_tap"))
    } else {
        disable_built_in()?;
        Text::of(format_args!("{}", settings.get("module")))
    };
    let name: Text<32> = Text::of(format_args!("{}", settings.get("name")));
    let module = Module { path: path.as_cstr(), name: name.as_cstr() };
    match run(&settings, module, stock) {
        Ok(()) => report(format_args!("# done")),
        Err(e) => report(format_args!("Bail out! {}: {e}", path.as_str())),
    }
    Ok(())
}

fn run(settings: &Settings, module: Module<'_>, stock: bool) -> Result<()> {
    #[cfg(target_arch = "x86_64")]
    if settings.get("bench") == "1" {
        return bench::run(settings, module);
    }
    let config = Config {
        module,
        stock,
        only: settings.get("only"),
        dangerous: settings.get("dangerous") == "1",
        from: settings.get("from").parse().unwrap_or(1),
    };
    tap_conformance::run(KERNEL, &config).map(drop)
}

/// NetBSD's own driver. Where it is built in, its symbols are the kernel's, so that the same as a
/// module cannot be loaded.
const BUILT_IN: &CStr = c"if_tap";

/// A kernel with tap built in has it active; a driver under test takes its place. Loading follows
/// at once: creating an interface in between can panic the kernel.
fn disable_built_in() -> Result<()> {
    match KERNEL.modunload(BUILT_IN) {
        Ok(()) => report(format_args!("# the kernel's own if_tap was disabled")),
        Err(Errno::ENOENT) => {}
        Err(e) => {
            report(format_args!("# the kernel's own if_tap stays: {e}"));
            return Err(e);
        }
    }
    Ok(())
}

fn power_off() -> ! {
    const RB_AUTOBOOT: usize = 0;
    call(nr::SYNC, 0, 0, 0).unwrap_or(0);
    loop {
        call(nr::REBOOT, RB_AUTOBOOT, 0, 0).unwrap_or(0);
        KERNEL.sleep_ms(1000);
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    report(format_args!("Bail out! {info}"));
    power_off()
}
