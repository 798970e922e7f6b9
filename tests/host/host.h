/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* What bindgen reads for the host: the driver's view of the kernel, and what lies behind it. */

#include "kpi.h"

#include <sys/socket.h>
#include <net/bpf.h>
#include <net/dlt.h>
#include <net/if_ether.h>
#include <net/if_stats.h>
#include <net/if_types.h>
#include <net/pfil.h>
#include <netinet/in.h>
#include <netinet/in_var.h>
#include <netinet6/in6_var.h>
