// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Which of the kernel's macros bindgen evaluates.
//!
//! The headers define thousands. Those that no line of an allowlist can mean cost most of the time
//! that bindgen takes, because it has clang parse an expression for each, and would be left out of
//! the bindings all the same.

use bindgen::callbacks::{MacroParsingBehavior, ParseCallbacks};

/// The beginnings of the names that an allowlist's lines mean, up to what is special in a regular
/// expression.
#[derive(Debug)]
pub struct Wanted(Vec<&'static str>);

impl Wanted {
    /// Of the lines of an allowlist.
    pub fn of(lines: impl Iterator<Item = &'static str>) -> Wanted {
        let special = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        Wanted(lines.map(|line| line.split(special).next().unwrap_or(line)).collect())
    }
}

impl ParseCallbacks for Wanted {
    fn will_parse_macro(&self, name: &str) -> MacroParsingBehavior {
        if self.0.iter().any(|start| name.starts_with(start)) {
            MacroParsingBehavior::Default
        } else {
            MacroParsingBehavior::Ignore
        }
    }
}
