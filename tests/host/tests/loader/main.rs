// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's loader: what NetBSD's refuses, or loads wrongly, is refused; what it takes runs.

mod files;
mod modules;
mod object;
mod sections;
mod symbols;
