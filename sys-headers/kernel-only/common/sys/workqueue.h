/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_WORKQUEUE_H
#define TAP_RS_SYS_WORKQUEUE_H

/* Embedded in struct ifnet: one pointer. */
struct work {
	void	*wk_dummy;
};

#endif
