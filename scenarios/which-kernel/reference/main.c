/*
 * Whichkernel tells by their answers which kernel hosts run.
 *
 *	whichkernel DEVICE MAC ADDRESS PORT HOST...
 *
 * Each host gets an echo request, a datagram for a port that is closed, and a SYN for
 * PORT, where a program listens. For each a line is printed, in their order: its address,
 * and freebsd, dragonfly, netbsd, linux or nobody.
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
#define DF         0x4000	/* don't fragment */

/* Times are in milliseconds. */
#define AGAIN      500		/* what was not answered is asked again */
#define TRIES      10

/* How a SYN+ACK has the option SACK permitted. */
enum sack { NONE, BARE, PADDED };

struct host {
	unsigned char ip[4], mac[ADDR_LEN];
	int known;		/* its hardware address is */
	int replied, df;	/* to the echo request, and with DF as it had */
	int refused, tos;	/* the datagram, and with which type of service */
	int accepted;		/* the SYN */
	enum sack sack;
	int tries;
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

static void
put32(unsigned char *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* sum adds up 16-bit words; fold makes the Internet checksum of that (RFC 1071). */
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
		warn("write");	/* it is asked again */
}

/* arp sends an ARP packet: a request to everybody, or a reply. */
static void
arp(unsigned int op, const unsigned char *mac, const unsigned char *ip)
{
	static const unsigned char everybody[ADDR_LEN] = {255, 255, 255, 255, 255, 255};
	unsigned char frame[HEADER_LEN + 28] = {0}, *p = frame + HEADER_LEN;

	put16(p, 1);
	put16(p + 2, IP);
	p[4] = ADDR_LEN;
	p[5] = 4;
	put16(p + 6, op);
	memcpy(p + 8, our_mac, ADDR_LEN);
	memcpy(p + 14, our_ip, 4);
	if (mac != NULL)
		memcpy(p + 18, mac, ADDR_LEN);
	memcpy(p + 24, ip, 4);
	transmit(frame, mac != NULL ? mac : everybody, ARP, sizeof(frame));
}

/* packet sends a packet to a host; its payload is in place. */
static void
packet(const struct host *h, unsigned char *frame, unsigned char protocol, size_t len)
{
	unsigned char *p = frame + HEADER_LEN;

	memset(p, 0, IP_LEN);
	p[0] = 0x45;
	put16(p + 2, (unsigned int)(IP_LEN + len));
	put16(p + 6, DF);
	p[8] = 64;
	p[9] = protocol;
	memcpy(p + 12, our_ip, 4);
	memcpy(p + 16, h->ip, 4);
	put16(p + 10, fold(sum(p, IP_LEN, 0)));
	transmit(frame, h->mac, IP, HEADER_LEN + IP_LEN + len);
}

/* pseudo is the sum of the pseudo-header (RFC 9293, 3.1). */
static uint32_t
pseudo(const struct host *h, unsigned char protocol, size_t len)
{
	return (sum(our_ip, 4, sum(h->ip, 4, (uint32_t)(protocol + len))));
}

/* sport is the port from which a host is asked, another one each time. */
static unsigned int
sport(const struct host *h)
{
	return ((unsigned int)(40000 + (h - hosts) * 100 + h->tries));
}

static void
echo(const struct host *h)
{
	unsigned char frame[FRAME_MAX], *p = frame + HEADER_LEN + IP_LEN;

	memset(p, 0, 16);
	p[0] = 8;
	put16(p + 4, sport(h));
	put16(p + 2, fold(sum(p, 16, 0)));
	packet(h, frame, IPPROTO_ICMP, 16);
}

static void
datagram(const struct host *h)
{
	unsigned char frame[FRAME_MAX], *p = frame + HEADER_LEN + IP_LEN;

	memset(p, 0, 16);
	put16(p, sport(h));
	put16(p + 2, 33434);
	put16(p + 4, 16);
	put16(p + 6, fold(sum(p, 16, pseudo(h, IPPROTO_UDP, 16))));
	packet(h, frame, IPPROTO_UDP, 16);
}

/* segment sends a SYN with all options, or a RST, which has none. */
static void
segment(const struct host *h, unsigned int from, uint32_t seq, int syn)
{
	static const unsigned char options[] = {2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};
	unsigned char frame[FRAME_MAX], *p = frame + HEADER_LEN + IP_LEN;
	size_t len = 20 + (syn ? sizeof(options) : 0);

	memset(p, 0, 20);
	put16(p, from);
	put16(p + 2, port);
	put32(p + 4, seq);
	p[12] = (unsigned char)(len / 4 << 4);
	p[13] = syn ? 0x02 : 0x04;
	put16(p + 14, syn ? 65535 : 0);
	if (syn)
		memcpy(p + 20, options, sizeof(options));
	put16(p + 16, fold(sum(p, len, pseudo(h, IPPROTO_TCP, len))));
	packet(h, frame, IPPROTO_TCP, len);
}

/* ask asks a host for what it has not answered. */
static void
ask(struct host *h)
{
	h->tries++;
	if (!h->known) {
		arp(1, NULL, h->ip);
		return;
	}
	if (!h->replied)
		echo(h);
	if (!h->refused)
		datagram(h);
	if (!h->accepted)
		segment(h, sport(h), 1000, 1);
}

static int
done(const struct host *h)
{
	return (h->tries > TRIES || (h->replied && h->refused && h->accepted));
}

static struct host *
find(const unsigned char *ip)
{
	for (int i = 0; i < nhosts; i++)
		if (memcmp(hosts[i].ip, ip, 4) == 0)
			return (&hosts[i]);
	return (NULL);
}

static void
resolved(const unsigned char *p, size_t len)
{
	static const unsigned char ethernet[] = {0, 1, 8, 0, 6, 4, 0};
	struct host *h;

	if (len < 28 || memcmp(p, ethernet, sizeof(ethernet)) != 0 || memcmp(p + 24, our_ip, 4) != 0)
		return;
	if (p[7] == 1)
		arp(2, p + 8, p + 14);
	if ((h = find(p + 14)) == NULL || h->known)
		return;
	memcpy(h->mac, p + 8, ADDR_LEN);
	h->known = 1;
	h->tries = 0;
	ask(h);
}

/* sack_of looks for SACK permitted: two nops before it, or none. */
static enum sack
sack_of(const unsigned char *p, size_t len)
{
	size_t nops = 0;

	for (size_t i = 0; i < len && p[i] != 0;) {
		if (p[i] == 1) {
			nops++;
			i++;
			continue;
		}
		if (p[i] == 4)
			return (nops >= 2 ? PADDED : BARE);
		nops = 0;
		if (i + 1 >= len || p[i + 1] < 2)
			break;
		i += p[i + 1];
	}
	return (NONE);
}

static void
answered(const unsigned char *p, size_t len)
{
	const unsigned char *l = p + IP_LEN;
	struct host *h;
	size_t head;

	if (len < IP_LEN + 8 || p[0] != 0x45 || get16(p + 2) < IP_LEN + 8 || get16(p + 2) > len || memcmp(p + 16, our_ip, 4) != 0)
		return;
	len = get16(p + 2) - IP_LEN;
	if ((h = find(p + 12)) == NULL)
		return;
	switch (p[9]) {
	case IPPROTO_ICMP:
		if (l[0] == 0 && !h->replied) {
			h->replied = 1;
			h->df = (get16(p + 6) & DF) != 0;
		} else if (l[0] == 3 && l[1] == 3) {
			h->refused = 1;
			h->tos = p[1];
		}
		break;
	case IPPROTO_TCP:
		if (len < 20 || get16(l) != port || (l[13] & 0x12) != 0x12)
			break;
		head = (size_t)(l[12] >> 4) * 4;
		if (head < 20 || head > len)
			break;
		segment(h, get16(l + 2), 1001, 0);	/* we don't want to talk to it */
		h->accepted = 1;
		h->sack = sack_of(l + 20, head - 20);
		break;
	}
}

/*
 * Linux marks its ICMP errors as internetwork control (RFC 1812, 4.3.2.5). FreeBSD and
 * DragonFly send an echo request's header back with the reply, DF and all. Of these two
 * DragonFly aligns the options of TCP.
 */
static const char *
verdict(const struct host *h)
{
	if (!h->known)
		return ("nobody");
	if (h->tos >= 0xc0)
		return ("linux");
	if (!h->df)
		return ("netbsd");
	return (h->sack == PADDED ? "dragonfly" : "freebsd");
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
	int64_t next;
	ssize_t n;
	int left;

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
	for (next = now();;) {
		if (now() >= next) {
			for (int i = left = 0; i < nhosts; i++)
				if (!done(&hosts[i])) {
					left++;
					ask(&hosts[i]);
				}
			if (left == 0)
				break;
			next = now() + AGAIN;
		}
		if (poll(&fd, 1, (int)(next > now() ? next - now() : 0)) < 0)
			err(1, "poll");
		if (fd.revents == 0)
			continue;
		if ((n = read(tap, frame, sizeof(frame))) < HEADER_LEN)
			continue;
		if (get16(frame + 12) == ARP)
			resolved(frame + HEADER_LEN, (size_t)n - HEADER_LEN);
		else if (get16(frame + 12) == IP)
			answered(frame + HEADER_LEN, (size_t)n - HEADER_LEN);
	}
	for (int i = 0; i < nhosts; i++)
		printf("%s %s\n", argv[i + 5], verdict(&hosts[i]));
	return (0);
}
