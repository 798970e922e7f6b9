// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The Internet checksum over pieces of memory.

use proptest::prelude::*;
use tap_model::offload::checksum::{Sum, TCP_OFFSET, UDP_OFFSET};
use tap_model::wire;

fn of(pieces: &[&[u8]]) -> Sum {
    let mut sum = Sum::new();
    for piece in pieces {
        sum.add(piece);
    }
    sum
}

#[test]
fn sum_of_known_bytes() {
    // The example of RFC 1071, section 3.
    let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    assert_eq!(of(&[&bytes]).seed(), [0xdd, 0xf2]);
    assert_eq!(of(&[&bytes]).checksum(), [0x22, 0x0d]);
    assert_eq!(of(&[]).seed(), [0, 0]);
    assert_eq!(of(&[&[]]).checksum(), [0xff, 0xff]);
    assert_eq!(of(&[&[0x12]]).seed(), [0x12, 0]);
    assert_eq!(of(&[&[0x12], &[0x34]]).seed(), [0x12, 0x34]);
    assert_eq!(of(&[&[0x12], &[], &[0x34, 0x56], &[0x78]]).seed(), [0x68, 0xac]);
}

#[test]
fn sum_carries_go_around() {
    for len in 0..300 {
        let ones = vec![0xff; len];
        let sum = of(&[&ones]).seed();
        assert_eq!(u16::from_be_bytes(sum), wire::sum(&ones), "{len} bytes of ones");
    }
    let mut carry = vec![0xff; 64];
    carry.extend([0, 1]);
    assert_eq!(of(&[&carry]).seed(), [0, 1]);
}

#[test]
fn checksum_of_zero_is_written_for_udp_in_its_other_form() {
    let zero = of(&[&[0xff, 0xff]]);
    assert_eq!(zero.checksum(), [0, 0]);
    assert_eq!(zero.completed(UDP_OFFSET), [0xff, 0xff]);
    assert_eq!(zero.completed(TCP_OFFSET), [0, 0]);
    assert_eq!(zero.completed(8), [0, 0]);
    assert_eq!(of(&[&[0, 1]]).completed(UDP_OFFSET), [0xff, 0xfe]);
    assert_eq!(of(&[]).completed(UDP_OFFSET), [0xff, 0xff]);
}

proptest! {
    #[test]
    fn sum_equals_the_reference_however_memory_is_cut(
        bytes in proptest::collection::vec(any::<u8>(), 0..700),
        mut cuts in proptest::collection::vec(0usize..700, 0..8),
    ) {
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(bytes.len()));
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let sum = of(&pieces);
        prop_assert_eq!(u16::from_be_bytes(sum.seed()), wire::sum(&bytes));
        prop_assert_eq!(u16::from_be_bytes(sum.checksum()), !wire::sum(&bytes));
    }

    #[test]
    fn sum_of_a_large_frame(len in 60_000usize..65_536, step: u8, odd in 0usize..9) {
        let bytes: Vec<u8> = (0..len).map(|index| (index as u8).wrapping_mul(step)).collect();
        let (front, rest) = bytes.split_at(odd);
        prop_assert_eq!(u16::from_be_bytes(of(&[front, rest]).seed()), wire::sum(&bytes));
    }
}
