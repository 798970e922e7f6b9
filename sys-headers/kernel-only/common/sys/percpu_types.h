/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_PERCPU_TYPES_H
#define TAP_RS_SYS_PERCPU_TYPES_H

struct percpu;
typedef struct percpu percpu_t;

#endif
