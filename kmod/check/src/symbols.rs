// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Rules about symbols: kobj_checksyms() of sys/kern/subr_kobj.c, the reviewed imports, and no
//! trace of Rust's panic and formatting machinery.

use std::collections::HashSet;

use object::{Object, ObjectSymbol, SymbolKind};

use crate::{reviewed_imports, Finding, Module};

/// Parts of mangled names, legacy and v0, of code that a kernel module must not contain.
const FORBIDDEN: &[(&str, &str)] = &[
    ("4core9panicking", "core::panicking"),
    ("9panicking", "core::panicking"),
    ("4core3fmt", "core::fmt"),
    ("NtCs_4core3fmt", "core::fmt"),
    ("rust_begin_unwind", "a reachable panic"),
];

/// All rules of this file.
pub fn check(module: &Module<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(definitions(module));
    findings.extend(imports(module));
    findings.extend(panics(module));
    findings
}

/// A defined global may clash with the kernel's, a common one is mis-resolved, a weak undefined
/// one is refused.
fn definitions(module: &Module<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for symbol in module.symbols() {
        let name = symbol.name().unwrap_or("?");
        if symbol.is_common() {
            findings.push(Finding::new("common", name));
        } else if symbol.is_undefined() && symbol.is_weak() {
            findings.push(Finding::new("weak", name));
        } else if symbol.is_definition() && !symbol.is_local() && symbol.kind() != SymbolKind::File
        {
            findings.push(Finding::new("global", format!("{name} is not local")));
        }
    }
    findings
}

/// Every kernel function that the module uses has been looked up and reviewed.
fn imports(module: &Module<'_>) -> Vec<Finding> {
    let reviewed: HashSet<&str> = reviewed_imports().collect();
    module
        .symbols()
        .filter(|symbol| symbol.is_undefined() && !symbol.is_weak())
        .filter_map(|symbol| symbol.name().ok())
        .filter(|name| !name.is_empty() && !reviewed.contains(name))
        .map(|name| Finding::new("import", format!("{name} is not in imports.txt")))
        .collect()
}

/// No code that panics or formats is left, local symbols included.
fn panics(module: &Module<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for symbol in module.symbols() {
        let name = symbol.name().unwrap_or("");
        if let Some((_, what)) = FORBIDDEN.iter().find(|(part, _)| name.contains(part)) {
            findings.push(Finding::new("panic", format!("{what}: {name}")));
        }
    }
    findings
}
