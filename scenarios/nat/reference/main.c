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
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "natd.h"

#define INSIDE  0
#define OUTSIDE 1

static struct side sides[2];

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
	unsigned char frame[FRAME_MAX], *p = frame + ETHER_HDR_LEN;
	ssize_t n = read(s->fd, frame, sizeof(frame));
	size_t len;

	if (n < 0 && errno != EINTR && errno != EHOSTDOWN)
		err(1, "read");
	if (n < ETHER_HDR_LEN || (memcmp(frame, s->mac, MAC_LEN) != 0 && (frame[0] & 1) == 0))
		return;		/* for another host: the switch did not know better */
	len = (size_t)n - ETHER_HDR_LEN;
	if (get16(frame + 12) == ETHERTYPE_ARP)
		arp(s, p, len);
	else if (get16(frame + 12) != ETHERTYPE_IP || (frame[0] & 1) != 0 || !sound(p, &len))
		return;
	else if (which == INSIDE)
		from_inside(p, len);
	else
		from_outside(p, len);
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
