// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Kernel functions by what they are for.

/// What a kernel function is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    /// Memory and mbufs, allocated and freed.
    Memory,
    /// Mutexes, the kernel lock, interrupt levels, preemption.
    Locks,
    /// Bytes copied.
    Copies,
    /// Others woken, and soft interrupts scheduled.
    Wakes,
    /// Waits, and records of who will.
    Waits,
    /// bpf(4) and pfil(9).
    Taps,
    /// The interface's counters.
    Counters,
    /// Anything else.
    Other,
}

impl Service {
    /// All of them, in the order of the table.
    pub const ALL: [Service; 8] = [
        Service::Memory,
        Service::Locks,
        Service::Copies,
        Service::Wakes,
        Service::Waits,
        Service::Taps,
        Service::Counters,
        Service::Other,
    ];

    /// The table's heading.
    pub fn heading(self) -> &'static str {
        match self {
            Service::Memory => "memory",
            Service::Locks => "locks",
            Service::Copies => "copies",
            Service::Wakes => "wakes",
            Service::Waits => "waits",
            Service::Taps => "bpf, pfil",
            Service::Counters => "counters",
            Service::Other => "other",
        }
    }

    /// What a kernel function is for.
    pub fn of(function: &str) -> Service {
        match function {
            "kern_malloc" | "kern_free" | "m_free" | "m_freem" => Service::Memory,
            "uiomove" | "copyin" | "copyout" | "m_copydata" => Service::Copies,
            "spllower" | "splraise" => Service::Locks,
            "cv_signal" | "cv_broadcast" | "selnotify" | "softint_schedule" | "fownsignal"
            | "knote_set_eof" | "if_percpuq_enqueue" => Service::Wakes,
            "kpause" => Service::Waits,
            "pfil_run_hooks" => Service::Taps,
            "percpu_getref" | "percpu_putref" => Service::Counters,
            _ => by_prefix(function),
        }
    }
}

/// Families of functions.
const FAMILIES: [(&str, Service); 11] = [
    ("kmem_", Service::Memory),
    ("m_get", Service::Memory),
    ("m_clget", Service::Memory),
    ("mem", Service::Copies),
    ("mutex_", Service::Locks),
    ("_kernel_", Service::Locks),
    ("kpreempt_", Service::Locks),
    ("cv_wait", Service::Waits),
    ("cv_timedwait", Service::Waits),
    ("selre", Service::Waits),
    ("bpf_", Service::Taps),
];

fn by_prefix(function: &str) -> Service {
    let family = FAMILIES.iter().find(|(prefix, _)| function.starts_with(prefix));
    family.map_or(Service::Other, |(_, service)| *service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_apart() {
        for (function, service) in [
            ("kmem_zalloc", Service::Memory),
            ("m_getcl", Service::Memory),
            ("m_freem", Service::Memory),
            ("memcpy", Service::Copies),
            ("uiomove", Service::Copies),
            ("mutex_spin_enter", Service::Locks),
            ("_kernel_lock", Service::Locks),
            ("kpreempt_disable", Service::Locks),
            ("cv_signal", Service::Wakes),
            ("cv_wait_sig", Service::Waits),
            ("cv_timedwait_sig", Service::Waits),
            ("selrecord", Service::Waits),
            ("selremove_knote", Service::Waits),
            ("bpf_ops->bpf_mtap", Service::Taps),
            ("percpu_getref", Service::Counters),
            ("getticks", Service::Other),
        ] {
            assert_eq!(Service::of(function), service, "{function}");
        }
    }

    #[test]
    fn each_has_a_column_of_its_own() {
        let headings: std::collections::BTreeSet<_> = Service::ALL.map(Service::heading).into();
        assert_eq!(headings.len(), Service::ALL.len());
    }
}
