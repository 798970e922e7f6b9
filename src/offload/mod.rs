// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksum and segmentation offload, as far as it can be told from bytes. Pure: no kernel, no
//! unsafe, and no more of a frame than its first [`packet::FRONT`] bytes but where it is summed.
//!
//! A program that has asked for it writes and reads a virtio-net header before each frame.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`header`] | the header, what may be in it, and what is to be done with a frame written |
//! | [`packet`] | where the headers of a TCP or UDP packet end |
//! | [`checksum`] | the Internet checksum over pieces of memory |
//! | [`cut`] | a large TCP packet, and the segments that it stands for |
#![forbid(unsafe_code)]

pub mod checksum;
pub mod cut;
pub mod header;
pub mod packet;
