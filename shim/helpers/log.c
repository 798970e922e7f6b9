/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/systm.h: the functions of aprint(9), which are variadic. */

#include <sys/param.h>
#include <sys/systm.h>

#include <net/if.h>
#include "tap_rs.h"

void
tap_rs_log_address(const char *ifname, const char *address)
{

	aprint_verbose("%s: Ethernet address %s\n", ifname, address);
}

/* Prints "who: what", and the error number unless it is 0. */
void
tap_rs_log_error(const char *who, const char *what, int error)
{

	if (error != 0)
		aprint_error("%s: %s, error %d\n", who, what, error);
	else
		aprint_error("%s: %s\n", who, what);
}

void
tap_rs_log_major(const char *devname, int major)
{

	aprint_normal("if_tap_rs: character device \"%s\", major %d\n",
	    devname, major);
}
