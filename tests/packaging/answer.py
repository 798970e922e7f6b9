# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors

"""Talks to tap_answer over a pair of sockets in the place of a tap device.

usage: answer.py path-of-tap_answer
"""

import socket
import struct
import subprocess
import sys

HOST = bytes.fromhex("f20ba4aabbcc")
US, THEM = socket.inet_aton("10.0.0.2"), socket.inet_aton("10.0.0.1")
ARP_HEAD = bytes.fromhex("0001080006040001")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp(target):
    packet = ARP_HEAD + HOST + THEM + bytes(6) + target
    return b"\xff" * 6 + HOST + b"\x08\x06" + packet


def ping(target, payload, kind=8, options=b""):
    icmp = struct.pack("!BBHHH", kind, 0, 0, 7, 1) + payload
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                       20 + len(options) + len(icmp), 1, 0, 64, 1, 0, THEM, target) + options
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return HOST + HOST + b"\x08\x00" + head + icmp


def answered(wire, frame):
    """The answer to one frame: what comes before the answer to a known request after it."""
    wire.send(frame)
    wire.send(arp(US))
    first = wire.recv(65536)
    return None if first[12:14] == b"\x08\x06" and first == ARP_REPLY else first


ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
ours.settimeout(20)
program = subprocess.Popen([sys.argv[1], "-", "10.0.0.2"], stdin=theirs)

try:
    ours.send(arp(US))
    ARP_REPLY = ours.recv(65536)
    ether = ARP_REPLY[6:12]
    assert ARP_REPLY[:6] == HOST, "the reply goes to who asked"
    assert ARP_REPLY[14:] == ARP_HEAD[:7] + b"\2" + ether + US + HOST + THEM, ARP_REPLY.hex()
    assert ether[0] & 3 == 2, "an address of its own, no group's"

    for payload in (b"", b"x", bytes(range(56)), b"y" * 1472):
        for options in (b"", bytes(4)):
            reply = answered(ours, ping(US, payload, options=options) + b"padding")
            ours.recv(65536)
            packet = reply[14:]
            head, icmp = packet[:20 + len(options)], packet[20 + len(options):]
            assert reply[:6] == HOST and reply[6:12] == ether
            assert head[12:16] == US and head[16:20] == THEM and checksum(head) == 0
            assert icmp[0] == 0 and checksum(icmp) == 0 and icmp[4:] == ping(US, payload)[38:]

    short = ping(US, b"")
    for silent in (b"", b"\0" * 13, arp(THEM), arp(US)[:41], ping(THEM, b"x"), ping(US, b"x", kind=0),
                   short[:-1], short[:14] + b"\x41" + short[15:], short[:14] + b"\x4f" + short[15:],
                   short[:-1] + b"\2", HOST + HOST + b"\x86\xdd" + bytes(60)):
        if silent:  # an empty datagram would end the program, as an end of file does
            assert answered(ours, silent) is None, silent.hex()
finally:
    program.kill()
    program.wait()
