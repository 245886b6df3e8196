/* The two networks: their neighbours by ARP (RFC 826), and what is sent to them. */
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "natd.h"

#define HEAD_LEN  ETHER_HDR_LEN
#define ARP_LEN   28
#define ASK_AGAIN 1000			/* milliseconds */

/* now is the time since the machine began, in milliseconds. */
int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* on_net tells whether an address is on a side's network. */
int
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
void
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
void
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
void
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
void
too_old(struct side *s, const unsigned char *p)
{
	unsigned char body[4 + 60 + 8] = {0};
	size_t quote = (size_t)(p[0] & 15) * 4 + 8;

	if (is_error(p))
		return;
	memcpy(body + 4, p, quote);
	send_icmp(s, p, 11, body, 4 + quote);
}

/* open_side opens a device and reads its addresses. */
void
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
