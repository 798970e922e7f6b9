/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/device.h: is another tap driver at work? */

#include <sys/param.h>
#include <sys/device.h>

#include <net/if.h>
#include "tap_rs.h"

/*
 * The built-in driver leaves its cfdriver behind when it is unloaded, but
 * not its attachment.
 */
int
tap_rs_stock_active(void)
{
	const struct cfdriver *cd = config_cfdriver_lookup("tap");

	return cd != NULL && !LIST_EMPTY(&cd->cd_attach);
}
