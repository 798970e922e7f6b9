// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What is not the same everywhere.

use std::fmt;

use crate::view::View;
use crate::words::Names;

/// A name of which not all say the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The name.
    pub name: String,
    /// What is said, and by whom.
    said: Vec<(String, Vec<String>)>,
}

const MISSING: &str = "not there";

/// What the views differ in. What one lacks counts only if the driver `needs` it.
pub fn between(views: &[&View], needs: impl Fn(&str) -> bool) -> Vec<Difference> {
    let names: Names = views.iter().flat_map(|view| view.said.keys().cloned()).collect();
    names
        .into_iter()
        .filter_map(|name| Difference::new(name, views))
        .filter(|one| needs(&one.name) || one.said.iter().all(|(text, _)| text != MISSING))
        .collect()
}

impl Difference {
    fn new(name: String, views: &[&View]) -> Option<Self> {
        let mut said: Vec<(String, Vec<String>)> = Vec::new();
        for view in views {
            let text = view.said.get(&name).map_or(MISSING, String::as_str);
            match said.iter_mut().find(|(known, _)| known == text) {
                Some((_, labels)) => labels.push(view.label.clone()),
                None => said.push((text.into(), vec![view.label.clone()])),
            }
        }
        (said.len() > 1).then_some(Self { name, said })
    }

    /// Whether one of them says what none of these does.
    pub fn is_beside(&self, known: &[&str]) -> bool {
        self.said.iter().any(|(_, labels)| !labels.iter().any(|label| known.contains(&&**label)))
    }
}

impl fmt::Display for Difference {
    /// One line for each text; of long ones what all have in common is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONG: usize = 12;
        let texts: Vec<Vec<&str>> =
            self.said.iter().map(|(text, _)| text.split(' ').collect()).collect();
        let least = texts.iter().map(Vec::len).min().unwrap_or(0);
        let same = |at: &dyn Fn(&Vec<&str>) -> Option<String>| {
            texts.windows(2).all(|pair| at(&pair[0]) == at(&pair[1]))
        };
        let word = |text: &Vec<&str>, at: usize| text.get(at).map(ToString::to_string);
        let head = (0..least).take_while(|at| same(&|text| word(text, *at))).count();
        let tail = (0..least - head)
            .take_while(|at| same(&|text| word(text, text.len() - 1 - at)))
            .count();
        // A few words of it tell where one is.
        let (head, tail) = (head.saturating_sub(LONG), tail.saturating_sub(LONG));
        for (text, (_, labels)) in texts.iter().zip(&self.said) {
            let middle = text[head..text.len() - tail].join(" ");
            let (before, after) = (dots(head), dots(tail));
            write!(f, "\n    {}: {before}{middle}{after}", labels.join(", "))?;
        }
        Ok(())
    }
}

fn dots(left_out: usize) -> &'static str {
    if left_out == 0 {
        ""
    } else {
        " ... "
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(label: &str, said: &[(&str, &str)]) -> View {
        let said = said.iter().map(|(name, what)| (name.to_string(), what.to_string())).collect();
        View { label: label.into(), said }
    }

    #[test]
    fn what_differs_is_told_with_who_says_what() {
        let first = view("1", &[("f", "fn f ()"), ("same", "4"), ("gone", "1")]);
        let second = view("2", &[("f", "fn f (u8)"), ("same", "4")]);
        let third = view("3", &[("f", "fn f ()"), ("same", "4")]);
        let found = between(&[&first, &second, &third], |_| true);
        let told: Vec<_> = found.iter().map(|one| format!("{}{one}", one.name)).collect();
        assert_eq!(
            told,
            ["f\n    1, 3: fn f ()\n    2: fn f (u8)", "gone\n    1: 1\n    2, 3: not there"]
        );
        assert!(found[0].is_beside(&["1"]) && !found[0].is_beside(&["1", "2"]));
        assert_eq!(between(&[&first, &second], |name| name != "gone").len(), 1);
        assert!(between(&[&first, &third], |name| name == "f").is_empty());
    }

    #[test]
    fn of_long_texts_the_middle_is_shown() {
        let text = |middle: &str| format!("{} {middle} {}", "a ".repeat(30), "b ".repeat(30));
        let (first, second) = (view("1", &[("f", &text("x"))]), view("2", &[("f", &text("y z"))]));
        let told = between(&[&first, &second], |_| true)[0].to_string();
        assert!(told.contains(" x ") && told.contains(" y z "), "{told}");
        assert!(told.len() < 200 && told.contains("..."), "{told}");
    }
}
