/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * A wire between two tap interfaces: what one sends, the other receives.
 * Frames are carried in batches, as many at once as wait.
 *
 *	cc -o tap_wire tap_wire.c
 *	./tap_wire /dev/tap0 /dev/tap1
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <net/if_tap_rs.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define	BATCH	64
#define	LONGEST	65535

/* Carries what waits at one end to the other; at most BATCH frames. */
static void
carry(int from, int to)
{
	static uint8_t room[BATCH][LONGEST];
	struct tap_frame frames[BATCH];
	struct tap_batch batch;
	uint32_t count, i;

	for (i = 0; i < BATCH; i++) {
		frames[i].tf_addr = (uintptr_t)room[i];
		frames[i].tf_len = LONGEST;
		frames[i].tf_flags = 0;
	}
	batch.tb_frames = (uintptr_t)frames;
	batch.tb_count = BATCH;
	if (ioctl(from, TAPRECV, &batch) == -1)
		err(EXIT_FAILURE, "TAPRECV");

	/* Each entry has the length of its frame now, so it can be sent. */
	count = batch.tb_done;
	for (i = 0; i < count; i += batch.tb_done) {
		batch.tb_frames = (uintptr_t)&frames[i];
		batch.tb_count = count - i;
		if (ioctl(to, TAPSEND, &batch) == -1) {
			if (errno != ENOBUFS)
				err(EXIT_FAILURE, "TAPSEND");
			batch.tb_done = 1;	/* lost, as on a wire */
		}
	}
}

int
main(int argc, char **argv)
{
	struct pollfd ends[2];
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: tap_wire device device\n");
		return EXIT_FAILURE;
	}
	for (i = 0; i < 2; i++) {
		if ((ends[i].fd = open(argv[i + 1], O_RDWR)) == -1)
			err(EXIT_FAILURE, "%s", argv[i + 1]);
		ends[i].events = POLLIN;
	}
	for (;;) {
		if (poll(ends, 2, -1) == -1)
			err(EXIT_FAILURE, "poll");
		for (i = 0; i < 2; i++)
			if (ends[i].revents != 0)
				carry(ends[i].fd, ends[1 - i].fd);
	}
}
