/*
 * Natd is a router that lets a whole network use one address (NAPT: RFC 3022, and
 * RFC 4787, 5382 and 5508 for what UDP, TCP and ICMP need of it).
 *
 *	natd DEVICE MAC ADDRESS/LEN DEVICE MAC ADDRESS/LEN [GATEWAY]
 *
 * The first tap is the inside, the second the outside, whose ADDRESS is what others see.
 * What is not on the outside's own network goes to GATEWAY.
 */
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "natd.h"

#define MAC_LEN   ETHER_ADDR_LEN
#define HEAD_LEN  ETHER_HDR_LEN
#define FRAME_MAX 1514
#define ARP_LEN   28
#define HOSTS_MAX 64
#define ASK_AGAIN 1000			/* milliseconds */
#define INSIDE    0
#define OUTSIDE   1

/* A neighbour: a host on one of the two networks, and a packet that waits for its answer. */
struct host {
	uint32_t      address;		/* 0: this one is free */
	int           known;
	unsigned char mac[MAC_LEN];
	int64_t       asked;
	unsigned char frame[FRAME_MAX];
	size_t        waiting;
};

/* One of the two sides. */
struct side {
	int           fd;
	unsigned char mac[MAC_LEN];
	uint32_t      address, mask, gateway;
	struct host   hosts[HOSTS_MAX];
	int           next;		/* which host makes room for another */
};

static struct side sides[2];

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static int
on_net(const struct side *s, uint32_t address)
{
	return (((address ^ s->address) & s->mask) == 0);
}

/* transmit writes a frame. What the kernel does not take is lost, as on any wire. */
static void
transmit(const struct side *s, const unsigned char *frame, size_t len)
{
	if (write(s->fd, frame, len) < 0)
		warn("write");
}

/* header makes the Ethernet header of a frame. */
static void
header(const struct side *s, unsigned char *frame, const unsigned char *to, uint16_t type)
{
	memcpy(frame, to, MAC_LEN);
	memcpy(frame + MAC_LEN, s->mac, MAC_LEN);
	put16(frame + 2 * MAC_LEN, type);
}

/* arp_send sends an ARP message (RFC 826): 1 asks for an address, 2 answers. */
static void
arp_send(const struct side *s, unsigned op, const unsigned char *to, const unsigned char *target, uint32_t address)
{
	static const unsigned char start[] = {0, 1, 8, 0, 6, 4, 0};
	unsigned char frame[HEAD_LEN + ARP_LEN], *p = frame + HEAD_LEN;

	header(s, frame, to, ETHERTYPE_ARP);
	memcpy(p, start, sizeof(start));
	p[7] = (unsigned char)op;
	memcpy(p + 8, s->mac, MAC_LEN);
	put32(p + 14, s->address);
	memcpy(p + 18, target, MAC_LEN);
	put32(p + 24, address);
	transmit(s, frame, sizeof(frame));
}

/* host_of returns the neighbour with an address; one that is not there yet it makes, if it is to. */
static struct host *
host_of(struct side *s, uint32_t address, int make)
{
	struct host *h;

	for (h = s->hosts; h < s->hosts + HOSTS_MAX; h++)
		if (h->address == address)
			return (h);
	if (!make)
		return (NULL);
	h = &s->hosts[s->next];
	s->next = (s->next + 1) % HOSTS_MAX;
	memset(h, 0, sizeof(*h));
	h->address = address;
	h->asked = -ASK_AGAIN;
	return (h);
}

/*
 * arp takes an ARP message. Who asks for us is answered, and worth knowing; what
 * others tell us is, only if we have asked. Who just tries whether an address is free
 * asks as 0.0.0.0.
 */
static void
arp(struct side *s, const unsigned char *p, size_t len)
{
	static const unsigned char start[] = {0, 1, 8, 0, 6, 4, 0};
	struct host *h;

	if (len < ARP_LEN || memcmp(p, start, sizeof(start)) != 0 || get32(p + 24) != s->address)
		return;
	if (on_net(s, get32(p + 14)) && (h = host_of(s, get32(p + 14), p[7] == 1)) != NULL) {
		h->known = 1;
		memcpy(h->mac, p + 8, MAC_LEN);
		if (h->waiting > 0) {
			memcpy(h->frame, h->mac, MAC_LEN);
			transmit(s, h->frame, h->waiting);
			h->waiting = 0;
		}
	}
	if (p[7] == 1)
		arp_send(s, 2, p + 8, p + 8, get32(p + 14));
}

/* send_ip sends a packet to its next hop; if that must be asked for first, the packet waits. */
static void
send_ip(struct side *s, const unsigned char *p, size_t len)
{
	static const unsigned char all[MAC_LEN] = {255, 255, 255, 255, 255, 255}, nobody[MAC_LEN];
	uint32_t to = get32(p + 16), hop = on_net(s, to) ? to : s->gateway;
	struct host *h;

	if (hop == 0)
		return;
	h = host_of(s, hop, 1);
	header(s, h->frame, h->mac, ETHERTYPE_IP);
	memcpy(h->frame + HEAD_LEN, p, len);
	if (h->known) {
		transmit(s, h->frame, HEAD_LEN + len);
		return;
	}
	h->waiting = HEAD_LEN + len;		/* the newest counts (RFC 1122, 2.3.2.2) */
	if (now() - h->asked >= ASK_AGAIN) {
		h->asked = now();
		arp_send(s, 1, all, nobody, hop);
	}
}

/* send_icmp answers the sender of p with an ICMP message, whose body is given. */
static void
send_icmp(struct side *s, const unsigned char *p, unsigned type, const unsigned char *body, size_t len)
{
	unsigned char q[FRAME_MAX] = {0x45};

	put16(q + 2, (uint16_t)(20 + 4 + len));
	q[8] = 64;
	q[9] = ICMP;
	put32(q + 12, s->address);
	memcpy(q + 16, p + 12, 4);
	put16(q + 10, sum(q, 20));
	q[20] = (unsigned char)type;
	memcpy(q + 24, body, len);
	put16(q + 22, sum(q + 20, 4 + len));
	send_ip(s, q, 20 + 4 + len);
}

/* too_old tells the sender that the time to live is over (RFC 792): header and eight bytes. */
static void
too_old(struct side *s, const unsigned char *p)
{
	unsigned char body[4 + 60 + 8] = {0};
	size_t quote = (size_t)(p[0] & 15) * 4 + 8;

	if (is_error(p))
		return;
	memcpy(body + 4, p, quote);
	send_icmp(s, p, 11, body, 4 + quote);
}

/* from_inside takes a packet that came from the inside. */
static void
from_inside(unsigned char *p, size_t len)
{
	struct side *in = &sides[INSIDE], *out = &sides[OUTSIDE];
	uint32_t to = get32(p + 16);
	size_t head = (size_t)(p[0] & 15) * 4;

	if (to == in->address && p[9] == ICMP && p[head] == 8) {
		send_icmp(in, p, 0, p + head + 4, len - head - 4);
		return;
	}
	if (on_net(in, to) || !on_net(in, get32(p + 12)))
		return;		/* for a neighbour, or from nobody that we know */
	if (p[8] <= 1) {
		too_old(in, p);
		return;
	}
	age(p);
	if (!translate_out(p, len, out->address, now()))
		return;
	/* Two hosts inside may know each other by what they are outside (RFC 4787, REQ-9). */
	if (to != out->address)
		send_ip(out, p, len);
	else if (translate_in(p, len, now()))
		send_ip(in, p, len);
}

/* from_outside takes a packet that came from the outside. */
static void
from_outside(unsigned char *p, size_t len)
{
	if (get32(p + 16) != sides[OUTSIDE].address)
		return;
	if (p[8] <= 1) {
		too_old(&sides[OUTSIDE], p);
		return;
	}
	age(p);
	if (translate_in(p, len, now()))
		send_ip(&sides[INSIDE], p, len);
}

/* receive reads a frame, and gives what is in it to who knows about it. */
static void
receive(int which)
{
	struct side *s = &sides[which];
	unsigned char frame[FRAME_MAX], *p = frame + HEAD_LEN;
	ssize_t n = read(s->fd, frame, sizeof(frame));
	size_t len;

	if (n < 0 && errno != EINTR && errno != EHOSTDOWN)
		err(1, "read");
	if (n < HEAD_LEN || (memcmp(frame, s->mac, MAC_LEN) != 0 && (frame[0] & 1) == 0))
		return;		/* for another host: the switch did not know better */
	len = (size_t)n - HEAD_LEN;
	if (get16(frame + 12) == ETHERTYPE_ARP)
		arp(s, p, len);
	else if (get16(frame + 12) != ETHERTYPE_IP || (frame[0] & 1) != 0 || !sound(p, &len))
		return;
	else if (which == INSIDE)
		from_inside(p, len);
	else
		from_outside(p, len);
}

/* open_side opens a device and reads its addresses. */
static void
open_side(struct side *s, char *device, const char *mac, char *address)
{
	char *len = strchr(address, '/');
	struct ether_addr *e = ether_aton(mac);
	struct in_addr a;
	int bits = len == NULL ? 0 : atoi(len + 1);

	if (len != NULL)
		*len = 0;
	if (bits < 1 || bits > 30 || e == NULL || inet_pton(AF_INET, address, &a) != 1)
		errx(64, "%s: want MAC ADDRESS/LEN", device);
	memcpy(s->mac, e, MAC_LEN);
	s->address = ntohl(a.s_addr);
	s->mask = 0xffffffffu << (32 - bits);
	if ((s->fd = open(device, O_RDWR)) < 0)
		err(1, "%s", device);
}

int
main(int argc, char *argv[])
{
	struct pollfd fds[2];
	struct in_addr gateway = {0};

	if (argc != 7 && argc != 8) {
		fprintf(stderr, "usage: natd DEVICE MAC ADDRESS/LEN DEVICE MAC ADDRESS/LEN [GATEWAY]\n");
		return (64);
	}
	for (int i = INSIDE; i <= OUTSIDE; i++) {
		open_side(&sides[i], argv[3 * i + 1], argv[3 * i + 2], argv[3 * i + 3]);
		fds[i] = (struct pollfd){.fd = sides[i].fd, .events = POLLIN};
	}
	if (argc == 8 && inet_pton(AF_INET, argv[7], &gateway) != 1)
		errx(64, "%s: not an address", argv[7]);
	sides[OUTSIDE].gateway = ntohl(gateway.s_addr);
	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				err(1, "poll");
			continue;
		}
		for (int i = INSIDE; i <= OUTSIDE; i++)
			if (fds[i].revents != 0)
				receive(i);
	}
}
