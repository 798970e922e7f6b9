// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Bindings to a kernel by bindgen: how all of them are made.
//!
//! Used by the build scripts of the driver and of the test host, so that both see one kernel, and by
//! `sys-headers/compare`.
//!
//! The headers define thousands of macros. Those that match no line of an allowlist are ignored;
//! otherwise bindgen would spend most of its time having clang evaluate them.

use std::collections::BTreeSet;
use std::path::Path;

use bindgen::callbacks::{MacroParsingBehavior, ParseCallbacks};
use bindgen::{Builder, Formatter};

use crate::target::{fail, Target};

/// The names that an allowlist's lines are, and the beginnings of those that they mean as regular
/// expressions.
#[derive(Debug, Default)]
struct Wanted {
    names: BTreeSet<String>,
    beginnings: Vec<String>,
}

impl Wanted {
    fn of(lines: &[&str]) -> Wanted {
        let mut wanted = Wanted::default();
        for &line in lines {
            match line.split_once(is_special) {
                Some((beginning, _)) => wanted.beginnings.push(beginning.into()),
                None => drop(wanted.names.insert(line.into())),
            }
        }
        wanted
    }
}

impl ParseCallbacks for Wanted {
    fn will_parse_macro(&self, name: &str) -> MacroParsingBehavior {
        if self.names.contains(name) || self.beginnings.iter().any(|one| name.starts_with(one)) {
            MacroParsingBehavior::Default
        } else {
            MacroParsingBehavior::Ignore
        }
    }
}

fn is_special(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '_'
}

/// Whether a line of an allowlist means just itself.
pub fn is_name(line: &str) -> bool {
    !line.contains(is_special)
}

/// The lines of a list, without its comments.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What makes the bindings of a header, which may include what the shim does. They are of what the
/// lines of an allowlist are, or mean as regular expressions, and of nothing inside the opaque types.
///
/// Bindgen looks for every name of the headers. It finds it sooner in one expression of all lines
/// that are names, and another of the rest, than in one for each line. It need not tell which of them
/// it was. It formats the bindings itself, because not everybody has rustfmt.
pub fn builder(
    root: &Path,
    header: &Path,
    target: &Target,
    allowlist: &[&str],
    opaque: &[&str],
) -> Builder {
    let (names, rest): (Vec<&str>, Vec<&str>) = allowlist.iter().partition(|line| is_name(line));
    Builder::default()
        .header(header.display().to_string())
        .clang_args(target.clang_args())
        .clang_arg(format!("-I{}", root.join("shim").display()))
        .clang_macro_fallback()
        .parse_callbacks(Box::new(Wanted::of(allowlist)))
        .allowlist_item(names.join("|"))
        .allowlist_item(rest.join("|"))
        .opaque_type(opaque.join("|"))
        .record_matches(false)
        .use_core()
        .ctypes_prefix("core::ffi")
        .derive_debug(false)
        .derive_default(false)
        .layout_tests(true)
        .generate_comments(false)
        .wrap_unsafe_ops(true)
        .formatter(Formatter::Prettyplease)
}

/// Writes bindings to a file, beside which there is room.
pub fn write(builder: Builder, to: &Path) {
    builder
        .clang_macro_fallback_build_dir(to.parent().expect("a file in a folder"))
        .generate()
        .unwrap_or_else(|error| fail(&format!("bindgen: {error}")))
        .write_to_file(to)
        .unwrap_or_else(|error| fail(&format!("{}: {error}", to.display())));
}
