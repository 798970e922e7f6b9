/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

#ifndef TAP_RS_NET_PKTQUEUE_H
#define TAP_RS_NET_PKTQUEUE_H

struct mbuf;

typedef struct pktqueue pktqueue_t;

typedef uint32_t (*pktq_rps_hash_func_t)(const struct mbuf *);

bool	pktq_enqueue(pktqueue_t *, struct mbuf *, const u_int);
uint32_t pktq_rps_hash(const pktq_rps_hash_func_t *, const struct mbuf *);
extern const pktq_rps_hash_func_t pktq_rps_hash_default;

#endif
