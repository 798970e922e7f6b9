// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which module a kernel gets, and whether it has to be loaded by force.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use tap_report::module::Version;

use crate::arch::Arch;
use crate::kernel::Kernel;

/// Why a kernel gets a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Named,
    BuiltIn,
    OfItsVersion,
    OfTheNearestRelease,
}

/// A driver for a kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// The file; the driver that is built into the kernel has none.
    pub path: Option<PathBuf>,
    /// What it was built for.
    pub built_for: Version,
    /// The kernel would refuse it, for its version alone.
    pub by_force: bool,
    why: Why,
}

impl Module {
    /// NetBSD's own, as it is built into the kernel.
    pub fn built_in(kernel: &Kernel) -> Result<Self> {
        ensure!(
            kernel.has_tap,
            "tap(4) is not built into this kernel: NetBSD's own driver is a module of its own, \
             if_tap.kmod"
        );
        Ok(Self { path: None, built_for: kernel.version, by_force: false, why: Why::BuiltIn })
    }

    /// The module's name, that of its file without the suffix.
    pub fn name(&self) -> Result<&str> {
        let Some(path) = &self.path else { return Ok("if_tap") };
        path.file_stem().and_then(|stem| stem.to_str()).context("the module's name")
    }

    /// A module that was named: one for another kernel is refused here unless force was asked for.
    pub fn named(path: &Path, arch: Arch, kernel: Version, force: bool) -> Result<Self> {
        let module = Self::read(path.to_owned(), arch, kernel, Why::Named)?;
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
    pub fn built(build: &Path, arch: Arch, kernel: Version) -> Result<Self> {
        let exact = file(build, arch, &kernel.to_string());
        if exact.exists() {
            return Self::read(exact, arch, kernel, Why::OfItsVersion);
        }
        let nearest = kernel.nearest().map(|release| file(build, arch, release));
        match nearest {
            Some(path) if path.exists() => Self::read(path, arch, kernel, Why::OfTheNearestRelease),
            _ => bail!(
                "no module for NetBSD {kernel}: {} is missing; build one with \
                 NETBSD_SYS=<that kernel's sys>, or name one with KMOD=",
                exact.display()
            ),
        }
    }

    fn read(path: PathBuf, arch: Arch, kernel: Version, why: Why) -> Result<Self> {
        let built_for = Version::of_arch(&path, arch.name())?;
        Ok(Self { path: Some(path), built_for, by_force: !built_for.fits(kernel), why })
    }

    /// One line: which module the kernel gets, and why.
    pub fn choice(&self, kernel: &Kernel) -> String {
        let (built_for, version) = (self.built_for, kernel.version);
        let why = match self.why {
            Why::BuiltIn => "built into the kernel".into(),
            Why::Named if self.by_force => {
                format!("named, built for NetBSD {built_for} and loaded by force")
            }
            Why::Named => format!("named, built for NetBSD {built_for}"),
            Why::OfItsVersion if kernel.name != version.to_string() => {
                format!("built for NetBSD {built_for}, which is the version of {}", kernel.name)
            }
            Why::OfItsVersion => "built for this version".into(),
            Why::OfTheNearestRelease if self.by_force => format!(
                "built for NetBSD {built_for}, the nearest release, and loaded by force, because \
                 there is no module for NetBSD {version}; NETBSD_SYS=<the kernel's sys> builds one"
            ),
            Why::OfTheNearestRelease => {
                format!("built for NetBSD {built_for}, whose modules NetBSD {version} loads")
            }
        };
        format!("vm: NetBSD {} with {self}: {why}", kernel.name)
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
pub fn to_build(build: &Path, arch: Arch, kernel: Version) -> Option<&'static str> {
    let release = kernel.nearest()?;
    let exact = kernel.to_string();
    (exact == release || !file(build, arch, &exact).exists()).then_some(release)
}

/// Where `make kmod` puts a module.
fn file(build: &Path, arch: Arch, version: &str) -> PathBuf {
    build.join(format!("netbsd-{version}-{arch}/if_tap_rs.kmod"))
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
            let path = file(build.path(), Arch::Amd64, version);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, least::module(version.parse::<Version>().unwrap().0)).unwrap();
        }
        build
    }

    /// The kernel that calls itself so, with these symbols.
    fn kernel(name: &str, symbols: &[&str]) -> Kernel {
        let mut bytes = elf(object::Architecture::X86_64, symbols);
        bytes.extend_from_slice(format!("NetBSD {name} (GENERIC)").as_bytes());
        Kernel::examine(bytes).unwrap()
    }

    fn chosen(build: &Path, kernel: &str) -> String {
        match Module::built(build, Arch::Amd64, kernel.parse().unwrap()) {
            Ok(module) => {
                let how = if module.by_force { " by force" } else { "" };
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
    fn the_choice_is_told_in_one_line() {
        let build = build(&["10.1", "10.99.12", "11.0"]);
        let force =
            "the nearest release, and loaded by force, because there is no module for NetBSD";
        for (name, module, why) in [
            ("10.1", "10.1", "built for this version".to_owned()),
            ("10.1.2", "10.1", "built for NetBSD 10.1, whose modules NetBSD 10.1.2 loads".into()),
            ("10.99.12", "10.99.12", "built for this version".into()),
            ("11.0", "11.0", "built for this version".into()),
            ("11.0_RC6", "11.0", "built for NetBSD 11.0, which is the version of 11.0_RC6".into()),
            ("10.99.13", "11.0", format!("built for NetBSD 11.0, {force} 10.99.13;")),
            ("11.99.4_X", "11.0", format!("built for NetBSD 11.0, {force} 11.99.4;")),
        ] {
            let kernel = kernel(name, &["main"]);
            let told =
                Module::built(build.path(), Arch::Amd64, kernel.version).unwrap().choice(&kernel);
            let path = file(build.path(), Arch::Amd64, module);
            let wanted = format!("vm: NetBSD {name} with {}: {why}", path.display());
            assert!(told.starts_with(&wanted) && !told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn a_named_module_is_told_to_be_that() {
        let build = build(&["10.1"]);
        let path = file(build.path(), Arch::Amd64, "10.1");
        for (name, how) in [("10.1", ""), ("11.0_RC6", " and loaded by force")] {
            let kernel = kernel(name, &["main"]);
            let told =
                Module::named(&path, Arch::Amd64, kernel.version, true).unwrap().choice(&kernel);
            assert!(told.ends_with(&format!(": named, built for NetBSD 10.1{how}")), "{told}");
        }
    }

    #[test]
    fn what_is_missing_is_built() {
        let build = build(&["10.1", "10.99.12"]);
        let release = |kernel: &str| to_build(build.path(), Arch::Amd64, kernel.parse().unwrap());
        assert_eq!(release("10.1"), Some("10.1"));
        assert_eq!(release("10.99.12"), None);
        assert_eq!(release("10.99.13"), Some("11.0"));
        assert_eq!(release("9.3"), None);
        assert!(chosen(build.path(), "11.0").contains("netbsd-11.0-amd64"));
    }

    #[test]
    fn a_module_of_another_version_is_only_loaded_when_asked_for() {
        let build = build(&["10.1"]);
        let (path, kernel) = (file(build.path(), Arch::Amd64, "10.1"), "11.0".parse().unwrap());
        let said = format!("{:#}", Module::named(&path, Arch::Amd64, kernel, false).unwrap_err());
        assert!(said.contains("built for NetBSD 10.1") && said.contains("FORCE=1"), "{said}");
        assert!(Module::named(&path, Arch::Amd64, kernel, true).unwrap().by_force);
        assert!(
            !Module::named(&path, Arch::Amd64, "10.1".parse().unwrap(), true).unwrap().by_force
        );
    }

    #[test]
    fn a_kernel_may_have_the_driver_built_in() {
        let own = kernel("10.1", &["main", "tapattach"]);
        let module = Module::built_in(&own).unwrap();
        assert_eq!(
            module.choice(&own),
            "vm: NetBSD 10.1 with its own if_tap: built into the kernel"
        );
        assert_eq!(
            (module.name().unwrap(), module.to_string()),
            ("if_tap", "its own if_tap".into())
        );
        let said = Module::built_in(&kernel("10.1", &["main"])).unwrap_err().to_string();
        assert!(said.contains("not built into this kernel"), "{said}");
    }

    #[test]
    fn a_module_that_is_none_or_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("if_tap.kmod");
        let said =
            || format!("{:#}", Module::named(&path, Arch::Amd64, Version(0), true).unwrap_err());
        assert!(said().contains("if_tap.kmod") && said().contains("No such file"), "{}", said());
        fs::write(&path, "#!/bin/sh").unwrap();
        assert!(said().contains("not a 64-bit ELF file"), "{}", said());
    }
}
