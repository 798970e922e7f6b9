// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `make headers-compare`: what the driver takes from NetBSD's headers, one release beside the
//! other, and each source tree that is named beside them.
//!
//! It prints what differs, and fails unless `docs/boundary.md` settles each difference, and none
//! that the releases do not have.

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

#[path = "../../bindings.rs"]
mod bindings;
mod difference;
#[path = "../../driver.rs"]
mod driver;
mod items;
mod settled;
mod source;
#[allow(dead_code)] // Build scripts use the rest of it.
#[path = "../../target.rs"]
mod target;
mod view;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use difference::Difference;
use settled::Settled;
use view::{folder, Subject, View, Wanted};
use words::Names;

const RELEASES: [&str; 2] = ["10.1", "11.0"];

/// Compares what the driver takes from NetBSD's headers.
#[derive(Parser)]
struct Options {
    /// Kernel source trees: their sys/.
    trees: Vec<PathBuf>,
    /// Architectures.
    #[arg(long, value_delimiter = ',', default_value = "amd64,aarch64")]
    arch: Vec<String>,
    /// The project's folder.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))]
    root: PathBuf,
}

/// What is said of a difference, with its name, and the architectures on which it is so.
type Differences = BTreeMap<(String, String), Vec<String>>;

#[derive(Default)]
struct Found {
    releases: Differences,
    trees: Differences,
    /// Imports that no release's headers declare, for any architecture.
    undeclared: Option<Names>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("headers-compare: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool> {
    let root =
        std::fs::canonicalize(&options.root).with_context(|| options.root.display().to_string())?;
    let mut found = Found::default();
    for arch in &options.arch {
        compare(&root, arch, &options.trees, &mut found)?;
    }
    let settled = Settled::read(&root)?;
    let mut good = report("the releases", &found.releases, &settled.releases);
    for name in settled.releases.difference(&names(&found.releases)) {
        println!("docs/boundary.md settles {name}, in which the releases do not differ");
        good = false;
    }
    for name in found.undeclared.unwrap_or_default() {
        println!("{name} of kmod/check/imports.txt is declared nowhere, so it is not compared");
        good = false;
    }
    if !options.trees.is_empty() {
        println!();
        good &= report("headers and trees", &found.trees, &settled.trees);
    }
    Ok(good)
}

fn compare(root: &Path, arch: &str, trees: &[PathBuf], found: &mut Found) -> Result<()> {
    let scratch = root.join("build/headers-compare").join(arch);
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    }
    let mut subjects = Vec::new();
    for release in RELEASES {
        subjects.push(Subject::of_release(root, release, arch)?);
    }
    for (at, sys) in trees.iter().enumerate() {
        let links = folder(&scratch, &format!("tree{at}"))?;
        subjects.push(Subject::of_tree(root, sys, arch, &links)?);
    }
    let wanted = Wanted::new(root, &subjects)?;
    let mut views = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        let own = folder(&scratch, &format!("bindings{at}"))?;
        views.push(subject.view(root, &wanted, &own)?);
    }
    let all: Vec<&View> = views.iter().collect();
    let needs = |name: &str| wanted.is_root(name);
    for one in difference::between(&all[..RELEASES.len()], needs) {
        add(&mut found.releases, arch, one);
    }
    let imports = wanted
        .imports
        .iter()
        .filter(|name| !all[..RELEASES.len()].iter().any(|view| view.said.contains_key(*name)));
    let imports: Names = imports.cloned().collect();
    let before = found.undeclared.take().unwrap_or_else(|| imports.clone());
    found.undeclared = Some(&before & &imports);
    // The driver is right for either release, so a tree may agree with either.
    let beside =
        difference::between(&all, needs).into_iter().filter(|one| one.is_beside(&RELEASES));
    beside.for_each(|one| add(&mut found.trees, arch, one));
    Ok(())
}

fn add(found: &mut Differences, arch: &str, one: Difference) {
    let told = one.to_string();
    found.entry((one.name, told)).or_default().push(arch.into());
}

fn names(found: &Differences) -> Names {
    found.keys().map(|(name, _)| name.clone()).collect()
}

/// Prints differences; whether all are settled.
fn report(between: &str, found: &Differences, settled: &Names) -> bool {
    let mut open = Names::new();
    for ((name, told), archs) in found {
        let mark = if settled.contains(name) { "" } else { ", NOT SETTLED" };
        println!("{name} ({}{mark}){told}", archs.join(", "));
        if !settled.contains(name) {
            open.insert(name.clone());
        }
    }
    println!(
        "{between} differ in {} names, of which docs/boundary.md does not settle {}",
        names(found).len(),
        open.len()
    );
    open.is_empty()
}
