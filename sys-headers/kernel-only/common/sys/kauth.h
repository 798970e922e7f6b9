/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_KAUTH_H
#define TAP_RS_SYS_KAUTH_H

#include <sys/types.h>

struct kauth_cred;
typedef struct kauth_cred *kauth_cred_t;

uid_t	kauth_cred_geteuid(kauth_cred_t);
gid_t	kauth_cred_getegid(kauth_cred_t);

#endif
