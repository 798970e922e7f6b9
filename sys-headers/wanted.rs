// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which of the kernel's names bindgen takes, and which of its macros it evaluates.
//!
//! The headers define thousands. Macros that no line of an allowlist can mean would cost most of the
//! time that bindgen takes, because it has clang parse an expression for each, and would be left out
//! of the bindings all the same.

use std::collections::BTreeSet;

use bindgen::callbacks::{MacroParsingBehavior, ParseCallbacks};
use bindgen::{Builder, Formatter};

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

/// Has bindgen take what the lines of an allowlist are, or mean as regular expressions, and nothing
/// of what is inside the opaque types.
///
/// It looks for every name of the headers. It finds it sooner in one expression of all lines that
/// are names, and another of the rest, than in one for each line. It need not tell which of them it
/// was. It formats the bindings itself, because not everybody has rustfmt.
pub fn want(builder: Builder, lines: &[&str], opaque: &[&str]) -> Builder {
    let (names, rest): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| is_name(line));
    builder
        .parse_callbacks(Box::new(Wanted::of(lines)))
        .allowlist_item(names.join("|"))
        .allowlist_item(rest.join("|"))
        .opaque_type(opaque.join("|"))
        .record_matches(false)
        .formatter(Formatter::Prettyplease)
}
