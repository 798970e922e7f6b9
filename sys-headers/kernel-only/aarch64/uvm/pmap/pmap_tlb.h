/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* Only a part of struct pmap, which the driver never touches. */
#ifndef TAP_RS_UVM_PMAP_PMAP_TLB_H
#define TAP_RS_UVM_PMAP_PMAP_TLB_H

struct pmap_asid_info {
	void	*pai_opaque[3];
};

#endif
