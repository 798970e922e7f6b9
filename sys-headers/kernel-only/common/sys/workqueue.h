/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_WORKQUEUE_H
#define TAP_RS_SYS_WORKQUEUE_H

/* Embedded in struct ifnet: one pointer. */
struct work {
	void	*wk_dummy;
};

struct cpu_info;
struct workqueue;

#define	WQ_MPSAFE	0x01

int	workqueue_create(struct workqueue **, const char *,
	    void (*)(struct work *, void *), void *, pri_t, int, int);
void	workqueue_destroy(struct workqueue *);
void	workqueue_enqueue(struct workqueue *, struct work *,
	    struct cpu_info *);

#endif
