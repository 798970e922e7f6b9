/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * What tap_wire asks of the kernel, over sockets in the place of devices: the
 * descriptor is the device's name, and each packet is a frame.  A frame that
 * begins with "full" finds no memory.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <net/if_tap_rs.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __wrap_open(const char *, int);
int __wrap_ioctl(int, unsigned long, struct tap_batch *);

int
__wrap_open(const char *path, int flags)
{

	(void)flags;
	if (path[0] == '/') {
		errno = ENOENT;
		return -1;
	}
	return dup(atoi(path));
}

static int
one(int fd, int receives, struct tap_frame *frame)
{
	uint8_t *memory = (uint8_t *)(uintptr_t)frame->tf_addr;
	ssize_t got;

	if (frame->tf_flags != 0)
		return EINVAL;
	if (receives) {
		got = recv(fd, memory, frame->tf_len, MSG_DONTWAIT);
		if (got <= 0)
			return got == 0 ? ENXIO : errno;
		frame->tf_len = (uint32_t)got;
		return 0;
	}
	if (frame->tf_len >= 4 && memcmp(memory, "full", 4) == 0)
		return ENOBUFS;
	return send(fd, memory, frame->tf_len, 0) == -1 ? errno : 0;
}

int
__wrap_ioctl(int fd, unsigned long command, struct tap_batch *batch)
{
	struct tap_frame *frames = (struct tap_frame *)(uintptr_t)batch->tb_frames;
	uint32_t done;
	int error = 0;

	if (command != TAPSEND && command != TAPRECV)
		abort();
	if (batch->tb_count == 0 || batch->tb_count > TAP_BATCH_MAX)
		abort();
	for (done = 0; done < batch->tb_count; done++)
		if ((error = one(fd, command == TAPRECV, &frames[done])) != 0)
			break;
	if (done == 0) {
		errno = error;
		return -1;
	}
	batch->tb_done = done;
	return 0;
}
