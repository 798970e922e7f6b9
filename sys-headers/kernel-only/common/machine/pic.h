/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* Sizes of names in structures that the driver only passes over. */
#ifndef TAP_RS_MACHINE_PIC_H
#define TAP_RS_MACHINE_PIC_H

#define	INTRIDBUF	64
#define	INTRDEVNAMEBUF	256

#endif
