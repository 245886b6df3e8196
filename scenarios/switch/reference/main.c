/*
 * Switchd is a learning Ethernet switch (IEEE 802.1D-2004, 7.7 to 7.9) whose ports
 * are tap devices.
 *
 *	switchd SECONDS DEVICE...
 *
 * It remembers on which port each address was last seen as a source, and sends a
 * frame for that address there alone. What was not seen for SECONDS is forgotten.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDR_LEN   6
#define HEADER_LEN 14
#define FRAME_MAX  1518		/* with a VLAN tag */
#define PORTS_MAX  8
#define TABLE_MAX  256
#define NOWHERE    -1

/* An entry of the table: where an address was seen, and when. */
struct entry {
	unsigned char address[ADDR_LEN];
	int           port;
	long          seen;	/* in milliseconds */
};

static struct entry table[TABLE_MAX];
static int entries;
static long age;		/* in milliseconds */

static long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((long)(t.tv_sec * 1000 + t.tv_nsec / 1000000));
}

/* forget_old removes the entries that have not been confirmed for too long. */
static void
forget_old(long at)
{
	for (int i = 0; i < entries;) {
		if (at - table[i].seen < age)
			i++;
		else
			table[i] = table[--entries];
	}
}

static struct entry *
find(const unsigned char *address)
{
	for (int i = 0; i < entries; i++)
		if (memcmp(table[i].address, address, ADDR_LEN) == 0)
			return (&table[i]);
	return (NULL);
}

/* is_group tells whether an address is of many: broadcast or multicast. */
static int
is_group(const unsigned char *address)
{
	return (address[0] & 1);
}

/* is_reserved tells whether it is of those that no bridge forwards (7.12.6). */
static int
is_reserved(const unsigned char *address)
{
	static const unsigned char prefix[] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return (memcmp(address, prefix, sizeof(prefix)) == 0 && address[5] < 0x10);
}

/*
 * learn notes that an address is on a port, also if it was on another before: hosts
 * move. Nobody is a group, so a group address is no source to learn.
 */
static void
learn(const unsigned char *address, int port, long at)
{
	struct entry *e = find(address);

	if (is_group(address))
		return;
	if (e == NULL) {
		if (entries == TABLE_MAX)
			return;		/* frames for it are flooded, which is right, only slower */
		e = &table[entries++];
		memcpy(e->address, address, ADDR_LEN);
	}
	e->port = port;
	e->seen = at;
}

/* lookup returns the port of an address, or NOWHERE. */
static int
lookup(const unsigned char *address)
{
	const struct entry *e = find(address);

	return (e == NULL || is_group(address) ? NOWHERE : e->port);
}

static void
transmit(int device, const unsigned char *frame, size_t len)
{
	if (write(device, frame, len) != (ssize_t)len)
		warn("write");		/* one port that fails is not the end of the others */
}

/*
 * forward sends a frame that came in by a port to where it belongs: to the port of
 * its destination, or, if that is not known, to all others. Never back.
 */
static void
forward(const struct pollfd *ports, int nports, int in, const unsigned char *frame, size_t len)
{
	int out = lookup(frame);

	if (is_reserved(frame) || out == in)
		return;
	if (out != NOWHERE) {
		transmit(ports[out].fd, frame, len);
		return;
	}
	for (int i = 0; i < nports; i++)
		if (i != in)
			transmit(ports[i].fd, frame, len);
}

int
main(int argc, char *argv[])
{
	struct pollfd ports[PORTS_MAX];
	unsigned char frame[FRAME_MAX];
	int nports = argc - 2;
	ssize_t n;

	if (nports < 2 || nports > PORTS_MAX || (age = strtol(argv[1], NULL, 10) * 1000) < 1000) {
		fprintf(stderr, "usage: switchd SECONDS DEVICE DEVICE...\n");
		return (64);
	}
	for (int i = 0; i < nports; i++) {
		ports[i].events = POLLIN;
		if ((ports[i].fd = open(argv[i + 2], O_RDWR)) < 0)
			err(1, "%s", argv[i + 2]);
	}
	for (;;) {
		/* Several devices, one process: wait until one of them has a frame. */
		if (poll(ports, (nfds_t)nports, -1) < 0)
			err(1, "poll");
		forget_old(now());
		for (int i = 0; i < nports; i++) {
			if ((ports[i].revents & POLLIN) == 0)
				continue;
			if ((n = read(ports[i].fd, frame, sizeof(frame))) < 0)
				err(1, "%s", argv[i + 2]);
			if (n < HEADER_LEN)
				continue;
			learn(frame + ADDR_LEN, i, now());
			forward(ports, nports, i, frame, (size_t)n);
		}
	}
}
