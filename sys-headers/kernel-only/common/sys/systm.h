/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_SYSTM_H
#define TAP_RS_SYS_SYSTM_H

#include <sys/types.h>
#include <lib/libkern/libkern.h>

struct lwp;
struct uio;

typedef int	(*copyin_t)(const void *, void *, size_t);
typedef int	(*copyout_t)(const void *, void *, size_t);

void	panic(const char *, ...) __dead __printflike(1, 2);
void	printf(const char *, ...) __printflike(1, 2);
int	snprintf(char *, size_t, const char *, ...) __printflike(3, 4);
void	aprint_error(const char *, ...) __printflike(1, 2);
void	aprint_normal(const char *, ...) __printflike(1, 2);
void	aprint_verbose(const char *, ...) __printflike(1, 2);

int	copyin(const void *, void *, size_t);
int	copyout(const void *, void *, size_t);
int	uiomove(void *, size_t, struct uio *);

int	nullop(void *);
int	enodev(void);
int	enxio(void);

void	_kernel_lock(int);
void	_kernel_unlock(int, int *);

#define	KERNEL_LOCK(count, lwp)				\
do {							\
	if ((count) != 0)				\
		_kernel_lock((count));			\
} while (/* CONSTCOND */ 0)
#define	KERNEL_UNLOCK(all, lwp, p)	_kernel_unlock((all), (p))
#define	KERNEL_UNLOCK_ONE(l)	KERNEL_UNLOCK(1, (l), NULL)

void	kpreempt_disable(void);
void	kpreempt_enable(void);

#endif
