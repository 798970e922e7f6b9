/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* Interrupt priority levels of the evbarm ports. */
#ifndef TAP_RS_MACHINE_INTR_H
#define TAP_RS_MACHINE_INTR_H

#include <sys/types.h>

#define	IPL_NONE	0
#define	IPL_SOFTCLOCK	1
#define	IPL_SOFTBIO	2
#define	IPL_SOFTNET	3
#define	IPL_SOFTSERIAL	4
#define	IPL_VM		5
#define	IPL_SCHED	6
#define	IPL_HIGH	7

typedef uint8_t ipl_t;

/* A part of kmutex_t on these ports. */
typedef struct {
	ipl_t	_ipl;
} ipl_cookie_t;

#endif
