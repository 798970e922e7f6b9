/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * What tap_rs(4) offers beyond tap(4), for programs and for the driver.
 * Installed as <net/if_tap_rs.h>.
 */
#ifndef _NET_IF_TAP_RS_H_
#define _NET_IF_TAP_RS_H_

#include <sys/types.h>
#include <sys/ioccom.h>

/*
 * The offload header.  It stands before each frame read or written once
 * TAPSVNETHDR has been given its length.  Its layout is that of virtio-net's
 * header, its byte order the machine's.  Offsets count from the frame's first
 * byte.
 */
struct tap_vnet_hdr {
	uint8_t		vh_flags;
#define	TAP_VH_NEEDS_CSUM	0x01	/* sum from csum_start to the end,
					   store at csum_offset from there */
#define	TAP_VH_DATA_VALID	0x02	/* the checksum has been verified */
	uint8_t		vh_gso_type;
#define	TAP_VH_GSO_NONE		0x00
#define	TAP_VH_GSO_TCPV4	0x01
#define	TAP_VH_GSO_TCPV6	0x04
#define	TAP_VH_GSO_ECN		0x80	/* with TCPV4 or TCPV6: CWR is set */
	uint16_t	vh_hdr_len;	/* of all headers; ignored in a write */
	uint16_t	vh_gso_size;	/* payload of each segment */
	uint16_t	vh_csum_start;
	uint16_t	vh_csum_offset;
	uint16_t	vh_num_buffers;	/* 1; absent if the length is 10 */
};

#define	TAP_VNET_HDR_LEN	10	/* without vh_num_buffers */
#define	TAP_VNET_HDR_MRG_LEN	12

/* The header's length: 0 for none, 10 or 12.  0 again after the last close. */
#define	TAPSVNETHDR	_IOW('e', 16, int)
#define	TAPGVNETHDR	_IOR('e', 17, int)

/*
 * What the reader takes in frames that it reads.  Without an offload header
 * only 0 can be set.
 */
#define	TAP_F_CSUM	0x01		/* checksums that are not completed */
#define	TAP_F_TSO4	0x02		/* TCP/IPv4 beyond the MTU; with CSUM */
#define	TAP_F_TSO6	0x04		/* TCP/IPv6 beyond the MTU; with CSUM */
#define	TAP_F_TSO_ECN	0x08		/* those with CWR; with TSO4 or TSO6 */
#define	TAPSOFFLOAD	_IOW('e', 18, unsigned int)
#define	TAPGOFFLOAD	_IOR('e', 19, unsigned int)

/* The longest frame that is read or written, its header not counted. */
#define	TAP_MAXFRAME	(14 + 4 + 65535)

/*
 * Several frames a call.  An entry is a piece of memory.  A frame ends with the
 * first entry that is not marked MORE.
 */
struct tap_frame {
	uint64_t	tf_addr;	/* address, zero-extended */
	uint32_t	tf_len;		/* bytes; TAPRECV returns those stored */
	uint32_t	tf_flags;
#define	TAP_FRAME_MORE	0x01		/* the frame goes on in the next entry */
#define	TAP_FRAME_CUT	0x02		/* TAPRECV: the frame was longer */
};

struct tap_batch {
	uint64_t	tb_frames;	/* address of struct tap_frame[tb_count] */
	uint32_t	tb_count;	/* entries, at most TAP_BATCH_MAX */
	uint32_t	tb_done;	/* returns the entries used, whole frames */
};
#define	TAP_BATCH_MAX	1024
#define	TAPSEND		_IOWR('e', 20, struct tap_batch)
#define	TAPRECV		_IOWR('e', 21, struct tap_batch)

/*
 * Whether the interface is destroyed at the last close of its device.  Each
 * open begins with 1 if it was an open of /dev/tap, and with 0 otherwise.
 */
#define	TAPSTRANSIENT	_IOW('e', 22, int)
#define	TAPGTRANSIENT	_IOR('e', 23, int)

#endif /* _NET_IF_TAP_RS_H_ */
