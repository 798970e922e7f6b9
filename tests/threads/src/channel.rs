// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the channel asks of the frames that it carries.

#[path = "../../../src/channel/port.rs"]
pub mod port;
