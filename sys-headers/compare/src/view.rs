// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the driver takes from one NetBSD.

use std::path::{Path, PathBuf};

use anyhow::Result;
use regex::Regex;

use crate::bindings::{self, is_name, lines};
use crate::driver;
use crate::items::{self, Items};
use crate::source::{self, Definitions, Source};
use crate::target::Target;
use crate::words::{self, Names};

/// Types that nobody looks into. The shim does look into processes and threads, which Rust only
/// carries.
const OPAQUE: &[&str] = &["cpu_info", "vnode", "vm_.*", "uvm_.*", "device"];

/// A NetBSD: the header set of a release, or a source tree.
pub struct Subject {
    /// What it is called.
    pub label: String,
    /// Compilers' arguments for it.
    pub target: Target,
    /// Its preprocessed headers.
    pub source: Source,
}

/// What the driver may take.
pub struct Wanted {
    /// The names that the driver uses itself.
    pub roots: Names,
    /// Those of them that `kmod/check/imports.txt` lists.
    pub imports: Names,
    /// The names in the driver, and those in what it uses.
    used: Names,
    allowlist: Allowlist,
}

/// The lines of `sys-headers/allowlist.txt`: names, and all that mean more as one expression.
struct Allowlist {
    names: Names,
    patterns: Regex,
}

/// What the driver takes from one NetBSD, by name.
pub struct View {
    /// The subject's.
    pub label: String,
    /// What is said of each name.
    pub said: Definitions,
}

impl Subject {
    /// A header set.
    pub fn of_release(root: &Path, release: &str, arch: &str) -> Result<Self> {
        Self::new(root, release.into(), Target::from_header_set(root, release, arch.into()))
    }

    /// A tree. `scratch` is a folder that it has for itself.
    pub fn of_tree(root: &Path, sys: &Path, arch: &str, scratch: &Path) -> Result<Self> {
        let target = Target::from_tree(root, sys, arch.into(), scratch);
        Self::new(root, format!("{} tree", written(target.version)), target)
    }

    fn new(root: &Path, label: String, target: Target) -> Result<Self> {
        let source = Source::of(root, &target)?;
        Ok(Self { label, target, source })
    }

    /// What the driver takes from it.
    pub fn view(&self, root: &Path, wanted: &Wanted, scratch: &Path) -> Result<View> {
        let (to, shim) = (scratch.join("kpi.rs"), scratch.join("shim.h"));
        std::fs::write(&shim, source::includes(root)?)?;
        let mut names = driver::names();
        names.extend(wanted.roots.iter().map(String::as_str));
        let builder = driver::bindings(root, &self.target, &names, OPAQUE);
        bindings::write(builder.header(shim.display().to_string()), &to);
        let items: Items = items::read(&to)?;
        let mut said = Definitions::new();
        for (name, what) in items {
            if wanted.has(&name) {
                said.insert(name, what);
            }
        }
        for (kind, list) in [("inline", &self.source.inlines), ("macro", &self.source.macros)] {
            for (name, body) in list {
                if wanted.has(name) && !said.contains_key(name) {
                    said.insert(name.clone(), format!("{kind} {body}"));
                }
            }
        }
        Ok(View { label: self.label.clone(), said })
    }
}

/// A version as NetBSD writes it.
fn written(version: u64) -> String {
    let patch = version / 100 % 10_000;
    let release = format!("{}.{}", version / 100_000_000, version / 1_000_000 % 100);
    if patch == 0 {
        release
    } else {
        format!("{release}.{patch}")
    }
}

impl Allowlist {
    fn new() -> Result<Self> {
        let (names, patterns): (Vec<&str>, Vec<&str>) =
            driver::names().into_iter().partition(|line| is_name(line));
        let patterns = Regex::new(&format!("^({})$", patterns.join("|")))?;
        Ok(Self { names: names.into_iter().map(String::from).collect(), patterns })
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name) || self.patterns.is_match(name)
    }
}

impl Wanted {
    /// What the driver's sources, `kmod/check/imports.txt` and `sys-headers/kernel-only` name, and
    /// what that leads to in the headers of the subjects.
    pub fn new(root: &Path, subjects: &[Subject]) -> Result<Self> {
        let mut roots = words::names_below(&root.join("shim"))?;
        let kernel_only = words::names_below(&root.join("sys-headers/kernel-only"))?;
        // Except for the macros that keep its files from being read twice.
        roots.extend(kernel_only.into_iter().filter(|name| !name.starts_with("TAP_RS_")));
        let imports = std::fs::read_to_string(root.join("kmod/check/imports.txt"))?;
        let imports: Names = lines(&imports)
            .flat_map(|line| line.split_whitespace().next())
            .map(String::from)
            .collect();
        roots.extend(imports.iter().cloned());
        let mut used = words::names_below(&root.join("src"))?;
        for subject in subjects {
            roots.extend(subject.source.shim.iter().cloned());
        }
        let allowlist = Allowlist::new()?;
        for subject in subjects {
            used.extend(subject.source.closure(&roots));
            let macros = subject.source.macros.keys().filter(|name| allowlist.has(name));
            used.extend(subject.source.closure(&macros.cloned().collect()));
        }
        Ok(Self { roots, imports, used, allowlist })
    }

    /// Whether the driver itself uses a name: what only leads there may be missing somewhere.
    pub fn is_root(&self, name: &str) -> bool {
        let name = name.strip_prefix("struct ").unwrap_or(name);
        let name = name.split('.').next().unwrap_or(name);
        self.roots.contains(name) || self.allowlist.has(name)
    }

    /// Whether it wants a name, or a field's: `structure.field`.
    fn has(&self, name: &str) -> bool {
        match name.split_once('.') {
            Some((structure, field)) => self.has(structure) && self.used.contains(field),
            None => {
                // An anonymous structure inside of another.
                let name = name.strip_prefix("struct ").unwrap_or(name);
                let name = name.split("__bindgen").next().unwrap_or(name);
                self.used.contains(name) || self.allowlist.has(name)
            }
        }
    }
}

/// A folder inside of another, made.
pub fn folder(parent: &Path, name: &str) -> Result<PathBuf> {
    let path = parent.join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
