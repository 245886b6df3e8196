/*
 * Routerd shall be an IPv4 router. This one knows its interfaces, and the routes to
 * their own networks; it shows what arrives. The places marked TASK are yours.
 *
 *	routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]
 *
 * Work in the order of the numbers: each is worth points by itself.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN   6
#define ETHER_LEN  14
#define FRAME_MAX  1514
#define IFACES_MAX 8
#define ROUTES_MAX 32

struct iface {
	unsigned char mac[ADDR_LEN];
	uint32_t      address;	/* addresses are numbers of the host's byte order */
};

struct route {
	uint32_t prefix, mask;
	uint32_t gateway;	/* 0: the destination is on the interface's own network */
	int      iface;
};

static struct iface ifaces[IFACES_MAX];
static struct pollfd ports[IFACES_MAX];
static int nifaces;
static struct route routes[ROUTES_MAX];
static int nroutes;

/* get reads a number of n bytes, the highest first. */
static uint32_t
get(const unsigned char *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return (v);
}

/* find_route returns a route to the address. */
static const struct route *
find_route(uint32_t address)
{
	/* TASK 3: of several routes, that with the longest prefix. */
	for (int i = 0; i < nroutes; i++)
		if ((address & routes[i].mask) == routes[i].prefix)
			return (&routes[i]);
	return (NULL);
}

static void
arp_input(int iface, const unsigned char *frame, size_t len)
{
	/* TASK 1: answer who asks for ifaces[iface].address, and remember the hardware
	 * address of who asks and who answers. */
	printf("tap%d: ARP, %zu bytes, for %08x\n", iface, len, get(frame + ETHER_LEN + 24, 4));
}

static void
ip_input(int iface, const unsigned char *frame, size_t len)
{
	const unsigned char *p = frame + ETHER_LEN;
	uint32_t destination = get(p + 16, 4);
	const struct route *r = find_route(destination);

	/* TASK 2: is the packet sound, and not for you? Count its TTL down, compute the
	 * checksum of its header, find its next hop and that one's hardware address,
	 * and send it. Ask for the address, if you don't know it, and let the packet wait.
	 * TASK 4: ICMP errors: no route, TTL 0, a neighbour that does not answer.
	 * TASK 5: answer pings to the router itself. */
	printf("tap%d: IPv4, %zu bytes, to %08x: interface %d\n", iface, len, destination, r == NULL ? -1 : r->iface);
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
		if (poll(ports, (nfds_t)nifaces, -1) < 0)
			err(1, "poll");
		for (int i = 0; i < nifaces; i++) {
			if ((ports[i].revents & POLLIN) == 0)
				continue;
			if ((n = read(ports[i].fd, frame, sizeof(frame))) < 0)
				err(1, "read");
			if (n >= ETHER_LEN + 28 && get(frame + 12, 2) == 0x0806)
				arp_input(i, frame, (size_t)n);
			else if (n >= ETHER_LEN + 20 && get(frame + 12, 2) == 0x0800)
				ip_input(i, frame, (size_t)n);
		}
	}
}
