// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which module a kernel gets, and whether it has to be loaded by force.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use tap_report::module::Version;

use crate::kernel::Kernel;

/// A driver for a kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// The file; the driver that is built into the kernel has none.
    pub path: Option<PathBuf>,
    /// What it was built for.
    pub built_for: Version,
    /// The kernel would refuse it, for its version alone.
    pub by_force: bool,
}

impl Module {
    /// NetBSD's own, as it is built into the kernel.
    pub fn built_in(kernel: &Kernel) -> Result<Self> {
        ensure!(
            kernel.has_tap,
            "tap(4) is not built into this kernel: NetBSD's own driver is a module of its own, \
             if_tap.kmod"
        );
        Ok(Self { path: None, built_for: kernel.version, by_force: false })
    }

    /// The module's name, that of its file without the suffix.
    pub fn name(&self) -> Result<&str> {
        let Some(path) = &self.path else { return Ok("if_tap") };
        path.file_stem().and_then(|stem| stem.to_str()).context("the module's name")
    }

    /// A module that was named: one for another kernel is refused here unless force was asked for.
    pub fn named(path: &Path, kernel: Version, force: bool) -> Result<Self> {
        let module = Self::read(path.to_owned(), kernel)?;
        if module.by_force && !force {
            bail!(
                "module {} is built for NetBSD {}, and the kernel, which is NetBSD {kernel}, would \
                 refuse it; FORCE=1 loads it all the same",
                path.display(),
                module.built_for
            );
        }
        Ok(module)
    }

    /// The module that `make kmod` has built for the kernel or, by force, the nearest release's.
    pub fn built(build: &Path, kernel: Version) -> Result<Self> {
        let exact = file(build, &kernel.to_string());
        if exact.exists() {
            return Self::read(exact, kernel);
        }
        let nearest = kernel.nearest().map(|release| file(build, release));
        match nearest {
            Some(path) if path.exists() => Self::read(path, kernel),
            _ => bail!(
                "no module for NetBSD {kernel}: {} is missing; build one with \
                 NETBSD_SYS=<that kernel's sys>, or name one with KMOD=",
                exact.display()
            ),
        }
    }

    fn read(path: PathBuf, kernel: Version) -> Result<Self> {
        let built_for = Version::of_arch(&path, "amd64")?;
        Ok(Self { path: Some(path), built_for, by_force: !built_for.fits(kernel) })
    }

    /// What should be known of a module that is loaded by force.
    pub fn remark(&self) -> Option<String> {
        self.by_force.then(|| {
            format!(
                "vm: this module is built for NetBSD {} and loaded by force; NETBSD_SYS=<the \
                 kernel's sys> builds one that fits",
                self.built_for
            )
        })
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}", path.display()),
            None => f.write_str("its own if_tap"),
        }
    }
}

/// The release whose module has to be built for a kernel: none where one of its very version is.
pub fn to_build(build: &Path, kernel: Version) -> Option<&'static str> {
    let release = kernel.nearest()?;
    let exact = kernel.to_string();
    (exact == release || !file(build, &exact).exists()).then_some(release)
}

/// Where `make kmod` puts a module.
fn file(build: &Path, version: &str) -> PathBuf {
    build.join(format!("netbsd-{version}-amd64/if_tap_rs.kmod"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::elf;
    use crate::least;
    use std::fs;

    /// A folder in which modules for these versions were built.
    fn build(versions: &[&str]) -> tempfile::TempDir {
        let build = tempfile::tempdir().unwrap();
        for version in versions {
            let path = file(build.path(), version);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, least::module(version.parse::<Version>().unwrap().0)).unwrap();
        }
        build
    }

    fn chosen(build: &Path, kernel: &str) -> String {
        match Module::built(build, kernel.parse().unwrap()) {
            Ok(module) => {
                let how = if module.by_force { " by force" } else { "" };
                assert_eq!(module.remark().is_some(), module.by_force);
                format!("{}{how}", module.built_for)
            }
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn the_module_that_fits_is_chosen() {
        let build = build(&["10.1", "10.99.12", "11.0"]);
        for (kernel, module) in [
            ("10.1", "10.1"),
            ("10.1.2", "10.1"),
            ("10.2", "10.1 by force"),
            ("10.99.12", "10.99.12"),
            ("10.99.13", "11.0 by force"),
            ("11.0", "11.0"),
        ] {
            assert_eq!(chosen(build.path(), kernel), module, "{kernel}");
        }
        let said = chosen(build.path(), "9.3");
        assert!(said.contains("no module for NetBSD 9.3") && said.contains("NETBSD_SYS"), "{said}");
    }

    #[test]
    fn what_is_missing_is_built() {
        let build = build(&["10.1", "10.99.12"]);
        let release = |kernel: &str| to_build(build.path(), kernel.parse().unwrap());
        assert_eq!(release("10.1"), Some("10.1"));
        assert_eq!(release("10.99.12"), None);
        assert_eq!(release("10.99.13"), Some("11.0"));
        assert_eq!(release("9.3"), None);
        assert!(chosen(build.path(), "11.0").contains("netbsd-11.0-amd64"));
    }

    #[test]
    fn a_module_of_another_version_is_only_loaded_when_asked_for() {
        let build = build(&["10.1"]);
        let (path, kernel) = (file(build.path(), "10.1"), "11.0".parse().unwrap());
        let said = format!("{:#}", Module::named(&path, kernel, false).unwrap_err());
        assert!(said.contains("built for NetBSD 10.1") && said.contains("FORCE=1"), "{said}");
        assert!(Module::named(&path, kernel, true).unwrap().by_force);
        assert!(!Module::named(&path, "10.1".parse().unwrap(), true).unwrap().by_force);
    }

    #[test]
    fn a_kernel_may_have_the_driver_built_in() {
        let kernel = |symbols: &[&str]| {
            let mut bytes = elf(object::Architecture::X86_64, symbols);
            bytes.extend_from_slice(b"NetBSD 10.1 (GENERIC)");
            Kernel::examine(bytes).unwrap()
        };
        let module = Module::built_in(&kernel(&["main", "tapattach"])).unwrap();
        assert_eq!(
            (module.name().unwrap(), module.to_string()),
            ("if_tap", "its own if_tap".into())
        );
        let said = Module::built_in(&kernel(&["main"])).unwrap_err().to_string();
        assert!(said.contains("not built into this kernel"), "{said}");
    }

    #[test]
    fn a_module_that_is_none_or_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("if_tap.kmod");
        let said = || format!("{:#}", Module::named(&path, Version(0), true).unwrap_err());
        assert!(said().contains("if_tap.kmod") && said().contains("No such file"), "{}", said());
        fs::write(&path, "#!/bin/sh").unwrap();
        assert!(said().contains("not a 64-bit ELF file"), "{}", said());
    }
}
