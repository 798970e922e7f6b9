// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which of the kernel's macros bindgen evaluates.
//!
//! The headers define thousands. Those that no line of an allowlist can mean cost most of the time
//! that bindgen takes, because it has clang parse an expression for each, and would be left out of
//! the bindings all the same.

use std::collections::BTreeSet;

use bindgen::callbacks::{MacroParsingBehavior, ParseCallbacks};

/// The names that an allowlist's lines are, and the beginnings of those that they mean as regular
/// expressions.
#[derive(Debug, Default)]
pub struct Wanted {
    names: BTreeSet<String>,
    beginnings: Vec<String>,
}

impl Wanted {
    /// Of the lines of an allowlist.
    pub fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Wanted {
        let special = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let mut wanted = Wanted::default();
        for line in lines {
            match line.split_once(special) {
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
