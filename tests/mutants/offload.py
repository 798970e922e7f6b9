# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of src/offload, shown to the tests of tests/model: wrong acceptances, and wrong bytes."""

import functools

from mutant import edited

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

offload = functools.partial(edited, "offload", kind="model")


MUTANTS = [
    offload("a header length of 11 bytes is accepted", "header_lengths", HEADER, "0 | 10 | 12", "0 | 10..=12"),
    offload("an unknown offload is accepted", TAKES, HEADER, "    known\n        && (bits", "    (bits"),
    offload("offloads are accepted without a header", TAKES, HEADER, "(bits == 0 || has_header)", "(bits == 0 || true)"),
    offload("TSO is accepted without checksum offload", TAKES, HEADER, "(!large || bits & TAKES_CSUM != 0)", "(!large || true)"),
    offload("ECN is accepted without TSO", TAKES, HEADER, "(bits & TAKES_ECN == 0 || large)", "true"),
    offload("a frame without a complete Ethernet header is accepted behind an offload header", LENGTH, HEADER, "None | Some(..HDR_LEN)", "None"),
    offload("a frame is accepted that is one byte longer than the longest", LENGTH, HEADER, "len > MAX_FRAME", "len > MAX_FRAME + 1"),
    offload(
        "a frame that is no large packet is accepted although it is too long",
        "header_of_nothing_changes_nothing",
        HEADER,
        "            check_length(len)?;\n",
        "            let _ = check_length(len);\n",
    ),
    offload("a checksum field is accepted of which one byte is beyond the frame", FIELD, HEADER, "wrapping_add(2) <= len", "wrapping_add(1) <= len"),
    offload(
        "the position of the checksum field wraps at 16 bits",
        FIELD,
        HEADER,
        "usize::from(self.start).wrapping_add(self.offset.into())",
        "self.start.wrapping_add(self.offset).into()",
    ),
    offload("a checksum is accepted that begins in the Ethernet header", FIELD, HEADER, "usize::from(start) >= HDR_LEN", "start != 0"),
    offload("a checksum is marked as the packet's own although it begins elsewhere", MARKED, HEADER, "packet.start == self.start.into() && ", ""),
    offload("a checksum is marked as the packet's own although its field is elsewhere", MARKED, HEADER, " && self.offset == offset", " && offset != 0"),
    offload("ECN is accepted in a header without a segmentation type", "header_types", HEADER, "_ if self.gso_type == GSO_NONE =>", "GSO_NONE =>"),
    offload("a segmentation type of the other IP version is accepted", "header_types", HEADER, " && packet.network.family == family", ""),
    offload("a large packet is accepted without NEEDS_CSUM", UNFIT, HEADER, "sum.is_some() && packet", "packet"),
    offload("a large packet with SYN is accepted", UNFIT, HEADER, "(SYN | RST | URG)", "(RST | URG)"),
    offload("a large packet with RST is accepted", UNFIT, HEADER, "(SYN | RST | URG)", "(SYN | URG)"),
    offload("a large packet with URG is accepted", UNFIT, HEADER, "(SYN | RST | URG)", "(SYN | RST)"),
    offload("a large packet of 257 segments is accepted", "header_at_most_256_segments", HEADER, "is_at_most(MAX_SEGMENTS)", "is_at_most(MAX_SEGMENTS + 1)"),
    offload(
        "segments that are longer than the MTU are accepted",
        "header_segments_are_within_the_mtu",
        HEADER,
        "large.headers().wrapping_add(large.size()) as u64",
        "large.size() as u64",
    ),
    offload(
        "a packet of one segment is treated as a large one",
        "header_of_a_packet_of_one_segment",
        HEADER,
        "if large.is_at_most(1) {",
        "if large.is_at_most(0) {",
    ),
    offload("a segment size of 0 is accepted", "cut_wants_a_tcp_header_that_is_there", CUT, " || size == 0", ""),
    offload("a TCP header of 16 bytes is accepted", UNFIT, CUT, "len < MIN_TCP_LEN", "len < 16"),
    offload("headers that end beyond the packet are accepted", SENSE, CUT, ".min(FRONT).min(end)", ".min(FRONT)"),
    offload(
        "headers that end beyond the bytes at hand are accepted",
        "cut_wants_a_tcp_header_that_is_there",
        CUT,
        "front.len().min(FRONT).min(end)",
        "FRONT.min(end)",
    ),
    offload("an IP header that is too short is accepted", SENSE, CUT, "if header < network.least() {", "if header == network.least() + 99 {"),
    offload("a UDP packet is cut into TCP segments", "cut_wants_a_tcp_header_that_is_there", CUT, "Transport::Udp => None", "Transport::Udp => Self::new(front, packet.network, packet.start, packet.end, size)"),
    offload("each segment has the FIN of the last one", FLAGS, CUT, "!(FIN | PSH)", "!PSH"),
    offload("each segment has the PSH of the last one", FLAGS, CUT, "!(FIN | PSH)", "!FIN"),
    offload("each segment has the CWR of the first one", FLAGS, CUT, "flags &= !CWR;", "flags &= 0xff;"),
    offload("all segments have the same IP identification", "cut_numbers_wrap", CUT, "self.id.wrapping_add(1)", "self.id"),
    offload("the IP header checksum of a segment is without its identification", "cut_numbers_wrap", CUT, "        sum.add_pair(id);\n", "        sum.add_pair([0, 0]);\n"),
    offload("a last segment that is shorter has the lengths of the others", "cut_last_segment_is_as_long_as_what_is_left", CUT, "if payload != self.sealed {", "if self.sealed == 0 {"),
    offload("all segments have the same sequence number", "cut_numbers_wrap", CUT, "self.seq.wrapping_add(payload as u32)", "self.seq"),
    offload(
        "the IP header checksum includes its own old value",
        "sealed_headers_are_those_of_the_whole",
        CUT,
        "put(ip, IPV4_SUM_OFFSET, [0, 0]);",
        "",
    ),
    offload("a header is made for a packet that is longer than IP or a reader can have", "f54_read_packet_beyond_the_longest_frame_has_no_header", HEADER, "if len > MAX_FRAME || !large.fits() {", "if false {"),
    offload("CWR is not reported if another flag is set", "read_says_that_cwr_is_set", HEADER, "large.flags() & CWR != 0", "large.flags() == CWR"),
    offload(
        "the length and the checksums that the stack left out are not filled in",
        "read_large_packet_is_made_good",
        HEADER,
        "        large.seal(front, len);\n",
        "",
    ),
    offload("the first fragment of a packet is taken for the whole packet", "packet_is_no_fragment", PACKET, "& FRAGMENT != 0", "& 0x1fff != 0"),
    offload("a packet with another IP version in its first byte is taken for IPv4", "packet_of_ipv4_version_and_header_length", PACKET, "version != 4 || ", ""),
    offload("an IPv4 header of 16 bytes is accepted", "packet_of_ipv4_version_and_header_length", PACKET, "header < 20", "header < 16"),
    offload("an IP length that exceeds the frame is accepted", "packet_length_is_the_one_that_ip_states", PACKET, " && end <= len", ""),
    offload(
        "an IP length that ends before the transport header does is accepted",
        "packet_length_is_the_one_that_ip_states",
        PACKET,
        "start.wrapping_add(least) <= end && ",
        "",
    ),
    offload("a UDP checksum of zero is written as zero", "checksum_of_zero_is_written_for_udp_in_its_other_form", CHECKSUM, "0 if offset == UDP_OFFSET", "0 if offset == TCP_OFFSET"),
    offload("the bytes after a piece of odd length are not swapped", "sum_of_known_bytes", CHECKSUM, "if self.odd {", "if false {"),
    offload("a carry is lost in the sum", "sum_carries_go_around", CHECKSUM, "*carry = first | second;", "*carry = second;"),
]
