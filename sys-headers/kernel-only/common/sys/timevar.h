/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_TIMEVAR_H
#define TAP_RS_SYS_TIMEVAR_H

struct timespec;

void	getnanotime(struct timespec *);

#endif
