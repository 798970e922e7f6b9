/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/device.h: macros for lists, and a bit-field. */

#include <sys/param.h>
#include <sys/device.h>
#include <sys/systm.h>

#include <net/if.h>
#include "tap_rs.h"

/*
 * Whether another tap driver is active.  When the built-in driver is
 * disabled, its cfdriver stays attached, but its cfattach does not.
 */
int
tap_rs_stock_active(void)
{
	const struct cfdriver *cd = config_cfdriver_lookup("tap");

	return cd != NULL && !LIST_EMPTY(&cd->cd_attach);
}

/* Fills in the cfdata of a pseudo-device.  cf_unit is a bit-field. */
void
tap_rs_cfdata_init(struct cfdata *cf, int unit)
{

	memset(cf, 0, sizeof(*cf));
	cf->cf_name = tap_rs_cd.cd_name;
	cf->cf_atname = tap_rs_ca.ca_name;
	cf->cf_unit = unit;
	cf->cf_fstate = FSTATE_NOTFOUND;
}
