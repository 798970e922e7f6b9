// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Data structures that many threads and soft interrupts share without a lock.
//!
//! They know nothing of tap(4), and of the kernel only memory, packets and error numbers. Here
//! `unsafe` is about ownership in memory of the driver's own, where in [`crate::kern`] it is about
//! the contracts of the kernel's functions. Two invariants hold for the whole room:
//!
//! - A pointer that one of these structures holds is a counted reference ([`arc`]). Whoever takes
//!   the pointer out, with a swap, takes the reference over.
//! - A list has any number of writers, who add at its front with a compare-and-swap, and is taken
//!   out as a whole with a swap. No element leaves alone, so a compare-and-swap can never mistake
//!   one that was removed and added again for one that never left.
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
