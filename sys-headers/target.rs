// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which NetBSD a build is for, and the compiler arguments that follow from it.
//!
//! Used by the build scripts of the driver and of the test host, so that both see one kernel, and by
//! `sys-headers/compare`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A release and architecture of NetBSD, or a complete kernel source tree.
pub struct Target {
    /// `amd64` or `aarch64`.
    pub arch: String,
    /// The value of `__NetBSD_Version__`.
    pub version: u64,
    includes: Vec<PathBuf>,
}

/// Reads a variable of the environment, and has cargo watch it.
fn variable(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={name}");
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Ends the build with one line that says what is missing.
pub fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    std::process::exit(1);
}

impl Target {
    /// What `NETBSD_SYS`, `TAP_NETBSD` and `TAP_ARCH` ask for: a kernel source tree, or the header
    /// set of a release (10.1 by default), and an architecture (amd64 by default). `root` is the
    /// project's folder.
    pub fn from_env(root: &Path) -> Target {
        let arch = variable("TAP_ARCH").unwrap_or_else(|| "amd64".into());
        if arch != "amd64" && arch != "aarch64" {
            fail(&format!("TAP_ARCH is amd64 or aarch64, not {arch}"));
        }
        match variable("NETBSD_SYS") {
            Some(sys) => {
                println!("cargo:rerun-if-changed={sys}/sys/param.h");
                let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
                Self::from_tree(root, Path::new(&sys), arch, &out)
            }
            None => {
                let release = variable("TAP_NETBSD").unwrap_or_else(|| "10.1".into());
                Self::from_header_set(root, &release, arch)
            }
        }
    }

    /// The header set of a release.
    pub fn from_header_set(root: &Path, release: &str, arch: String) -> Target {
        let version = match release {
            "10.1" => 1_001_000_000,
            "11.0" => 1_100_000_000,
            other => fail(&format!("TAP_NETBSD is 10.1 or 11.0, not {other}")),
        };
        let set = root.join("sys-headers").join(format!("netbsd-{release}"));
        if !set.is_dir() {
            fail(&format!("no headers of NetBSD {release}: run `make headers`"));
        }
        let ours = root.join("sys-headers/kernel-only");
        let includes = vec![
            set.join(&arch),
            ours.join(format!("{arch}-{release}")),
            ours.join(&arch),
            ours.join(release),
            ours.join("common"),
            set.join("generic"),
        ];
        Target { arch, version, includes }
    }

    /// A complete kernel source tree; `out` is where a folder of links to it is made.
    pub fn from_tree(root: &Path, sys: &Path, arch: String, out: &Path) -> Target {
        let param = sys.join("sys/param.h");
        let text = fs::read_to_string(&param).unwrap_or_else(|error| {
            fail(&format!("NETBSD_SYS: {}: {error}", param.display()));
        });
        let version = text
            .lines()
            .filter_map(|line| line.strip_prefix("#define"))
            .filter_map(|line| line.trim().strip_prefix("__NetBSD_Version__"))
            .find_map(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| fail("NETBSD_SYS: sys/param.h has no __NetBSD_Version__"));
        let mut includes = vec![machine_links(sys, &arch, out), sys.to_path_buf()];
        let common = sys.join("../common/include");
        if common.is_dir() {
            includes.push(common);
        } else {
            // prop/*.h live beside sys/ in a whole source tree; any release's will do.
            includes.push(root.join("sys-headers/netbsd-10.1/generic"));
        }
        Target { arch, version, includes }
    }

    /// Arguments for clang, whether it compiles or parses.
    pub fn clang_args(&self) -> Vec<String> {
        let mut args: Vec<String> = [
            "-D_KERNEL",
            "-D_MODULE",
            "-DINET",
            "-DINET6",
            "-nostdinc",
            "-ffreestanding",
            "-std=gnu99",
            "-fno-strict-aliasing",
            "-fno-common",
            "-fno-pic",
            "-fno-omit-frame-pointer",
            "-fno-asynchronous-unwind-tables",
        ]
        .map(String::from)
        .to_vec();
        let (triple, machine): (&str, &[&str]) = match self.arch.as_str() {
            "amd64" => (
                "x86_64-unknown-netbsd",
                &[
                    "-mcmodel=kernel",
                    "-mno-red-zone",
                    "-mno-sse",
                    "-mno-mmx",
                    "-mno-avx",
                    "-msoft-float",
                ],
            ),
            _ => ("aarch64-unknown-netbsd", &["-mgeneral-regs-only"]),
        };
        args.push(format!("--target={triple}"));
        args.extend(machine.iter().map(|arg| arg.to_string()));
        args.push(format!("-D__NetBSD_Version__={}", self.version));
        for include in &self.includes {
            args.push("-isystem".into());
            args.push(include.display().to_string());
        }
        args
    }
}

/// A folder with the links that a kernel build makes: `machine` and the architecture's own name.
fn machine_links(sys: &Path, arch: &str, out: &Path) -> PathBuf {
    let links = out.join("machine");
    let _ = fs::remove_dir_all(&links);
    fs::create_dir_all(&links).unwrap_or_else(|error| fail(&format!("{links:?}: {error}")));
    let names: &[(&str, &str)] = match arch {
        "amd64" => &[("machine", "amd64"), ("amd64", "amd64"), ("x86", "x86"), ("i386", "i386")],
        _ => &[("machine", "evbarm"), ("evbarm", "evbarm"), ("aarch64", "aarch64"), ("arm", "arm")],
    };
    for (link, folder) in names {
        let to = sys.join("arch").join(folder).join("include");
        let to = fs::canonicalize(&to).unwrap_or_else(|error| {
            fail(&format!("NETBSD_SYS: {}: {error}", to.display()));
        });
        std::os::unix::fs::symlink(&to, links.join(link))
            .unwrap_or_else(|error| fail(&format!("{link}: {error}")));
    }
    links
}
