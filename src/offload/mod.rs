// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksum and segmentation offload, as far as the bytes of a packet determine it. Pure: no kernel
//! and no unsafe. It reads only the first [`packet::FRONT`] bytes of a frame, except to compute a
//! checksum.
//!
//! A program that has asked for it writes and reads a virtio-net header before each frame.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`header`] | the header, what may be in it, and what is to be done with a frame written |
//! | [`packet`] | where the headers of a TCP or UDP packet end |
//! | [`checksum`] | the Internet checksum over pieces of memory |
//! | [`jumbo`] | IPv6's option for the length of a packet of more than 65535 bytes |
//! | [`cut`] | a large TCP packet, and the segments that it is cut into |
#![forbid(unsafe_code)]

pub mod checksum;
pub mod cut;
pub mod header;
pub mod jumbo;
pub mod packet;
