// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The image: a tiny ext2 file system with init, the driver and the settings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::arch::Arch;
use crate::module::Module;
use crate::options::Options;

/// What init is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The module's name: the file's without its suffix.
    pub module: String,
    /// NetBSD's own driver.
    pub stock: bool,
    /// Names of cases, separated by commas.
    pub only: String,
    /// Also what NetBSD's own driver would not survive.
    pub dangerous: bool,
    /// Load the module although it is for another version.
    pub force: bool,
    /// The number of the first case, from 1.
    pub from: usize,
    /// NetBSD's own driver, to be tried beside.
    pub beside: Option<PathBuf>,
    /// Measure instead, with these numbers of interfaces, separated by commas.
    pub taps: Option<String>,
}

impl Settings {
    /// For a module by its file.
    pub fn of(module: &Module, options: &Options) -> Result<Self> {
        let name = module.name()?;
        Ok(Self {
            module: name.to_owned(),
            stock: name == "if_tap",
            only: options.cases.clone(),
            dangerous: options.dangerous,
            force: module.by_force,
            from: 1,
            beside: options.beside.clone(),
            taps: options.bench.then(|| options.taps.clone()),
        })
    }

    fn text(&self) -> String {
        let flag = |on| if on { "1" } else { "0" };
        format!(
            "module=/driver.kmod\nname={}\nstock={}\nonly={}\ndangerous={}\nforce={}\n\
             from={}\nbench={}\ntaps={}\n",
            self.module,
            flag(self.stock),
            self.only,
            flag(self.dangerous),
            flag(self.force),
            self.from,
            flag(self.taps.is_some()),
            self.taps.as_deref().unwrap_or("")
        )
    }
}

/// Blocks of 1 KiB: room for init and a module twice the size of any so far.
const BLOCKS: usize = 2048;

/// Makes the image under `scratch`, of at most so many bytes.
pub fn make(
    scratch: &Path,
    arch: Arch,
    init: &Path,
    module: Option<&Path>,
    settings: &Settings,
    most: Option<usize>,
) -> Result<PathBuf> {
    let blocks = most.map_or(BLOCKS, |most| BLOCKS.min(most / 1024));
    let root = scratch.join("root");
    for dir in ["sbin", "dev", "tmp"] {
        fs::create_dir_all(root.join(dir))?;
    }
    fs::copy(init, root.join("sbin/init")).context("the init program")?;
    fs::set_permissions(root.join("sbin/init"), fs::Permissions::from_mode(0o755))?;
    for (module, name) in [(module, "driver.kmod"), (settings.beside.as_deref(), "beside.kmod")] {
        if let Some(module) = module {
            fs::copy(module, root.join(name))
                .with_context(|| format!("module {}", module.display()))?;
        }
    }
    fs::write(root.join("conf"), settings.text())?;
    let image = scratch.join("root.img");
    // Revision 1 and no feature that NetBSD's ext2fs(5) does not know.
    let status = Command::new("mke2fs")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .args(["-q", "-F", "-t", "ext2", "-b", "1024", "-I", "128", "-N", "64", "-m", "0"])
        .args(["-O", "none,filetype", "-E", "root_owner=0:0", "-d"])
        .arg(&root)
        .arg(&image)
        .arg(blocks.to_string())
        .env("PATH", path_with_sbin())
        .status()
        .context("mke2fs (package e2fsprogs)")?;
    ensure!(status.success(), "mke2fs: the root file system does not fit {blocks} KiB");
    add_console(scratch, arch, &image)?;
    Ok(image)
}

/// The console's node. It is written into the image, so that no privilege is needed to make it.
fn add_console(scratch: &Path, arch: Arch, image: &Path) -> Result<()> {
    let script = scratch.join("debugfs.cmd");
    fs::write(&script, format!("cd /dev\nmknod console c {} 0\n", arch.console_major()))?;
    let status = Command::new("debugfs")
        .args(["-w", "-f"])
        .arg(&script)
        .arg(image)
        .env("PATH", path_with_sbin())
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status()
        .context("debugfs (package e2fsprogs)")?;
    ensure!(status.success(), "debugfs failed");
    Ok(())
}

/// A user's PATH often lacks the directories of file system tools.
pub fn path_with_sbin() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Settings {
        Settings {
            module: String::new(),
            stock: false,
            only: String::new(),
            dangerous: false,
            force: false,
            from: 1,
            beside: None,
            taps: None,
        }
    }

    /// What debugfs(8) says of an image.
    fn show(image: &Path, request: &str) -> String {
        let mut debugfs = Command::new("debugfs");
        debugfs.args(["-R", request]).arg(image).env("PATH", path_with_sbin());
        String::from_utf8_lossy(&debugfs.output().unwrap().stdout).into_owned()
    }

    #[test]
    fn the_console_is_the_architectures() {
        let scratch = tempfile::tempdir().unwrap();
        let init = scratch.path().join("i");
        fs::write(&init, b"").unwrap();
        for (arch, number) in [(Arch::Amd64, "00:00 (hex"), (Arch::Aarch64, "02:00 (hex")] {
            let image = make(scratch.path(), arch, &init, None, &plain(), None).unwrap();
            let console = show(&image, "stat /dev/console");
            assert!(console.contains(&format!("major/minor number: {number}")), "{console}");
        }
    }

    #[test]
    fn the_image_holds_what_init_needs() {
        let scratch = tempfile::tempdir().unwrap();
        let (init, module) = (scratch.path().join("i"), scratch.path().join("m"));
        fs::write(&init, b"init program").unwrap();
        fs::write(&module, b"module file").unwrap();
        let settings = Settings {
            module: "if_tap_rs".into(),
            stock: false,
            only: "read".into(),
            dangerous: true,
            force: true,
            from: 7,
            beside: Some(module.clone()),
            taps: Some("1,64".into()),
        };
        let image =
            make(scratch.path(), Arch::Amd64, &init, Some(&module), &settings, None).unwrap();
        let show = |request: &str| show(&image, request);
        assert_eq!(show("cat /sbin/init"), "init program");
        assert_eq!(show("cat /driver.kmod"), "module file");
        assert_eq!(show("cat /beside.kmod"), "module file");
        let conf = show("cat /conf");
        assert!(conf.contains("name=if_tap_rs\nstock=0\nonly=read\ndangerous=1\nforce=1\nfrom=7\n"));
        assert!(conf.contains("bench=1\ntaps=1,64\n"));
        assert!(show("stat /dev/console").contains("Type: character special"));
        assert!(show("stat /sbin/init").contains("0755"));
    }

    #[test]
    fn the_image_is_as_small_as_it_has_to_be() {
        let scratch = tempfile::tempdir().unwrap();
        let init = scratch.path().join("i");
        fs::write(&init, [7; 100_000]).unwrap();
        let make = |most| make(scratch.path(), Arch::Amd64, &init, None, &plain(), Some(most));
        let image = make(300 << 10).unwrap();
        assert_eq!(fs::metadata(&image).unwrap().len(), 300 << 10);
        assert_eq!(fs::metadata(make(9 << 20).unwrap()).unwrap().len(), 2 << 20);
        let said = make(90 << 10).unwrap_err().to_string();
        assert!(said.contains("does not fit 90 KiB"), "{said}");
    }

    #[test]
    fn a_missing_module_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let init = scratch.path().join("i");
        fs::write(&init, b"").unwrap();
        let missing = scratch.path().join("none.kmod");
        let said =
            make(scratch.path(), Arch::Amd64, &init, Some(&missing), &plain(), None).unwrap_err();
        assert!(format!("{said:#}").contains("none.kmod"));
    }
}
