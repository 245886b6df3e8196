/*
 * Routerd is an IPv4 router (RFC 1812) whose interfaces are tap devices.
 *
 *	routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]
 *	routerd /dev/tap0,02:00:00:00:00:01,10.1.0.1/24 ... 0.0.0.0/0,10.2.0.9
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDR_LEN     6
#define ETHER_LEN    14
#define IP_LEN       20		/* of a header without options */
#define FRAME_MAX    1514
#define IFACES_MAX   8
#define ROUTES_MAX   32
#define NEIGHBOURS   32
#define TTL          64
#define TRIES        3		/* ARP requests for a neighbour, */
#define RETRY        1000	/* one each so many milliseconds */

enum { UNREACHABLE = 3, NET = 0, HOST = 1, PROTOCOL = 2, TIME_EXCEEDED = 11 };	/* RFC 792 */

struct iface {
	unsigned char mac[ADDR_LEN];
	uint32_t      address;	/* addresses are numbers of the host's byte order */
};

struct route {
	uint32_t prefix, mask;
	uint32_t gateway;	/* 0: the destination is on the interface's own network */
	int      iface;
};

/* A neighbour is a host on one of our networks: its hardware address, or a packet
 * that waits until that is known. */
struct neighbour {
	uint32_t      address;
	int           iface, known, tries;
	unsigned char mac[ADDR_LEN];
	long          asked;	/* when, in milliseconds */
	size_t        waiting;	/* bytes of the frame that waits, 0 for none */
	unsigned char frame[FRAME_MAX];
};

static struct iface ifaces[IFACES_MAX];
static struct pollfd ports[IFACES_MAX];
static int nifaces;
static struct route routes[ROUTES_MAX];
static int nroutes;
static struct neighbour neighbours[NEIGHBOURS];
static int nneighbours;

static void output(unsigned char *frame, size_t len);
static void icmp_error(const unsigned char *about, int type, int code);

static long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((long)(t.tv_sec * 1000 + t.tv_nsec / 1000000));
}

static uint32_t
get(const unsigned char *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return (v);
}

static void
put(unsigned char *p, int n, uint32_t v)
{
	for (; n-- > 0; v >>= 8)
		p[n] = (unsigned char)v;
}

/* checksum is the Internet checksum (RFC 1071); 0 over bytes that hold a right one. */
static uint32_t
checksum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += get(p, 2);
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (~sum & 0xffff);
}

/* find_route returns the route with the longest prefix that the address has. */
static const struct route *
find_route(uint32_t address)
{
	const struct route *best = NULL;

	for (int i = 0; i < nroutes; i++)
		if ((address & routes[i].mask) == routes[i].prefix && (best == NULL || routes[i].mask > best->mask))
			best = &routes[i];
	return (best);
}

static int
is_mine(uint32_t address)
{
	for (int i = 0; i < nifaces; i++)
		if (ifaces[i].address == address)
			return (1);
	return (0);
}

static void
transmit(int iface, const unsigned char *destination, int type, unsigned char *frame, size_t len)
{
	memcpy(frame, destination, ADDR_LEN);
	memcpy(frame + ADDR_LEN, ifaces[iface].mac, ADDR_LEN);
	put(frame + 12, 2, (uint32_t)type);
	if (write(ports[iface].fd, frame, len) < 0)
		warn("write");
}

/* arp_send sends an ARP packet (RFC 826) from the interface's addresses. */
static void
arp_send(int iface, int op, const unsigned char *mac, uint32_t address)
{
	static const unsigned char everybody[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	unsigned char frame[ETHER_LEN + 28] = {0}, *p = frame + ETHER_LEN;

	put(p, 4, 0x00010800);			/* Ethernet, IPv4 */
	put(p + 4, 4, 0x06040000 | (uint32_t)op);
	memcpy(p + 8, ifaces[iface].mac, ADDR_LEN);
	put(p + 14, 4, ifaces[iface].address);
	if (op == 2)
		memcpy(p + 18, mac, ADDR_LEN);
	put(p + 24, 4, address);
	transmit(iface, op == 2 ? mac : everybody, 0x0806, frame, sizeof(frame));
}

/* neighbour returns the entry of an address, a new one if there is none. */
static struct neighbour *
neighbour(int iface, uint32_t address)
{
	static int oldest;
	struct neighbour *n;

	for (int i = 0; i < nneighbours; i++)
		if (neighbours[i].iface == iface && neighbours[i].address == address)
			return (&neighbours[i]);
	if (nneighbours < NEIGHBOURS)
		n = &neighbours[nneighbours++];
	else
		n = &neighbours[oldest++ % NEIGHBOURS];
	n->iface = iface;
	n->address = address;
	n->known = n->tries = 0;
	n->waiting = 0;
	return (n);
}

/* arp_input answers who asks for us, and learns from who asks and who answers. */
static void
arp_input(int iface, const unsigned char *frame, size_t len)
{
	const unsigned char *p = frame + ETHER_LEN;
	struct neighbour *n;
	uint32_t sender;

	if (len < ETHER_LEN + 28 || get(p, 4) != 0x00010800 || get(p + 4, 2) != 0x0604)
		return;
	if (get(p + 24, 4) != ifaces[iface].address)
		return;
	sender = get(p + 14, 4);
	n = neighbour(iface, sender);
	memcpy(n->mac, p + 8, ADDR_LEN);
	n->known = 1;
	if (get(p + 6, 2) == 1)
		arp_send(iface, 2, n->mac, sender);
	if (n->waiting > 0) {
		transmit(iface, n->mac, 0x0800, n->frame, n->waiting);
		n->waiting = 0;
	}
}

/* ask asks for the neighbour's hardware address. */
static void
ask(struct neighbour *n)
{
	n->tries++;
	n->asked = now();
	arp_send(n->iface, 1, NULL, n->address);
}

/*
 * retry asks again for the neighbours that have not answered, and gives up those
 * that never will: who sent to them is told. It tells whether a packet still waits.
 */
static int
retry(void)
{
	unsigned char frame[FRAME_MAX];
	int waiting = 0;

	for (int i = 0; i < nneighbours; i++) {
		struct neighbour *n = &neighbours[i];

		if (n->waiting == 0)
			continue;
		if (n->tries < TRIES || now() - n->asked < RETRY) {
			if (now() - n->asked >= RETRY)
				ask(n);
			waiting = 1;
			continue;
		}
		memcpy(frame, n->frame, n->waiting);
		n->waiting = 0;
		n->tries = 0;
		icmp_error(frame + ETHER_LEN, UNREACHABLE, HOST);
	}
	return (waiting);
}

/*
 * output sends a packet, whose header is right, to its next hop. While the hardware
 * address of that is not known the packet waits, one for each neighbour (RFC 1122,
 * 2.3.2.2).
 */
static void
output(unsigned char *frame, size_t len)
{
	uint32_t destination = get(frame + ETHER_LEN + 16, 4);
	const struct route *r = find_route(destination);
	struct neighbour *n;

	if (r == NULL) {
		icmp_error(frame + ETHER_LEN, UNREACHABLE, NET);
		return;
	}
	n = neighbour(r->iface, r->gateway != 0 ? r->gateway : destination);
	if (n->known) {
		transmit(r->iface, n->mac, 0x0800, frame, len);
		return;
	}
	memcpy(n->frame, frame, len);
	if (n->waiting == 0)
		ask(n);
	n->waiting = len;
}

/* ip_send completes the header of a packet of our own and sends it. */
static void
ip_send(unsigned char *frame, uint32_t source, uint32_t destination, size_t len)
{
	unsigned char *p = frame + ETHER_LEN;

	memset(p, 0, IP_LEN);
	p[0] = 0x45;
	put(p + 2, 2, (uint32_t)len);
	p[8] = TTL;
	p[9] = IPPROTO_ICMP;
	put(p + 12, 4, source);
	put(p + 16, 4, destination);
	put(p + 10, 2, checksum(p, IP_LEN));
	output(frame, ETHER_LEN + len);
}

/*
 * icmp_error tells the sender of a packet what became of it (RFC 792). There are no
 * errors about errors, nor about fragments but the first (RFC 1812, 4.3.2.7).
 */
static void
icmp_error(const unsigned char *about, int type, int code)
{
	unsigned char frame[ETHER_LEN + IP_LEN + 8 + 60 + 8] = {0}, *icmp = frame + ETHER_LEN + IP_LEN;
	size_t head = (about[0] & 15) * 4u, quoted = head + 8;
	uint32_t sender = get(about + 12, 4);
	const struct route *r = find_route(sender);

	if (r == NULL || is_mine(sender) || (get(about + 6, 2) & 0x1fff) != 0)
		return;
	if (about[9] == IPPROTO_ICMP && about[head] != 8 && about[head] != 0)
		return;
	if (get(about + 2, 2) < quoted)
		quoted = get(about + 2, 2);
	icmp[0] = (unsigned char)type;
	icmp[1] = (unsigned char)code;
	memcpy(icmp + 8, about, quoted);	/* its header, and eight bytes: the ports */
	put(icmp + 2, 2, checksum(icmp, 8 + quoted));
	ip_send(frame, ifaces[r->iface].address, sender, IP_LEN + 8 + quoted);
}

/* local handles a packet for ourselves: pings are answered. */
static void
local(unsigned char *frame, size_t head, size_t size)
{
	unsigned char reply[FRAME_MAX], *p = frame + ETHER_LEN, *icmp = reply + ETHER_LEN + IP_LEN;
	size_t len = size - head;

	if (p[9] != IPPROTO_ICMP) {
		icmp_error(p, UNREACHABLE, PROTOCOL);
		return;
	}
	if (len < 8 || p[head] != 8 || checksum(p + head, len) != 0)
		return;
	memcpy(icmp, p + head, len);
	icmp[0] = 0;
	put(icmp + 2, 2, 0);
	put(icmp + 2, 2, checksum(icmp, len));
	ip_send(reply, get(p + 16, 4), get(p + 12, 4), IP_LEN + len);
}

/* ip_input forwards a packet (RFC 1812, 5.2), if it is one and may live on. */
static void
ip_input(int iface, unsigned char *frame, size_t len)
{
	unsigned char *p = frame + ETHER_LEN;
	size_t head, size;

	if (memcmp(frame, ifaces[iface].mac, ADDR_LEN) != 0 || len < ETHER_LEN + IP_LEN)
		return;		/* for somebody else, or for all on that link */
	head = (p[0] & 15) * 4u;
	size = get(p + 2, 2);
	if (p[0] >> 4 != 4 || head < IP_LEN || size < head || size > len - ETHER_LEN || checksum(p, head) != 0)
		return;
	if (is_mine(get(p + 16, 4))) {
		local(frame, head, size);
		return;
	}
	if (p[8] <= 1) {
		icmp_error(p, TIME_EXCEEDED, 0);
		return;
	}
	p[8]--;
	put(p + 10, 2, 0);
	put(p + 10, 2, checksum(p, head));
	output(frame, ETHER_LEN + size);	/* without the padding that a short frame had */
}

/* parse_prefix reads ADDRESS/LENGTH. */
static void
parse_prefix(char *text, uint32_t *address, uint32_t *mask)
{
	char *slash = strchr(text, '/');
	long length = slash == NULL ? -1 : strtol(slash + 1, NULL, 10);
	struct in_addr a;

	if (slash != NULL)
		*slash = '\0';
	if (length < 0 || length > 32 || inet_pton(AF_INET, text, &a) != 1)
		errx(64, "%s: not ADDRESS/LENGTH", text);
	*address = ntohl(a.s_addr);
	*mask = length == 0 ? 0 : ~0u << (32 - length);
}

static void
add_route(uint32_t prefix, uint32_t mask, uint32_t gateway, int iface)
{
	if (nroutes == ROUTES_MAX)
		errx(64, "more than %d routes", ROUTES_MAX);
	routes[nroutes++] = (struct route){prefix & mask, mask, gateway, iface};
}

/* configure adds the interface or the route that an argument describes. */
static void
configure(char *arg)
{
	struct iface *f = &ifaces[nifaces];
	char *first = strtok(arg, ","), *second = strtok(NULL, ","), *third = strtok(NULL, ",");
	unsigned int b[ADDR_LEN];
	uint32_t address, mask;
	struct in_addr gateway;
	const struct route *r;

	if (third == NULL) {
		if (second == NULL || inet_pton(AF_INET, second, &gateway) != 1)
			errx(64, "%s: want PREFIX/LENGTH,GATEWAY", arg);
		parse_prefix(first, &address, &mask);
		if ((r = find_route(ntohl(gateway.s_addr))) == NULL || r->gateway != 0)
			errx(64, "%s is on none of our networks", second);
		add_route(address, mask, ntohl(gateway.s_addr), r->iface);
		return;
	}
	if (nifaces == IFACES_MAX)
		errx(64, "more than %d interfaces", IFACES_MAX);
	if (sscanf(second, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != ADDR_LEN)
		errx(64, "%s is no hardware address", second);
	for (int i = 0; i < ADDR_LEN; i++)
		f->mac[i] = (unsigned char)b[i];
	parse_prefix(third, &f->address, &mask);
	add_route(f->address, mask, 0, nifaces);
	ports[nifaces].events = POLLIN;
	if ((ports[nifaces].fd = open(first, O_RDWR)) < 0)
		err(1, "%s", first);
	nifaces++;
}

int
main(int argc, char *argv[])
{
	unsigned char frame[FRAME_MAX];
	ssize_t n;

	for (int i = 1; i < argc; i++)
		configure(argv[i]);
	if (nifaces == 0) {
		fprintf(stderr, "usage: routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]\n");
		return (64);
	}
	for (;;) {
		if (poll(ports, (nfds_t)nifaces, retry() ? RETRY / 10 : -1) < 0)
			err(1, "poll");
		for (int i = 0; i < nifaces; i++) {
			if ((ports[i].revents & POLLIN) == 0)
				continue;
			if ((n = read(ports[i].fd, frame, sizeof(frame))) < 0)
				err(1, "read");
			if (n >= ETHER_LEN && get(frame + 12, 2) == 0x0806)
				arp_input(i, frame, (size_t)n);
			else if (n >= ETHER_LEN && get(frame + 12, 2) == 0x0800)
				ip_input(i, frame, (size_t)n);
		}
	}
}
