/*
 * Whichkernel shall tell by their answers which kernel hosts run. This one asks for their
 * hardware addresses, pings who answers, and shows what comes. The places marked TASK are
 * yours.
 *
 *	whichkernel DEVICE MAC ADDRESS PORT HOST...
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDR_LEN   6
#define HEADER_LEN 14		/* Ethernet: destination, source, type */
#define IP_LEN     20
#define FRAME_MAX  1514
#define HOSTS_MAX  32
#define ARP        0x0806
#define IP         0x0800
#define PATIENCE   3000		/* in milliseconds */

struct host {
	unsigned char ip[4], mac[ADDR_LEN];
	int known;		/* its hardware address is */
	/* TASK 3: what else do you know of a host, and what have you asked? */
};

static unsigned char our_ip[4], our_mac[ADDR_LEN];
static uint16_t port;		/* that is open */
static struct host hosts[HOSTS_MAX];
static int nhosts, tap;

static unsigned int
get16(const unsigned char *p)
{
	return ((unsigned int)p[0] << 8 | p[1]);
}

static void
put16(unsigned char *p, unsigned int v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/*
 * sum adds up 16-bit words; fold makes the Internet checksum of that (RFC 1071). UDP and
 * TCP add the pseudo-header, too: both addresses, the protocol and the length.
 */
static uint32_t
sum(const unsigned char *p, size_t len, uint32_t s)
{
	for (; len > 1; p += 2, len -= 2)
		s += get16(p);
	return (len > 0 ? s + ((uint32_t)p[0] << 8) : s);
}

static unsigned int
fold(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (~s & 0xffff);
}

static void
transmit(unsigned char *frame, const unsigned char *to, unsigned int type, size_t len)
{
	memcpy(frame, to, ADDR_LEN);
	memcpy(frame + ADDR_LEN, our_mac, ADDR_LEN);
	put16(frame + 12, type);
	if (write(tap, frame, len) != (ssize_t)len)
		warn("write");
}

/* ask_everybody sends an ARP request for an address. */
static void
ask_everybody(const unsigned char *ip)
{
	static const unsigned char everybody[ADDR_LEN] = {255, 255, 255, 255, 255, 255};
	unsigned char frame[HEADER_LEN + 28] = {0}, *p = frame + HEADER_LEN;

	put16(p, 1);
	put16(p + 2, IP);
	p[4] = ADDR_LEN;
	p[5] = 4;
	put16(p + 6, 1);
	memcpy(p + 8, our_mac, ADDR_LEN);
	memcpy(p + 14, our_ip, 4);
	memcpy(p + 24, ip, 4);
	transmit(frame, everybody, ARP, sizeof(frame));
}

/* packet sends a packet to a host; its payload is in place, behind the two headers. */
static void
packet(const struct host *h, unsigned char *frame, unsigned char protocol, size_t len)
{
	unsigned char *p = frame + HEADER_LEN;

	memset(p, 0, IP_LEN);
	p[0] = 0x45;
	put16(p + 2, (unsigned int)(IP_LEN + len));
	p[8] = 64;
	p[9] = protocol;
	memcpy(p + 12, our_ip, 4);
	memcpy(p + 16, h->ip, 4);
	put16(p + 10, fold(sum(p, IP_LEN, 0)));
	transmit(frame, h->mac, IP, HEADER_LEN + IP_LEN + len);
}

static void
echo(const struct host *h)
{
	unsigned char frame[FRAME_MAX], *p = frame + HEADER_LEN + IP_LEN;

	memset(p, 0, 16);
	p[0] = 8;
	put16(p + 2, fold(sum(p, 16, 0)));
	packet(h, frame, IPPROTO_ICMP, 16);
}

/* TASK 2: a datagram for a port that is closed, and a SYN, with options, for the open one. */

static void
resolved(const unsigned char *p, size_t len)
{
	if (len < 28 || get16(p + 6) != 2)
		return;	/* TASK 1: answer requests for our address */
	for (int i = 0; i < nhosts; i++)
		if (memcmp(hosts[i].ip, p + 14, 4) == 0) {
			memcpy(hosts[i].mac, p + 8, ADDR_LEN);
			hosts[i].known = 1;
			echo(&hosts[i]);
		}
}

static void
answered(const unsigned char *p, size_t len)
{
	char from[INET_ADDRSTRLEN];

	if (len < IP_LEN || memcmp(p + 16, our_ip, 4) != 0)
		return;
	inet_ntop(AF_INET, p + 12, from, sizeof(from));
	fprintf(stderr, "%s: protocol %d, %u bytes, ttl %d, tos %#x, id %u, %s\n", from, p[9], get16(p + 2), p[8], p[1], get16(p + 4),
	    get16(p + 6) & 0x4000 ? "DF" : "no DF");
	/* TASK 4: what does it say of who sent it? */
}

static const char *
verdict(const struct host *h)
{
	if (!h->known)
		return ("nobody");
	return ("TASK 5");
}

static int
parse_mac(const char *text, unsigned char *to)
{
	unsigned int b[ADDR_LEN];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != ADDR_LEN)
		return (0);
	for (int i = 0; i < ADDR_LEN; i++)
		to[i] = (unsigned char)b[i];
	return (1);
}

int
main(int argc, char *argv[])
{
	unsigned char frame[FRAME_MAX];
	struct pollfd fd = {.events = POLLIN};
	int64_t end;
	ssize_t n;

	if (argc < 6 || argc - 5 > HOSTS_MAX || !parse_mac(argv[2], our_mac) || inet_pton(AF_INET, argv[3], our_ip) != 1) {
		fprintf(stderr, "usage: whichkernel DEVICE MAC ADDRESS PORT HOST...\n");
		return (64);
	}
	port = (uint16_t)atoi(argv[4]);
	for (nhosts = 0; nhosts < argc - 5; nhosts++)
		if (inet_pton(AF_INET, argv[nhosts + 5], hosts[nhosts].ip) != 1)
			errx(64, "%s is no address", argv[nhosts + 5]);
	if ((tap = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);
	fd.fd = tap;
	for (int i = 0; i < nhosts; i++)
		ask_everybody(hosts[i].ip);
	/* TASK 6: what is lost must be asked again, and who knows all need not wait. */
	for (end = now() + PATIENCE; now() < end;) {
		if (poll(&fd, 1, (int)(end - now())) < 0)
			err(1, "poll");
		if (fd.revents == 0 || (n = read(tap, frame, sizeof(frame))) < HEADER_LEN)
			continue;
		if (get16(frame + 12) == ARP)
			resolved(frame + HEADER_LEN, (size_t)n - HEADER_LEN);
		else if (get16(frame + 12) == IP)
			answered(frame + HEADER_LEN, (size_t)n - HEADER_LEN);
	}
	fprintf(stderr, "port %u was not asked\n", port);
	for (int i = 0; i < nhosts; i++)
		printf("%s %s\n", argv[i + 5], verdict(&hosts[i]));
	return (0);
}
