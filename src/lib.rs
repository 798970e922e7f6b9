// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! tap(4), NetBSD's virtual Ethernet interface, as a kernel module.
//!
//! The kernel reaches the driver through the C tables of `shim/register.c`; every entry of them is
//! a function of [`entry`], which turns C integers and pointers into types and calls the logic:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`gate`], [`channel`] | the concurrency core: calls in flight, the queue, sleepers, destruction |
//! | [`softc`], [`adapter`] | one interface: its parts and its references |
//! | [`attach`] | its beginning and end |
//! | [`cloner`] | units, create, destroy, the cloning open, load and unload |
//! | [`io`], [`batch`], [`ioctl`], [`event`] | the calls on a descriptor |
//! | [`input`], [`solo`] | passes frames from write(2) to the stack, in order |
//! | [`ifnet`], [`sysctl`] | the calls of the network stack and of the administrator |
//! | [`ether`], [`unit`] | addresses, frame bounds and numbers: pure |
//! | [`lockfree`] | what many threads share without a lock |
//! | [`offload`] | checksums and segments that are left to the other side: pure |
//! | [`vnet`] | frames behind an offload header |
//! | [`kern`] | a safe interface to the kernel |
//!
//! Only [`kern`], [`lockfree`] and [`entry`] contain `unsafe`.

#![no_std]
#![deny(unused_crate_dependencies)]

pub mod adapter;
pub mod attach;
pub mod batch;
pub mod channel;
pub mod cloner;
pub mod entry;
pub mod ether;
pub mod event;
pub mod gate;
pub mod ifnet;
pub mod input;
pub mod io;
pub mod ioctl;
pub mod kern;
pub mod lockfree;
pub mod offload;
pub mod softc;
pub mod solo;
pub mod sysctl;
pub mod unit;
pub mod vnet;

/// Never reached: the module gate refuses an object in which any code of `core::panicking` is left.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    kern::systm::panic()
}
