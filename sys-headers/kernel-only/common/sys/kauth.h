/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_KAUTH_H
#define TAP_RS_SYS_KAUTH_H

#include <sys/types.h>

struct kauth_cred;
struct proc;
typedef struct kauth_cred *kauth_cred_t;
typedef uint64_t kauth_action_t;

enum {
	KAUTH_PROCESS_CANSEE = 1
};

enum kauth_process_req {
	KAUTH_REQ_PROCESS_CANSEE_ENTRY = 2
};

#define	KAUTH_ARG(arg)	((void *)(unsigned long)(arg))

uid_t	kauth_cred_geteuid(kauth_cred_t);
gid_t	kauth_cred_getegid(kauth_cred_t);
int	kauth_authorize_process(kauth_cred_t, kauth_action_t, struct proc *,
	    void *, void *, void *);

#endif
