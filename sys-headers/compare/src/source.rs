// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the compiler's preprocessor sees of the shim and the headers that it includes: macros, and
//! inline functions, which are in no bindings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::target::Target;
use crate::words::{self, Names};

/// By name, how each is defined.
pub type Definitions = BTreeMap<String, String>;

/// A preprocessed text, taken apart.
#[derive(Debug, Default)]
pub struct Source {
    /// The macros that are defined at its end.
    pub macros: Definitions,
    /// The static functions of the headers.
    pub inlines: Definitions,
    /// The names that the shim uses, macros expanded.
    pub shim: Names,
}

impl Source {
    /// Preprocesses the shim's files and `sys-headers/kpi.h`, one behind the other.
    pub fn of(root: &Path, target: &Target) -> Result<Self> {
        let mut command = Command::new(std::env::var("TAP_CC").unwrap_or("clang-14".into()));
        command.args(["-E", "-dD", "-x", "c"]).args(target.clang_args());
        command.arg("-I").arg(root.join("shim"));
        command.arg("-include").arg(root.join("sys-headers/kpi.h"));
        for file in shim(root)? {
            command.arg("-include").arg(file);
        }
        let output = command.arg("/dev/null").output();
        let output = output.with_context(|| format!("{:?}", command.get_program()))?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let own = root.join("shim").display().to_string();
        Ok(Self::parse(&String::from_utf8_lossy(&output.stdout), &own))
    }

    /// Takes a text apart; what is marked as a file's whose name begins with `own` is the shim's.
    fn parse(text: &str, own: &str) -> Self {
        let mut source = Self::default();
        let (mut shim, mut headers) = (String::new(), String::new());
        let mut in_shim = false;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("#define ") {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let (name, body) = rest.split_at(end.unwrap_or(rest.len()));
                source.macros.insert(name.into(), words::of(body).join(" "));
            } else if let Some(name) = line.strip_prefix("#undef ") {
                source.macros.remove(name.trim());
            } else if let Some(mark) = line.strip_prefix("# ") {
                let file = mark.split('"').nth(1).unwrap_or("");
                in_shim = file.starts_with(own);
            } else {
                let text = if in_shim { &mut shim } else { &mut headers };
                text.push_str(line);
                text.push('\n');
            }
        }
        source.shim = words::names(&shim);
        source.inlines = inlines(&words::of(&headers));
        source
    }

    /// The names, and those that the macros and functions of these names lead to.
    pub fn closure(&self, names: &Names) -> Names {
        let mut found = Names::new();
        let mut left: Vec<String> = names.iter().cloned().collect();
        while let Some(name) = left.pop() {
            if !found.contains(&name) {
                for text in [self.macros.get(&name), self.inlines.get(&name)].into_iter().flatten()
                {
                    left.extend(words::names(text));
                }
                found.insert(name);
            }
        }
        found
    }
}

/// The shim's files of C.
fn shim(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["shim", "shim/helpers"] {
        for file in std::fs::read_dir(root.join(folder))? {
            files.push(file?.path());
        }
    }
    files.retain(|path| path.extension().is_some_and(|suffix| suffix == "c"));
    files.sort();
    Ok(files)
}

/// The lines by which the shim includes the kernel's headers.
pub fn includes(root: &Path) -> Result<String> {
    let mut lines = String::new();
    for file in shim(root)? {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        text.lines().filter(|line| line.starts_with("#include <")).for_each(|line| {
            lines.push_str(line);
            lines.push('\n');
        });
    }
    Ok(lines)
}

/// The static functions that are defined in a text, without what asserts nothing.
fn inlines(words: &[&str]) -> Definitions {
    let mut found = Definitions::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" | "{" | "[" => depth += 1,
            ")" | "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let body_ends = *word == "}" && words[start..at].contains(&"static");
        if depth == 0 && (*word == ";" || body_ends) {
            let definition = &words[start..=at];
            if let (true, Some(name)) = (body_ends, function_name(definition)) {
                found.insert(name.into(), without_assertions(definition).join(" "));
            }
            start = at + 1;
        }
    }
    found
}

/// The name before the list of arguments, which stands before the body; attributes have
/// parentheses too.
fn function_name<'a>(words: &[&'a str]) -> Option<&'a str> {
    let body = words.iter().position(|word| *word == "{")?;
    let mut depth = 0_usize;
    let mut name = None;
    for (word, next) in words[..body].iter().zip(&words[1..]) {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            word if depth == 0 && *next == "(" && word != "__attribute__" => name = Some(word),
            _ => {}
        }
    }
    name.filter(|name| words::is_name(name))
}

/// What KASSERT(9) leaves without DIAGNOSTIC, `((void)0);` or `((void)sizeof(...));`, is nothing.
fn without_assertions<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut rest = words;
    while let Some(word) = rest.first() {
        let empty =
            ["0", "sizeof"].iter().any(|what| rest.starts_with(&["(", "(", "void", ")", what]));
        let end = rest.iter().position(|word| *word == ";").filter(|_| empty);
        if end.is_none() {
            kept.push(*word);
        }
        rest = &rest[end.map_or(1, |end| end + 1)..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# 1 \"/k/sys/a.h\" 1\n\
        #define A 1\n#define A (1  + B)\n#define B 2\n#define GONE\n#undef GONE\n\
        struct s { int x; };\nint f(void);\n\
        static __inline __attribute__((__unused__)) int\ng(struct s *s)\n{\n\
        \x20((void)sizeof((long)(s != 0)));\n ((void)0);\n return h(s->x); }\n\
        static const int table[] = { 1 };\nstatic int h(int i) { return i; }\n\
        # 1 \"/own/shim/b.c\" 1\nstatic int own(void) { return g(0); }\n";

    #[test]
    fn macros_functions_and_the_shims_names_are_found() {
        let source = Source::parse(TEXT, "/own/shim");
        let defined = |list: &Definitions| list.keys().cloned().collect::<Vec<_>>();
        assert_eq!(defined(&source.macros), ["A", "B"]);
        assert_eq!(source.macros["A"], "( 1 + B )");
        assert_eq!(defined(&source.inlines), ["g", "h"]);
        assert!(source.inlines["g"].ends_with("{ return h ( s - > x ) ; }"));
        assert!(source.shim.contains("own") && !source.shim.contains("table"));
    }

    #[test]
    fn names_lead_to_others() {
        let source = Source::parse(TEXT, "/own/shim");
        let found = source.closure(&words::names("A g"));
        for name in ["A", "B", "g", "h", "x"] {
            assert!(found.contains(name), "{name}");
        }
        assert!(!found.contains("f"));
    }
}
