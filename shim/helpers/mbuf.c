/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/mbuf.h: allocation, which uses a macro. */

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <net/if.h>
#include "tap_rs.h"

/*
 * Allocates an mbuf with a packet header and one external buffer of the given
 * size.  Does not sleep.  NULL when there is no memory.
 */
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
