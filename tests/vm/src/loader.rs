// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A CD with GRUB, for a kernel that qemu cannot enter by itself, or that has its symbols from
//! nobody else.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

/// Debian's packages that grub-mkrescue takes for a CD that a BIOS boots.
const PACKAGES: [&str; 4] = ["grub-common", "grub-pc-bin", "mtools", "xorriso"];

/// What GRUB does with the kernel.
fn menu(root: &str) -> String {
    format!(
        "serial --unit=0 --speed=115200\nterminal_input serial\nterminal_output serial\n\
         set timeout=0\nmenuentry netbsd {{\n\
         knetbsd --serial=com0,115200 --root={root} /netbsd\n}}\n"
    )
}

/// Makes the CD under `scratch`.
pub fn make_cd(scratch: &Path, kernel: &Path, root: &str) -> Result<PathBuf> {
    let tree = scratch.join("cd");
    std::fs::create_dir_all(tree.join("boot/grub"))?;
    std::fs::copy(kernel, tree.join("netbsd"))?;
    std::fs::write(tree.join("boot/grub/grub.cfg"), menu(root))?;
    install();
    let image = scratch.join("boot.iso");
    let output = Command::new("grub-mkrescue")
        .args(["-d", "/usr/lib/grub/i386-pc", "-o"])
        .arg(&image)
        .arg(&tree)
        .output()
        .with_context(|| format!("grub-mkrescue (packages {})", PACKAGES.join(", ")))?;
    ensure!(
        output.status.success(),
        "grub-mkrescue (packages {}): {}",
        PACKAGES.join(", "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(image)
}

/// Brings in what is missing, where that can be done; what then lacks is said by who wants it.
fn install() {
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kmod/setup");
    match Command::new(setup).args(PACKAGES).status() {
        Ok(status) if status.success() => {}
        Ok(_) | Err(_) => println!("vm: the boot loader's packages could not be installed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_told_its_console_and_its_root() {
        let menu = menu("ld0a");
        assert!(menu.contains("knetbsd --serial=com0,115200 --root=ld0a /netbsd\n}\n"));
        assert!(menu.contains("timeout=0"));
    }

    #[test]
    fn a_kernel_that_is_not_there_makes_no_cd() {
        let scratch = tempfile::tempdir().unwrap();
        assert!(make_cd(scratch.path(), &scratch.path().join("none"), "wd0a").is_err());
    }
}
