# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors

"""Sends frames through tap_wire, which has pairs of sockets in the place of devices.

usage: wire.py path-of-tap_wire
"""

import socket
import subprocess
import sys

pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
ends = [ours for ours, _ in pairs]
for end in ends:
    end.settimeout(20)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
numbers = [theirs.fileno() for _, theirs in pairs]


def start():
    return subprocess.Popen([sys.argv[1], *map(str, numbers)], pass_fds=numbers, stderr=subprocess.PIPE)


# Frames that wait before anybody reads come in one batch; those without memory are lost alone.
frames = [bytes([at]) * length for at, length in enumerate((14, 60, 1514, 9000, 65535))]
for end in ends:
    for frame in [b"full", *frames[:2], b"full", b"full", *frames[2:], b"full"]:
        end.send(frame)
program = start()
try:
    for sender, receiver in (ends, ends[::-1]):
        for frame in frames:
            assert receiver.recv(1 << 17) == frame, f"another frame than one of {len(frame)} bytes"
    for sender, receiver in (ends, ends[::-1]):
        for number in range(1000):
            sender.send(b"one of many %d" % number)
            assert receiver.recv(1 << 17) == b"one of many %d" % number
    assert program.poll() is None
    # An interface that has gone ends it.
    ends[0].close()
    _, said = program.communicate(timeout=20)
    assert program.returncode == 1 and b"TAP" in said, said
finally:
    program.kill()
    program.wait()
