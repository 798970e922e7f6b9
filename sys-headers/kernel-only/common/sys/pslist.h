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

/* For inline functions of netinet/in_var.h; nothing calls them. */
#define	PSLIST_ELEMENT(entry, type, field)				\
	((entry) == NULL ? NULL :					\
	    (type *)((char *)(entry) - offsetof(type, field)))
#define	PSLIST_READER_FOREACH(element, head, type, field)		\
	for ((element) = PSLIST_ELEMENT((head)->plh_first, type, field);	\
	    (element) != NULL;						\
	    (element) = PSLIST_ELEMENT((element)->field.ple_next, type, field))

#endif
