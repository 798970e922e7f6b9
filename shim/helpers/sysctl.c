/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* sys/sysctl.h: net.link.tap, its leaves, and net.link.tap_openers. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/socket.h>
#include <sys/sysctl.h>

#include <net/if.h>
#include <net/if_ether.h>
#include "tap_rs.h"

#define	TAP_RS_ADDRSTRLEN	(3 * ETHER_ADDR_LEN)

/*
 * net.link.tap_openers: each open interface with the process that opened it,
 * for example "tap0=417 tap3=911".  The caller holds the lock of the sysctl
 * tree, and an interface is not destroyed before that lock is released.  Text
 * for which the buffer has no room is only counted, and sysctl(2) returns
 * ENOMEM.
 */
static int
tap_rs_sysctl_openers(SYSCTLFN_ARGS)
{
	char text[IFNAMSIZ + 16];
	const char *ifname;
	size_t len, room, size;
	pid_t pid;
	int error, unit;

	if (namelen != 0)
		return EINVAL;
	if (newp != NULL)
		return EPERM;
	room = oldp != NULL ? *oldlenp : 0;
	size = len = 0;
	unit = 0;
	text[0] = '\0';
	for (;;) {
		if (size + len < room) {
			error = sysctl_copyout(l, text, (char *)oldp + size,
			    len + 1);
			if (error != 0)
				return error;
		}
		size += len;
		ifname = tap_rs_sysctl_opener(&unit, &pid);
		if (ifname == NULL)
			break;
		len = snprintf(text, sizeof(text), "%s%s=%d",
		    size == 0 ? "" : " ", ifname, pid);
	}
	*oldlenp = size + 1;
	return 0;
}

/*
 * The node "link" belongs to the stack.  It is created here only if it does
 * not exist yet.  It is not logged, so it is not removed together with "tap".
 */
int
tap_rs_sysctl_setup(struct sysctllog **clog, int *nodenum)
{
	const struct sysctlnode *node;
	int error;

	error = sysctl_createv(NULL, 0, NULL, NULL, 0, CTLTYPE_NODE,
	    "link", SYSCTL_DESCR("Link layers"), NULL, 0, NULL, 0,
	    CTL_NET, AF_LINK, CTL_EOL);
	if (error != 0)
		return error;
	error = sysctl_createv(clog, 0, NULL, &node, 0, CTLTYPE_NODE,
	    "tap", SYSCTL_DESCR("Ethernet addresses of tap interfaces"),
	    NULL, 0, NULL, 0, CTL_NET, AF_LINK, CTL_CREATE, CTL_EOL);
	if (error != 0)
		return error;
	*nodenum = node->sysctl_num;
	return sysctl_createv(clog, 0, NULL, NULL, 0, CTLTYPE_STRING,
	    "tap_openers", SYSCTL_DESCR("Processes that opened tap interfaces"),
	    tap_rs_sysctl_openers, 0, NULL, 0,
	    CTL_NET, AF_LINK, CTL_CREATE, CTL_EOL);
}

/*
 * Reads or sets an address.  sysctl_lookup(9) is given a copy of the node
 * whose data is the address as text.  An empty new value is refused first,
 * because sysctl_lookup would look at the byte before an empty buffer.
 */
static int
tap_rs_sysctl_handler(SYSCTLFN_ARGS)
{
	struct sysctlnode node = *rnode;
	char addr[TAP_RS_ADDRSTRLEN];
	int error;

	if (newp != NULL && newlen == 0)
		return EINVAL;
	tap_rs_sysctl_get(rnode->sysctl_data, addr);
	node.sysctl_data = addr;
	error = sysctl_lookup(SYSCTLFN_CALL(&node));
	if (error != 0 || newp == NULL)
		return error;
	return tap_rs_sysctl_set(rnode->sysctl_data, addr);
}

int
tap_rs_sysctl_create(int nodenum, int unit, const char *name, void *cookie)
{

	return sysctl_createv(NULL, 0, NULL, NULL, CTLFLAG_READWRITE,
	    CTLTYPE_STRING, name, SYSCTL_DESCR("Ethernet address"),
	    tap_rs_sysctl_handler, 0, cookie, TAP_RS_ADDRSTRLEN,
	    CTL_NET, AF_LINK, nodenum, unit, CTL_EOL);
}

int
tap_rs_sysctl_destroy(int nodenum, int unit)
{

	return sysctl_destroyv(NULL, CTL_NET, AF_LINK, nodenum, unit,
	    CTL_EOL);
}
