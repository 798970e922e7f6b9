/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_SYS_PSERIALIZE_H
#define TAP_RS_SYS_PSERIALIZE_H

struct pserialize;
typedef struct pserialize *pserialize_t;

int	pserialize_read_enter(void);
void	pserialize_read_exit(int);

#endif
