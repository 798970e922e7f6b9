// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! C and Rust as words: as much of their grammar as tells names from the rest.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

/// Names.
pub type Names = BTreeSet<String>;

/// The words of a text: names, numbers, literals, and signs one by one. Comments are none.
pub fn of(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '/' if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            '/' if rest.starts_with("//") => rest.find('\n'),
            '"' => string(rest),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            }
            c => Some(c.len_utf8()),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        if !word.starts_with("/*") && !word.starts_with("//") {
            words.push(word);
        }
        rest = after.trim_start();
    }
    words
}

/// Where a string literal ends.
fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

/// Whether a word is a name.
pub fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The names in a text.
pub fn names(text: &str) -> Names {
    of(text).into_iter().filter(|word| is_name(word)).map(String::from).collect()
}

/// The names in all files of a folder and of those below it.
pub fn names_below(folder: &Path) -> Result<Names> {
    let mut found = Names::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(names_below(&path)?);
        } else {
            let text = std::fs::read_to_string(&path);
            found.extend(names(&text.with_context(|| path.display().to_string())?));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let text = "int\tf(a_1 *p /* no\n*/, \"x \\\" y\") // no\n{ return p->q[07u]; }";
        let wanted = [
            "int",
            "f",
            "(",
            "a_1",
            "*",
            "p",
            ",",
            "\"x \\\" y\"",
            ")",
            "{",
            "return",
            "p",
            "-",
            ">",
            "q",
            "[",
            "07u",
            "]",
            ";",
            "}",
        ];
        assert_eq!(of(text), wanted);
        assert_eq!(names("a 1 + _b \"c\"").into_iter().collect::<Vec<_>>(), ["_b", "a"]);
        assert_eq!(of("\"open"), ["\"open"]);
    }
}
