// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Counts the calls that a module makes to its kernel: each import resolves to a gate in a
//! module's reach, which counts the call, and the bytes that it is asked to copy, and jumps on.
//!
//! Gates are asked for [before the first module is loaded](open). They do not lock what they add
//! to: one thread runs at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::OnceLock;

use crate::arch::gate::{gate, GATE};
use crate::arch::Length;
use crate::host_panic;
use crate::loader::arena::{Access, Pages};
use crate::loader::symbols::Resolved;
use crate::loader::PAGE;

/// What one gate counts.
#[repr(C)]
#[derive(Default)]
struct Counter {
    calls: AtomicU64,
    bytes: AtomicU64,
}

/// The calls of one kernel function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calls {
    /// Which function.
    pub name: &'static str,
    /// How many calls.
    pub calls: u64,
    /// How many bytes they were to copy.
    pub bytes: u64,
}

/// The functions that copy bytes.
const COPIES: [(&str, Length); 6] = [
    ("uiomove", Length::Second),
    ("copyin", Length::Third),
    ("copyout", Length::Third),
    ("memcpy", Length::Third),
    ("memmove", Length::Third),
    ("m_copydata", Length::ThirdInt),
];

/// What the host counts itself: calls by way of `bpf_ops`, which is a variable.
const BPF_MTAP: &str = "bpf_ops->bpf_mtap";

struct Gates {
    /// The gates' code, which modules refer to.
    _code: Pages,
    counters: Vec<(&'static str, Counter)>,
}

static ASKED: AtomicBool = AtomicBool::new(false);
static BPF_MTAPS: AtomicU64 = AtomicU64::new(0);
static GATES: OnceLock<Gates> = OnceLock::new();

/// Counts the calls of modules. Only before the first one is loaded.
pub fn open() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Puts a gate before each function, if they were asked for.
pub(crate) fn interpose(symbols: &mut BTreeMap<&'static str, Resolved>) {
    if ASKED.load(Ordering::Relaxed) {
        GATES.get_or_init(|| Gates::new(symbols));
    }
}

/// A driver has called bpf_mtap.
pub(crate) fn bpf_mtap() {
    BPF_MTAPS.fetch_add(1, Ordering::Relaxed);
}

/// All counts so far, always in the same order.
pub fn counts() -> Vec<Calls> {
    let gates = GATES.get().into_iter().flat_map(|gates| &gates.counters);
    let of = |(name, counter): &(&'static str, Counter)| Calls {
        name,
        calls: counter.calls.load(Ordering::Relaxed),
        bytes: counter.bytes.load(Ordering::Relaxed),
    };
    let bpf = Calls { name: BPF_MTAP, calls: BPF_MTAPS.load(Ordering::Relaxed), bytes: 0 };
    gates.map(of).chain([bpf]).collect()
}

impl Gates {
    fn new(symbols: &mut BTreeMap<&'static str, Resolved>) -> Gates {
        let functions = || symbols.iter().filter(|(_, resolved)| resolved.function);
        let counters: Vec<_> = functions().map(|(name, _)| (*name, Counter::default())).collect();
        let Some(mut pages) = Pages::new((counters.len() * GATE).next_multiple_of(PAGE)) else {
            host_panic!("no memory for gates");
        };
        let targets = symbols.values_mut().filter(|resolved| resolved.function);
        for (at, (target, (name, counter))) in targets.zip(&counters).enumerate() {
            pages.write(at * GATE, &gate(address_of(counter), length_of(name), target.address));
            target.address = (pages.start() + at * GATE) as u64;
        }
        pages.protect(0, (counters.len() * GATE).next_multiple_of(PAGE), Access::Execute);
        Gates { _code: pages, counters }
    }
}

fn address_of(counter: &Counter) -> u64 {
    std::ptr::from_ref(counter) as u64
}

fn length_of(name: &str) -> Option<Length> {
    COPIES.iter().find(|(copies, _)| *copies == name).map(|(_, length)| *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = extern "C" fn(u64, u64, u64, u64, u64, u64) -> u64;

    extern "C" fn sum(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> u64 {
        [a, b, c, d, e, f].iter().enumerate().map(|(i, n)| n << (8 * i)).sum()
    }

    /// Calls through gates for these names, and what they count.
    fn through(names: &[&'static str]) -> Vec<(u64, u64)> {
        let resolved = Resolved { address: sum as *const () as u64, function: true };
        let mut symbols: BTreeMap<_, _> = names.iter().map(|name| (*name, resolved)).collect();
        let variable = Resolved { address: 7, function: false };
        symbols.insert("a variable", variable);
        let gates = Gates::new(&mut symbols);
        assert_eq!(symbols.get("a variable"), Some(&variable));
        for name in names {
            assert_ne!(symbols[name].address, resolved.address);
            // SAFETY: a gate that jumps to a function of that type.
            let gate: Function = unsafe { std::mem::transmute(symbols[name].address) };
            for third in [3, 0xffff_ffff_0000_0003] {
                assert_eq!(gate(1, 2, third, 4, 5, 6), sum(1, 2, third, 4, 5, 6), "{name}");
            }
        }
        let read = |(_, counter): &(_, Counter)| {
            (counter.calls.load(Ordering::Relaxed), counter.bytes.load(Ordering::Relaxed))
        };
        gates.counters.iter().map(read).collect()
    }

    #[test]
    fn a_gate_counts_and_leaves_the_arguments_alone() {
        assert_eq!(through(&["getticks"]), [(2, 0)]);
        assert_eq!(through(&["uiomove"]), [(2, 4)]);
        assert_eq!(through(&["memcpy"]), [(2, 0xffff_ffff_0000_0006)]);
        // An int's upper half is anything.
        assert_eq!(through(&["m_copydata"]), [(2, 6)]);
    }

    #[test]
    fn every_function_has_a_gate_of_its_own() {
        assert_eq!(through(&["cv_signal", "memmove", "mutex_exit"])[0], (2, 0));
        let names: Vec<&'static str> =
            (0..200).map(|n| &*Box::leak(format!("{n:03}").into_boxed_str())).collect();
        assert_eq!(through(&names), [(2, 0); 200]);
    }

    #[test]
    fn what_copies_is_exported() {
        let exported: Vec<_> = crate::kern::exports().map(|export| export.name).collect();
        for (name, _) in COPIES {
            assert!(exported.contains(&name), "{name}");
        }
    }
}
