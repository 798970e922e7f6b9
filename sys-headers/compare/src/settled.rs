// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The differences that `docs/boundary.md` settles: the names in the first column of its tables.

use std::path::Path;

use anyhow::{Context, Result};

use crate::words::Names;

/// The names of both tables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What the releases differ in.
    pub releases: Names,
    /// What a header set and a source tree differ in.
    pub trees: Names,
}

impl Settled {
    /// Reads the document.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("docs/boundary.md");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut settled = Self::default();
        let mut table = None;
        for line in text.lines() {
            if line.starts_with('#') {
                table = None;
            } else if line.starts_with("| between releases |") {
                table = Some(&mut settled.releases);
            } else if line.starts_with("| between headers and tree |") {
                table = Some(&mut settled.trees);
            } else if let (Some(names), Some(cell)) = (&mut table, line.split('|').nth(1)) {
                names.extend(cell.split('`').skip(1).step_by(2).map(String::from));
            }
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_names_what_is_settled() {
        let settled = Settled::parse(
            "| other | `x` |\n| between releases | why |\n| --- | --- |\n| `a`, `b.c` | `d` |\n\n\
            | between headers and tree | why |\n| --- | --- |\n| `e` | |\n# Next\n| `f` | |\n",
        );
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let wanted = Settled { releases: names(&["a", "b.c"]), trees: names(&["e"]) };
        assert_eq!(settled, wanted);
    }
}
