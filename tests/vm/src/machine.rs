// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The machine: qemu, watched from outside.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::kernel::Disk;

/// What the machine's time follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Software emulation, in the host's time.
    Host,
    /// KVM.
    Kvm,
    /// Software emulation in which each instruction takes one nanosecond.
    Instructions,
}

/// How to boot.
pub struct Machine<'a> {
    /// What it emulates.
    pub arch: Arch,
    /// The emulator.
    pub qemu: &'a str,
    /// Processors.
    pub cpus: u32,
    /// What its time follows.
    pub clock: Clock,
    /// After this long without a word on the console it is turned off.
    pub patience: Duration,
    /// After this long, if it is less, a kernel that qemu enters has not come to its banner.
    pub start: Duration,
    /// Where the console goes.
    pub console: &'a Path,
}

/// From what.
pub enum Boot {
    /// qemu enters the kernel itself.
    Direct(PathBuf),
    /// A CD with a boot loader.
    Cd(PathBuf),
}

/// How the machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Off,
    /// It fell silent.
    TimedOut,
    /// The kernel stopped in its debugger, or halted.
    Stopped,
}

/// A console on which nothing more is to be expected.
fn is_stopped(console: &str) -> bool {
    console.contains("}> ") && console.contains("db{")
        || console.contains("The operating system has halted")
        || console.lines().last().is_some_and(|line| line.contains("root device"))
        || console.contains("KVM internal error")
}

/// The kernel's last words before it resets the processor. Where an instruction takes a nanosecond,
/// its waits for a reset that does not come at once are long.
fn is_rebooting(console: &str) -> bool {
    console.trim_end().ends_with("rebooting...")
}

impl Machine<'_> {
    /// Boots and waits; returns the console and how it ended.
    pub fn run(
        &self,
        boot: &Boot,
        disk: Option<(Disk, &Path)>,
        root: &str,
    ) -> Result<(String, End)> {
        let console = File::create(self.console)?;
        let mut command = Command::new(self.qemu);
        command.args(self.arch.board()).args([
            "-m",
            "512",
            "-nographic",
            "-no-reboot",
            "-nic",
            "none",
        ]);
        command.arg("-smp").arg(format!("{0},sockets={0}", self.cpus));
        match self.clock {
            Clock::Host => {}
            Clock::Kvm => _ = command.args(["-accel", "kvm"]),
            Clock::Instructions => {
                _ = command.args(["-accel", "tcg", "-icount", "shift=0,sleep=off"])
            }
        }
        match boot {
            Boot::Direct(kernel) => {
                command.arg("-kernel").arg(kernel);
                command.arg("-append").arg(self.arch.boot_line(root));
            }
            Boot::Cd(image) => {
                command.arg("-cdrom").arg(image).args(["-boot", "d"]);
            }
        }
        if let Some((kind, file)) = disk {
            command.args(kind.options(&file.display().to_string()));
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(console.try_clone()?)
            .stderr(console)
            .spawn()
            .with_context(|| format!("{} (package {})", self.qemu, self.arch.package()))?;
        let start = match boot {
            Boot::Direct(_) => self.start.min(self.patience),
            Boot::Cd(_) => self.patience,
        };
        let end = self.watch(child, start)?;
        Ok((self.text()?, end))
    }

    fn text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.console)?).replace('\r', ""))
    }

    fn watch(&self, mut child: Child, start: Duration) -> Result<End> {
        let mut last_word = (0, Instant::now());
        loop {
            if child.try_wait()?.is_some() {
                return Ok(End::Off);
            }
            let text = self.text()?;
            if text.len() != last_word.0 {
                last_word = (text.len(), Instant::now());
            }
            if is_rebooting(&text) {
                child.kill()?;
                child.wait()?;
                return Ok(End::Off);
            }
            let stopped = is_stopped(&text);
            if stopped {
                // What the debugger was told to print at once may still be on its way.
                std::thread::sleep(Duration::from_secs(3));
            }
            let patience = if text.contains("NetBSD") { self.patience } else { start };
            if stopped || last_word.1.elapsed() > patience {
                child.kill()?;
                child.wait()?;
                return Ok(if stopped { End::Stopped } else { End::TimedOut });
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A program that plays the emulator.
    fn run(script: &str, patience: Duration) -> (String, End) {
        run_by(Clock::Host, script, patience)
    }

    fn run_by(clock: Clock, script: &str, patience: Duration) -> (String, End) {
        let dir = tempfile::tempdir().unwrap();
        let qemu = dir.path().join("qemu");
        std::fs::write(&qemu, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&qemu, std::fs::Permissions::from_mode(0o755)).unwrap();
        let console = dir.path().join("console");
        let machine = Machine {
            arch: Arch::Amd64,
            qemu: qemu.to_str().unwrap(),
            cpus: 2,
            clock,
            patience,
            start: Duration::from_millis(700),
            console: &console,
        };
        machine.run(&Boot::Direct("k".into()), None, "wd0a").unwrap()
    }

    #[test]
    fn a_machine_that_powers_off_ends_by_itself() {
        let (text, end) = run("echo hello \"$@\"", Duration::from_secs(60));
        assert_eq!(end, End::Off);
        assert!(text.contains("hello") && text.contains("-kernel k"));
        assert!(text.contains("root=wd0a"));
    }

    #[test]
    fn the_clock_is_chosen() {
        for (clock, wanted, unwanted) in [
            (Clock::Host, "-smp 2", "-accel"),
            (Clock::Kvm, "-accel kvm", "-icount"),
            (Clock::Instructions, "-accel tcg -icount shift=0", "kvm"),
        ] {
            let (text, _) = run_by(clock, "echo \"$@\"", Duration::from_secs(60));
            assert!(text.contains(wanted) && !text.contains(unwanted), "{clock:?}: {text}");
        }
    }

    #[test]
    fn a_machine_that_hangs_is_turned_off() {
        let (text, end) = run("echo NetBSD begun; exec sleep 600", Duration::from_millis(700));
        assert_eq!(end, End::TimedOut);
        assert!(text.contains("begun"));
    }

    #[test]
    fn a_kernel_that_never_starts_is_not_waited_for() {
        let (text, end) = run("echo SeaBIOS; exec sleep 600", Duration::from_secs(600));
        assert_eq!(end, End::TimedOut);
        assert!(text.contains("SeaBIOS"));
    }

    #[test]
    fn a_kernel_that_asks_for_its_root_is_not_waited_for() {
        let script = "echo NetBSD; echo 'boot device: <unknown>'; printf '[ 2.1] root device: '";
        let (_, end) = run(&format!("{script}; exec sleep 600"), Duration::from_secs(600));
        assert_eq!(end, End::Stopped);
    }

    #[test]
    fn a_machine_that_reboots_is_not_waited_for() {
        let script = "echo NetBSD done; echo '[ 8.4] rebooting...'; exec sleep 600";
        let (text, end) = run(script, Duration::from_secs(60));
        assert_eq!(end, End::Off);
        assert!(text.contains("done"));
    }

    #[test]
    fn a_debugger_prompt_ends_the_wait() {
        let script = "echo 'NetBSD panic: x'; echo 'db{0}> bt'; exec sleep 600";
        let (_, end) = run(script, Duration::from_secs(60));
        assert_eq!(end, End::Stopped);
    }

    #[test]
    fn a_missing_emulator_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine {
            arch: Arch::Aarch64,
            qemu: "no-such-qemu",
            cpus: 1,
            clock: Clock::Host,
            patience: Duration::from_secs(1),
            start: Duration::from_secs(1),
            console: &dir.path().join("c"),
        };
        let said = machine.run(&Boot::Direct("k".into()), None, "wd0a").unwrap_err();
        assert!(format!("{said:#}").contains("no-such-qemu (package qemu-system-arm)"));
    }
}
