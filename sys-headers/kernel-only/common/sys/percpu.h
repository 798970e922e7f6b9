/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_PERCPU_H
#define TAP_RS_SYS_PERCPU_H

#include <sys/percpu_types.h>

void	*percpu_getref(percpu_t *);
void	percpu_putref(percpu_t *);

#endif
