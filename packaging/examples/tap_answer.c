/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * The other end of a tap interface's wire: a host that answers ARP and
 * ping(8) at one IPv4 address.
 *
 *	cc -o tap_answer tap_answer.c
 *	./tap_answer /dev/tap0 10.0.0.2
 *
 * With "-" instead of a device it uses its standard input, in both
 * directions, a datagram for a frame.
 */

#include <sys/types.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define	ETHER_ADDR	6
#define	ETHER_HEADER	14
#define	ETHER_TYPE	12	/* offset in the frame */
#define	ARP_LENGTH	28
#define	ARP_OPERATION	6	/* offsets in the packet */
#define	ARP_SENDER	8
#define	ARP_SENDER_IP	14
#define	ARP_TARGET	18
#define	ARP_TARGET_IP	24
#define	IP_HEADER	20
#define	IP_TOTAL	2
#define	IP_PROTOCOL	9
#define	IP_SOURCE	12
#define	IP_DESTINATION	16
#define	ICMP_HEADER	8
#define	ICMP_CHECKSUM	2

/* The answering host's Ethernet address: locally administered, not the tap's. */
static const uint8_t our_ether[ETHER_ADDR] = { 0xf2, 0x0b, 0xa4, 0, 0, 1 };

static unsigned int
get16(const uint8_t *p)
{

	return (unsigned int)p[0] << 8 | p[1];
}

static void
put16(uint8_t *p, unsigned int value)
{

	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* The Internet checksum (RFC 1071) of a whole number of bytes. */
static unsigned int
checksum(const uint8_t *p, size_t length)
{
	uint32_t sum = 0;

	for (; length > 1; p += 2, length -= 2)
		sum += get16(p);
	if (length == 1)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Turns a request for our address into the reply; its length, or 0. */
static size_t
answer_arp(uint8_t *arp, size_t length, const struct in_addr *us)
{
	static const uint8_t ethernet_ip[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	if (length < ARP_LENGTH || memcmp(arp, ethernet_ip, sizeof(ethernet_ip)) != 0 ||
	    memcmp(arp + ARP_TARGET_IP, us, sizeof(*us)) != 0)
		return 0;
	put16(arp + ARP_OPERATION, 2);
	memcpy(arp + ARP_TARGET, arp + ARP_SENDER, ETHER_ADDR + sizeof(*us));
	memcpy(arp + ARP_SENDER, our_ether, ETHER_ADDR);
	memcpy(arp + ARP_SENDER_IP, us, sizeof(*us));
	return ARP_LENGTH;
}

/* Turns an echo request to our address into the reply; its length, or 0. */
static size_t
answer_ping(uint8_t *ip, size_t length, const struct in_addr *us)
{
	uint8_t *icmp;
	size_t header, total;

	if (length < IP_HEADER || ip[0] >> 4 != 4 || ip[IP_PROTOCOL] != IPPROTO_ICMP ||
	    memcmp(ip + IP_DESTINATION, us, sizeof(*us)) != 0)
		return 0;
	header = (size_t)(ip[0] & 0xf) * 4;
	total = get16(ip + IP_TOTAL);
	if (header < IP_HEADER || total > length || total < header + ICMP_HEADER)
		return 0;
	icmp = ip + header;
	if (icmp[0] != 8 || checksum(icmp, total - header) != 0)
		return 0;
	memcpy(ip + IP_DESTINATION, ip + IP_SOURCE, sizeof(*us));
	memcpy(ip + IP_SOURCE, us, sizeof(*us));
	icmp[0] = 0;
	put16(icmp + ICMP_CHECKSUM, 0);
	put16(icmp + ICMP_CHECKSUM, checksum(icmp, total - header));
	return total;
}

/* Answers one frame in place; the answer's length, or 0 for none. */
static size_t
answer(uint8_t *frame, size_t length, const struct in_addr *us)
{
	size_t packet;

	if (length < ETHER_HEADER)
		return 0;
	switch (get16(frame + ETHER_TYPE)) {
	case 0x0806:
		packet = answer_arp(frame + ETHER_HEADER, length - ETHER_HEADER, us);
		break;
	case 0x0800:
		packet = answer_ping(frame + ETHER_HEADER, length - ETHER_HEADER, us);
		break;
	default:
		return 0;
	}
	if (packet == 0)
		return 0;
	memcpy(frame, frame + ETHER_ADDR, ETHER_ADDR);
	memcpy(frame + ETHER_ADDR, our_ether, ETHER_ADDR);
	return ETHER_HEADER + packet;
}

int
main(int argc, char **argv)
{
	static uint8_t frame[65536];
	struct in_addr us;
	size_t length;
	ssize_t got;
	int fd = STDIN_FILENO;

	if (argc != 3 || inet_pton(AF_INET, argv[2], &us) != 1) {
		fprintf(stderr, "usage: tap_answer device address\n");
		return EXIT_FAILURE;
	}
	if (strcmp(argv[1], "-") != 0 && (fd = open(argv[1], O_RDWR)) == -1)
		err(EXIT_FAILURE, "%s", argv[1]);
	while ((got = read(fd, frame, sizeof(frame))) > 0) {
		length = answer(frame, (size_t)got, &us);
		if (length != 0 && write(fd, frame, length) == -1)
			warn("%s", argv[1]);
	}
	if (got == -1)
		err(EXIT_FAILURE, "%s", argv[1]);
	return EXIT_SUCCESS;
}
