/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* net/if.h, net/if_stats.h, net/bpf.h: operations on struct ifnet. */

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/sockio.h>
#include <sys/systm.h>

#include <net/bpf.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_ether.h>

#include "tap_rs.h"

/* Rust uses these numbers for the counters. */
__CTASSERT(if_ierrors == 1 && if_oerrors == 3 && if_iqdrops == 9);

void
tap_rs_ifnet_lock(struct ifnet *ifp)
{

	IFNET_LOCK(ifp);
}

void
tap_rs_ifnet_unlock(struct ifnet *ifp)
{

	IFNET_UNLOCK(ifp);
}

void
tap_rs_bpf_mtap_out(struct ifnet *ifp, struct mbuf *m)
{

	bpf_mtap(ifp, m, BPF_D_OUT);
}

void
tap_rs_stat_inc(struct ifnet *ifp, int counter)
{

	if_statinc(ifp, (if_stat_t)counter);
}

/*
 * Counts frames that were read, with one access to the per-CPU counters.
 * The arguments of if_statinc_ref() and similar functions changed after 10.1.
 * Those of the underlying macros did not.
 */
void
tap_rs_stat_output(struct ifnet *ifp, const struct tap_rs_output *output)
{
	net_stat_ref_t nsr = IF_STAT_GETREF(ifp);

	_NET_STATADD_REF(nsr, if_opackets, output->packets);
	_NET_STATADD_REF(nsr, if_obytes, output->bytes);
	if (output->mcasts != 0)
		_NET_STATADD_REF(nsr, if_omcasts, output->mcasts);
	if (__predict_false(output->errors != 0))
		_NET_STATADD_REF(nsr, if_oerrors, output->errors);
	IF_STAT_PUTREF(ifp);
}

/* The caller holds IFNET_LOCK or KERNEL_LOCK, so if_sadl does not change. */
const unsigned char *
tap_rs_lladdr(const struct ifnet *ifp)
{

	return (const unsigned char *)CLLADDR(ifp->if_sadl);
}

/* The caller holds IFNET_LOCK. */
void
tap_rs_set_lladdr(struct ifnet *ifp, const unsigned char *address)
{

	memcpy(LLADDR(satosdl(ifp->if_dl->ifa_addr)), address, ETHER_ADDR_LEN);
}

/*
 * Destroys an interface in the same way as ifconfig(8).  The stack takes
 * if_clone_mtx, which is private to it.  No lwp is passed, so no privilege is
 * required: the driver destroys its own interface, whichever process closes
 * the descriptor.
 */
int
tap_rs_if_destroy(const struct ifnet *ifp)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, ifp->if_xname, sizeof(ifr.ifr_name));
	return (*ifioctl)(NULL, SIOCIFDESTROY, &ifr, NULL);
}
