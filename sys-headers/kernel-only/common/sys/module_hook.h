/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* Nothing of it is used. */
#ifndef TAP_RS_SYS_MODULE_HOOK_H
#define TAP_RS_SYS_MODULE_HOOK_H

#define	MODULE_HOOK(hook, type, args)

#endif
