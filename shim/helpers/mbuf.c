/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/mbuf.h: the allocations that are macros. */

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <net/if.h>
#include "tap_rs.h"

/* A packet header with one external buffer of the given size, or NULL. */
struct mbuf *
tap_rs_m_getext(int size)
{
	struct mbuf *m = m_gethdr(M_DONTWAIT, MT_DATA);

	if (m == NULL)
		return NULL;
	MEXTMALLOC(m, size, M_NOWAIT);
	if ((m->m_flags & M_EXT) == 0) {
		m_free(m);
		return NULL;
	}
	return m;
}
