// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The built module's checksum and segmentation offload: packets that only the kernel's TCP would
//! send, and each packet that a write makes.

mod batch;
#[path = "../built/mod.rs"]
mod built;
#[path = "../ifconfig/mod.rs"]
mod ifconfig;
mod local;
mod memory;
mod read;
mod refused;
mod segments;
mod stack;
mod tap;
mod tcp;
mod write;
