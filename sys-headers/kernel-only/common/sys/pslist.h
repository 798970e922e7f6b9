/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_PSLIST_H
#define TAP_RS_SYS_PSLIST_H

/* Both are embedded in struct ifnet. */
struct pslist_entry;

struct pslist_head {
	struct pslist_entry	*volatile plh_first;
};

struct pslist_entry {
	struct pslist_entry	**ple_prevp;
	struct pslist_entry	*ple_next;
};

#endif
