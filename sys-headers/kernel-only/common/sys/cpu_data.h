/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * Only a part of struct cpu_info, which the driver never touches by value:
 * the names are there for the inline functions of sys/lwp.h, which it does
 * not call.
 */
#ifndef TAP_RS_SYS_CPU_DATA_H
#define TAP_RS_SYS_CPU_DATA_H

#include <sys/sched.h>

struct lwp;

struct cpu_data {
	struct schedstate_percpu cpu_schedstate;
	struct lwp	*cpu_idlelwp;
};

#define	ci_schedstate	ci_data.cpu_schedstate

#endif
