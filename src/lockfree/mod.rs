// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Data structures that many threads and soft interrupts share without a lock.
//!
//! They know nothing of tap(4). From the kernel they use only memory, packets and error numbers.
//! Here `unsafe` concerns ownership of the driver's own memory; in [`crate::kern`] it concerns the
//! contracts of the kernel's functions. Two invariants hold for this module:
//!
//! - A pointer that one of these structures holds is a counted reference ([`arc`]). Whoever takes
//!   the pointer out, with a swap, takes the reference over.
//! - A list has any number of writers, who add at its front with a compare-and-swap, and is taken
//!   out as a whole with a swap. Single elements are never removed, so a compare-and-swap cannot
//!   mistake one that was removed and added again for one that never left (the ABA problem).
//!
//! | module | what it is |
//! | --- | --- |
//! | [`arc`] | a counted reference whose value is freed late, by a thread |
//! | [`table`] | the values that are attached, by unit |
//! | [`mailbox`] | references on their way to a soft interrupt |
//! | [`inputq`] | packets on their way to a soft interrupt |
//! | [`atomic`] | atomics, by the name that the tests replace with loom's |

pub mod arc;
pub mod atomic;
pub mod inputq;
pub mod mailbox;
pub mod table;
