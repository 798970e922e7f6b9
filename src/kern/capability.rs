// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What an interface does in the stack's place, IFCAP_*.

use core::ffi::c_void;
use core::ptr;

use bitflags::bitflags;

use super::ifnet::{Interface, Locked};
use super::ioctl::Command;
use super::kpi;

bitflags! {
    /// Capabilities of an interface, IFCAP_*.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Capabilities: u64 {
        /// It cuts large TCP packets of IPv4 that go out.
        const TSO4 = kpi::IFCAP_TSOv4 as u64;
        /// It cuts large TCP packets of IPv6 that go out.
        const TSO6 = kpi::IFCAP_TSOv6 as u64;
        /// It completes the checksums of what goes out.
        const SEND = (kpi::IFCAP_CSUM_TCPv4_Tx | kpi::IFCAP_CSUM_UDPv4_Tx
            | kpi::IFCAP_CSUM_TCPv6_Tx | kpi::IFCAP_CSUM_UDPv6_Tx) as u64;
        /// It verifies the checksums of what comes in.
        const RECEIVE = (kpi::IFCAP_CSUM_TCPv4_Rx | kpi::IFCAP_CSUM_UDPv4_Rx
            | kpi::IFCAP_CSUM_TCPv6_Rx | kpi::IFCAP_CSUM_UDPv6_Rx) as u64;
        /// It passes up large TCP packets.
        const LRO = kpi::IFCAP_LRO as u64;
        /// Both are needed to pass up a large TCP packet of IPv4 whole. ifconfig(8) has no word for
        /// LRO, but has one for the checksum.
        const WHOLE = (kpi::IFCAP_LRO | kpi::IFCAP_CSUM_TCPv4_Rx) as u64;
    }
}

impl Interface {
    /// Those that are enabled.
    pub fn enabled(&self) -> Capabilities {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.ifp()).if_capenable };
        // SAFETY: the stack writes the field in one piece.
        Capabilities::from_bits_retain(unsafe { field.read_volatile() })
    }

    /// Changes what the interface offers, and what of it is enabled, which is part of it. Only for
    /// a call in flight.
    #[inline(never)]
    pub fn set_capabilities(
        &self,
        _locked: &Locked<'_>,
        offered: Capabilities,
        enabled: Capabilities,
    ) {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw mut (*self.ifp()).if_capabilities };
        // The stack refuses to enable what is not offered.
        // SAFETY: IFNET_LOCK is held against other writers.
        unsafe { field.write_volatile((self.enabled() | offered | enabled).bits()) };
        // SAFETY: zero is a value of its type.
        let mut request: kpi::ifcapreq = unsafe { core::mem::zeroed() };
        request.ifcr_capenable = enabled.bits();
        let data: *mut c_void = ptr::from_mut(&mut request).cast();
        // The answer is 0, or ENETRESET while the interface is up.
        // SAFETY: attached, as the caller is in flight; the argument is of the command's type.
        unsafe { kpi::ifioctl_common(self.ifp(), Command::SIOCSIFCAP.raw(), data) };
        // SAFETY: IFNET_LOCK is held against other writers.
        unsafe { field.write_volatile(offered.bits()) };
    }
}
