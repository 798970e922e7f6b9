# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of src/offload, shown to the tests of tests/model: wrong acceptances, and wrong bytes."""

from mutant import Mutant

HEADER = "src/offload/header.rs"
PACKET = "src/offload/packet.rs"
CUT = "src/offload/cut.rs"
CHECKSUM = "src/offload/checksum.rs"
# Tests of more than one of them.
UNFIT = "header_of_a_large_packet_that_it_does_not_fit"
FIELD = "header_checksum_field_is_in_the_frame"
MARKED = "header_checksum_is_marked_if_it_is_the_packets_own"
TAKES = "header_what_a_reader_may_take"
LENGTH = "header_frame_length"
FLAGS = "cut_flags_are_where_they_belong"
SENSE = "cut_of_the_stacks_packet_refuses_what_makes_no_sense"


def offload(what, test, file, text, replacement):
    """A mutant of the offload."""
    return Mutant("offload", what, ((file, text, replacement),), test, kind="model")


MUTANTS = [
    offload("a header of 11 bytes", "header_lengths", HEADER, "0 | 10 | 12", "0 | 10..=12"),
    offload("an unknown bit is taken", TAKES, HEADER, "    known\n        && (bits", "    (bits"),
    offload("bits without a header", TAKES, HEADER, "(bits == 0 || has_header)", "(bits == 0 || true)"),
    offload("TSO without CSUM", TAKES, HEADER, "(!large || bits & TAKES_CSUM != 0)", "(!large || true)"),
    offload("ECN without TSO", TAKES, HEADER, "(bits & TAKES_ECN == 0 || large)", "true"),
    offload("a runt behind a header", LENGTH, HEADER, "None | Some(..HDR_LEN)", "None"),
    offload("a frame beyond all", LENGTH, HEADER, "len > MAX_FRAME", "len > MAX_FRAME + 1"),
    offload(
        "a giant that stands for itself",
        "header_of_nothing_changes_nothing",
        HEADER,
        "            check_length(len)?;\n",
        "            let _ = check_length(len);\n",
    ),
    offload("a field at the end", FIELD, HEADER, "wrapping_add(2) <= len", "wrapping_add(1) <= len"),
    offload(
        "a field that wraps",
        FIELD,
        HEADER,
        "usize::from(self.start).wrapping_add(self.offset.into())",
        "self.start.wrapping_add(self.offset).into()",
    ),
    offload("a sum over Ethernet", FIELD, HEADER, "usize::from(start) >= HDR_LEN", "start != 0"),
    offload("marked, another's start", MARKED, HEADER, "packet.start == self.start.into() && ", ""),
    offload("marked, another's field", MARKED, HEADER, " && self.offset == offset", " && offset != 0"),
    offload("ECN without a type", "header_types", HEADER, "_ if self.gso_type == GSO_NONE =>", "GSO_NONE =>"),
    offload("a type of another family", "header_types", HEADER, " && packet.network.family == family", ""),
    offload("large without NEEDS_CSUM", UNFIT, HEADER, "sum.is_some() && packet", "packet"),
    offload("SYN", UNFIT, HEADER, "(SYN | RST | URG)", "(RST | URG)"),
    offload("RST", UNFIT, HEADER, "(SYN | RST | URG)", "(SYN | URG)"),
    offload("URG", UNFIT, HEADER, "(SYN | RST | URG)", "(SYN | RST)"),
    offload("257 segments", "header_at_most_256_segments", CUT, "usize = 256", "usize = 257"),
    offload(
        "segments beyond the MTU",
        "header_segments_are_within_the_mtu",
        HEADER,
        "large.headers().wrapping_add(large.size()) as u64",
        "large.size() as u64",
    ),
    offload(
        "one segment is large",
        "header_of_a_packet_of_one_segment",
        HEADER,
        "if large.is_at_most(1) {",
        "if large.is_at_most(0) {",
    ),
    offload("no segment size", "cut_wants_a_tcp_header_that_is_there", CUT, " || size == 0", ""),
    offload("a data offset of 4", UNFIT, CUT, "MIN_TCP_LEN: usize = 20", "MIN_TCP_LEN: usize = 16"),
    offload("headers beyond the packet", SENSE, CUT, ".min(FRONT).min(end)", ".min(FRONT)"),
    offload(
        "headers beyond what is seen",
        "cut_wants_a_tcp_header_that_is_there",
        CUT,
        "front.len().min(FRONT).min(end)",
        "FRONT.min(end)",
    ),
    offload("an IP header of no length", SENSE, CUT, "if header < least {", "if header == least + 99 {"),
    offload("UDP is cut", "cut_wants_a_tcp_header_that_is_there", CUT, "Transport::Udp => None", "Transport::Udp => Self::new(front, packet.network, packet.start, packet.end, size)"),
    offload("FIN on each", FLAGS, CUT, "!(FIN | PSH)", "!PSH"),
    offload("PSH on each", FLAGS, CUT, "!(FIN | PSH)", "!FIN"),
    offload("CWR on each", FLAGS, CUT, "flags &= !CWR;", "flags &= 0xff;"),
    offload("one id for all", "cut_numbers_wrap", CUT, "self.id.wrapping_add(1)", "self.id"),
    offload("one sequence number for all", "cut_numbers_wrap", CUT, "self.seq.wrapping_add(payload as u32)", "self.seq"),
    offload(
        "the header checksum sums itself",
        "sealed_headers_are_those_of_the_whole",
        CUT,
        "put(ip, 10, [0, 0]);",
        "",
    ),
    offload("a packet that IP cannot say", "read_packet_beyond_ip_has_no_header", HEADER, "if !large.fits() {", "if false {"),
    offload("CWR is not told", "read_says_that_cwr_is_set", HEADER, "large.flags() & CWR != 0", "large.flags() == CWR"),
    offload(
        "what is left is not made good",
        "read_large_packet_is_made_good",
        HEADER,
        "        large.seal(front, len);\n",
        "",
    ),
    offload("a fragment", "packet_is_no_fragment", PACKET, "FRAGMENT: u16 = 0x3fff", "FRAGMENT: u16 = 0x1fff"),
    offload("a first byte of IPv5", "packet_of_ipv4_version_and_header_length", PACKET, "version != 4 || ", ""),
    offload("an IHL of 4", "packet_of_ipv4_version_and_header_length", PACKET, "header < 20", "header < 16"),
    offload("a length beyond the frame", "packet_length_is_the_one_that_ip_states", PACKET, " && end <= len", ""),
    offload(
        "a length before the transport header",
        "packet_length_is_the_one_that_ip_states",
        PACKET,
        "start.wrapping_add(least) <= end && ",
        "",
    ),
    offload("UDP's zero", "checksum_of_zero_is_written_for_udp_in_its_other_form", CHECKSUM, "[0, 0] if offset == UDP_OFFSET", "[0, 0] if offset == TCP_OFFSET"),
    offload("no swap behind an odd piece", "sum_of_known_bytes", CHECKSUM, "if self.odd {", "if false {"),
    offload("a lost carry", "sum_carries_go_around", CHECKSUM, "total = total.wrapping_add(carry.into());", "total = total.wrapping_add((carry & words.is_empty()).into());"),
]
