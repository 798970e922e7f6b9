/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_CPRNG_H
#define TAP_RS_SYS_CPRNG_H

#include <sys/types.h>

size_t	cprng_fast(void *, size_t);

#endif
