/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_LIB_LIBKERN_LIBKERN_H
#define TAP_RS_LIB_LIBKERN_LIBKERN_H

#include <sys/types.h>

/* NetBSD's kernels without DIAGNOSTIC compile these to nothing too. */
#ifndef KASSERT
#define	KASSERT(e)		((void)0)
#define	KASSERTMSG(e, ...)	((void)0)
#define	KDASSERT(e)		((void)0)
#define	KDASSERTMSG(e, ...)	((void)0)
#endif
#ifndef __CTASSERT
#define	__CTASSERT(e)		_Static_assert(e, #e)
#endif
#ifndef offsetof
#define	offsetof(type, member)	__builtin_offsetof(type, member)
#endif

void	*memcpy(void *, const void *, size_t);
void	*memmove(void *, const void *, size_t);
void	*memset(void *, int, size_t);
int	memcmp(const void *, const void *, size_t);
int	strcmp(const char *, const char *);
size_t	strlen(const char *);
size_t	strlcpy(char *, const char *, size_t);

#endif
