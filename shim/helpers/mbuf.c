/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/mbuf.h: the allocations that are macros, and M_READONLY(). */

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <net/if.h>
#include "tap_rs.h"

/*
 * malloc(9) keeps memory of less than a page for the next one to ask, and
 * maps more than that into the kernel and out again each time.
 */
__CTASSERT(TAP_RS_BUFSIZE + 64 <= PAGE_SIZE);

/* An mbuf without a packet header, with a buffer of TAP_RS_BUFSIZE, or NULL. */
struct mbuf *
tap_rs_m_getbuf(void)
{
	struct mbuf *m = m_get(M_DONTWAIT, MT_DATA);

	if (m == NULL)
		return NULL;
	MEXTMALLOC(m, TAP_RS_BUFSIZE, M_NOWAIT);
	if ((m->m_flags & M_EXT) == 0) {
		m_free(m);
		return NULL;
	}
	return m;
}

/* Whether another packet shares memory of a packet. */
int
tap_rs_m_is_shared(const struct mbuf *m)
{

	for (; m != NULL; m = m->m_next)
		if (M_READONLY(m))
			return 1;
	return 0;
}
