/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* What bindgen reads for the host: the driver's view of the kernel, and what lies behind it. */

#include "kpi.h"

#include <sys/socket.h>
#include <net/if_stats.h>
#include <net/pfil.h>
