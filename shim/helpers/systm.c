/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * sys/systm.h, sys/proc.h, sys/intr.h: the kernel lock, the running thread and
 * process, soft interrupts.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/intr.h>
#include <sys/lwp.h>
#include <sys/proc.h>

#include <net/if.h>
#include "tap_rs.h"

void
tap_rs_kernel_lock(void)
{

	KERNEL_LOCK(1, NULL);
}

void
tap_rs_kernel_unlock(void)
{

	KERNEL_UNLOCK_ONE(NULL);
}

/* softint_schedule(9) requires that the caller stay on its CPU. */
void
tap_rs_softint_schedule(void *sih)
{

	kpreempt_disable();
	softint_schedule(sih);
	kpreempt_enable();
}

struct lwp *
tap_rs_curlwp(void)
{

	return curlwp;
}

struct proc *
tap_rs_curproc(void)
{

	return curproc;
}

/* Called only by Rust's panic handler.  The gate proves it unreachable. */
void
tap_rs_panic(void)
{

	panic("if_tap_rs: Rust panic");
}
