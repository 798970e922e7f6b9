// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Runs the cases and reports them in TAP, the test anything protocol.
//!
//! A case that NetBSD's C driver is known to fail is reported there as TODO with its fault's
//! number; one that it would not survive is skipped unless asked for by name.

use core::fmt;

use crate::case::{Case, Failure, Verdict};
use crate::cases;
use crate::ctx::{Ctx, Module};
use crate::errno::Result;
use crate::sys::System;
use crate::text::Text;
use crate::user::{In, Plain};

/// What to run, on what.
#[derive(Clone, Copy)]
pub struct Config<'a> {
    /// The driver under test. It is loaded if it is not yet.
    pub module: Module<'a>,
    /// The driver is NetBSD's own: its known faults are expected.
    pub stock: bool,
    /// Beginnings of names, separated by commas, a whole name ending in `$`; empty: all.
    pub only: &'a str,
    /// Run what would panic or hang a kernel with NetBSD's own driver, there too.
    pub dangerous: bool,
    /// The number of the first case to run, from 1: a run goes on behind a case that ended the
    /// machine.
    pub from: u32,
}

/// How it went.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Kept promises.
    pub passed: u32,
    /// Broken promises.
    pub failed: u32,
    /// Broken as NetBSD's C driver is known to break them.
    pub expected: u32,
    /// Not run, each with its reason.
    pub skipped: u32,
}

pub(crate) fn selected(only: &str, name: &str) -> bool {
    let fits = |part: &str| match part.strip_suffix('$') {
        Some(whole) => name == whole,
        None => !part.is_empty() && name.starts_with(part),
    };
    only.is_empty() || only.split(',').any(fits)
}

/// Calls `f` with the selected cases in the order in which they run: those that are dangerous to
/// NetBSD's C driver come last.
pub fn in_order(only: &str, f: &mut dyn FnMut(&Case)) {
    for dangerous in [false, true] {
        cases::each(&mut |case| {
            if selected(only, case.name) && case.dangerous == dangerous {
                f(case);
            }
        });
    }
}

/// How many cases the selection has.
pub fn count(only: &str) -> u32 {
    let mut n = 0;
    in_order(only, &mut |_| n += 1);
    n
}

/// Runs the selected cases.
pub fn run(sys: System, config: &Config<'_>) -> Result<Summary> {
    match sys.modload(config.module.path) {
        Ok(()) | Err(crate::Errno::EEXIST) => {}
        Err(e) => return Err(e),
    }
    let ctx = Ctx::new(sys, config.module)?;
    be_quiet(sys);
    let mut summary = Summary::default();
    let mut number = 0;
    sys.line(Text::<64>::of(format_args!("1..{}", count(config.only))).as_str());
    in_order(config.only, &mut |case| {
        number += 1;
        if number >= config.from {
            one(&ctx, config, case, number, &mut summary);
        }
    });
    let Summary { passed, failed, expected, skipped } = summary;
    sys.line(
        Text::<160>::of(format_args!(
            "# {passed} passed, {failed} failed, {expected} failed as known, {skipped} skipped"
        ))
        .as_str(),
    );
    sys.close(ctx.socket)?;
    Ok(summary)
}

/// Keeps the stack from sending frames of its own accord, where it can be told: no duplicate
/// address detection, no link-local address unless a case asks for one.
pub(crate) fn be_quiet(sys: System) {
    for name in ["net.inet.ip.dad_count", "net.inet6.ip6.auto_linklocal"] {
        // A kernel without the protocol has no such node, and then needs none.
        set_int(sys, name, 0).unwrap_or(());
    }
}

/// Sets an integer by name.
pub fn set_int(sys: System, name: &str, value: i32) -> Result<()> {
    sys.sysctl_set(name, In::bytes(value.as_bytes()))
}

fn one(ctx: &Ctx, config: &Config<'_>, case: &Case, number: u32, summary: &mut Summary) {
    let name = case.name;
    let report = |line: core::fmt::Arguments<'_>| ctx.sys.line(Text::<400>::of(line).as_str());
    if let Some(need) = case.needs.iter().find(|need| !ctx.sys.has(**need)) {
        summary.skipped += 1;
        report(format_args!("ok {number} - {name} # SKIP needs {need:?}"));
        return;
    }
    if config.stock && case.dangerous && !config.dangerous {
        summary.skipped += 1;
        let faults = Faults(case.differs);
        report(format_args!("ok {number} - {name} # SKIP would not survive {faults}"));
        return;
    }
    let faults = Faults(if config.stock { case.differs } else { &[] });
    report(format_args!("# begin {name} {faults}"));
    match (verdict(ctx, case), faults) {
        (Ok(()), faults) if case.unseen || faults.0.is_empty() => {
            summary.passed += 1;
            report(format_args!("ok {number} - {name}"));
        }
        (Ok(()), faults) => {
            summary.passed += 1;
            report(format_args!("ok {number} - {name} # TODO {faults} did not show"));
        }
        (Err(Failure(why)), Faults([])) => {
            summary.failed += 1;
            report(format_args!("not ok {number} - {name} # {why}"));
        }
        (Err(Failure(why)), faults) => {
            summary.expected += 1;
            report(format_args!("not ok {number} - {name} # TODO {faults}: {why}"));
        }
    }
}

/// Numbers of faults as a word: "F6,F5a", or "-" for none.
#[derive(Clone, Copy)]
struct Faults<'a>(&'a [&'a str]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else { return f.write_str("-") };
        f.write_str(first)?;
        rest.iter().try_for_each(|fault| write!(f, ",{fault}"))
    }
}

/// The case's verdict, and then the driver's own on what it left.
fn verdict(ctx: &Ctx, case: &Case) -> Verdict {
    let result = (case.run)(ctx);
    // A case about the module may have ended with it unloaded.
    if !loaded(ctx) {
        if let Err(e) = ctx.load() {
            return result.and(Err(Failure::of(format_args!("loading again: {e}"))));
        }
    }
    let left = ctx.clean();
    result.and(left)
}

fn loaded(ctx: &Ctx) -> bool {
    ctx.sys.modstat(ctx.module.name).is_ok_and(|stat| stat.name != <[u8; 32]>::zeroed())
}

/// Whether the stack makes link-local addresses: only cases about IPv6 want that.
pub fn set_linklocal(sys: System, on: bool) -> Result<()> {
    set_int(sys, "net.inet6.ip6.auto_linklocal", i32::from(on))
}
