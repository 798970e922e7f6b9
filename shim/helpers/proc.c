/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/proc.h, sys/kauth.h: identifying a process, and who may see it. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kauth.h>
#include <sys/lwp.h>
#include <sys/proc.h>
#include <sys/resourcevar.h>

#include <net/if.h>
#include "tap_rs.h"

/*
 * Identifies a process.  Process numbers are reused, so the time of the fork
 * is included to tell two processes with the same number apart.
 */
static uint64_t
tap_rs_process_of(const struct proc *p)
{
	const struct timeval *start = &p->p_stats->p_start;
	uint32_t birth = (uint32_t)start->tv_sec * 1000000U +
	    (uint32_t)start->tv_usec;

	return (uint64_t)birth << 32 | (uint32_t)p->p_pid;
}

uint64_t
tap_rs_current_process(void)
{

	return tap_rs_process_of(curproc);
}

/* The process number, or 0 if the process is gone or hidden from the caller. */
pid_t
tap_rs_visible_process(uint64_t process)
{
	const pid_t pid = (pid_t)(uint32_t)process;
	pid_t seen = 0;
	struct proc *p;

	mutex_enter(&proc_lock);
	p = proc_find(pid);
	if (p != NULL && tap_rs_process_of(p) == process) {
		mutex_enter(p->p_lock);
		if (kauth_authorize_process(curlwp->l_cred,
		    KAUTH_PROCESS_CANSEE, p,
		    KAUTH_ARG(KAUTH_REQ_PROCESS_CANSEE_ENTRY), NULL,
		    NULL) == 0)
			seen = pid;
		mutex_exit(p->p_lock);
	}
	mutex_exit(&proc_lock);
	return seen;
}
