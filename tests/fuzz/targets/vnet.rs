// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! libFuzzer's entry to [`tap_fuzz::vnet`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tap_fuzz::vnet::run(input));
