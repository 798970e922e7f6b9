/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * net/if_ethersubr.c: the way of a large packet to IP.  ether_input() drops
 * what is longer than the MTU, so this does what it would do otherwise.
 */

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/pserialize.h>
#include <sys/systm.h>

#include <net/bpf.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_ether.h>
#include <net/pfil.h>
#include <net/pktqueue.h>

#include <netinet/in.h>
#include <netinet/in_var.h>
#include <netinet/ip.h>

#include "tap_rs.h"

/*
 * Whether a bridge(4), lagg(4) or carp(4) has taken an interface.  It may have
 * changed when this returns.
 */
int
tap_rs_is_member(const struct ifnet *ifp)
{

	return ifp->if_bridge != NULL || ifp->if_lagg != NULL ||
	    ifp->if_carp != NULL;
}

/*
 * Whether ether_input() would give a frame to our own IP and to nobody else:
 * no bridge(4), lagg(4), carp(4) or agr(4) has taken the interface, and the
 * frame is for its Ethernet address and for an IPv4 address of it that is
 * ready.  The Ethernet and IP headers are in the first mbuf.  A soft interrupt
 * only.
 */
int
tap_rs_is_local(struct ifnet *ifp, const struct mbuf *m)
{
	const struct ether_header *eh = mtod(m, const struct ether_header *);
	const struct ip *ip = (const struct ip *)(eh + 1);
	const uint64_t whole = IFCAP_LRO | IFCAP_CSUM_TCPv4_Rx;
	const struct in_ifaddr *ia;
	struct sockaddr_in sin;
	int ours, s;

	if (ifp->_if_input != ether_input || tap_rs_is_member(ifp))
		return 0;
	if ((ifp->if_flags & IFF_UP) == 0 ||
	    (ifp->if_capenable & whole) != whole)
		return 0;
	if ((size_t)m->m_len < sizeof(*eh) + sizeof(*ip) ||
	    memcmp(eh->ether_dhost, CLLADDR(ifp->if_sadl),
	    ETHER_ADDR_LEN) != 0)
		return 0;
	/* An option may be a source route, which leads elsewhere. */
	if (ip->ip_hl != sizeof(*ip) >> 2)
		return 0;

	memset(&sin, 0, sizeof(sin));
	sin.sin_len = sizeof(sin);
	sin.sin_family = AF_INET;
	sin.sin_addr = ip->ip_dst;
	s = pserialize_read_enter();
	ia = ifatoia(ifa_ifwithaddr((const struct sockaddr *)&sin));
	/* It may be the address's broadcast address that was found. */
	ours = ia != NULL && ia->ia_ifp == ifp &&
	    ia->ia_addr.sin_addr.s_addr == sin.sin_addr.s_addr &&
	    (ia->ia4_flags & (IN_IFF_NOTREADY | IN_IFF_DETACHED)) == 0;
	pserialize_read_exit(s);
	return ours;
}

/*
 * Receives an IPv4 packet that tap_rs_is_local() has accepted.  It goes to the
 * CPU that ether_input() would choose, unless sysctl net.ether.rps_hash has
 * been set: what that is set to is static there.
 */
void
tap_rs_input_local(struct ifnet *ifp, struct mbuf *m)
{

	if_statadd2(ifp, if_ipackets, 1, if_ibytes, m->m_pkthdr.len);
	bpf_mtap(ifp, m, BPF_D_IN);
	if (pfil_run_hooks(ifp->if_pfil, &m, ifp, PFIL_IN) != 0 || m == NULL)
		return;
	m_adj(m, ETHER_HDR_LEN);
	if (!pktq_enqueue(ip_pktq, m,
	    pktq_rps_hash(&pktq_rps_hash_default, m)))
		m_freem(m);
}
