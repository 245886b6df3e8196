/*
 * Stpd shall be a bridge with a spanning tree (IEEE 802.1D-1998, clause 8). This one is
 * a learning bridge that throws BPDUs away and forwards by every port: with a loop in the
 * network it makes a storm. The places marked TASK are yours.
 *
 *	stpd PRIORITY ADDRESS DEVICE=COST...
 */
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
#define HEADER_LEN 14		/* destination (6 bytes), source (6), length or type (2) */
#define FRAME_MAX  1518
#define PORTS_MAX  16
#define TABLE_MAX  256

/* A BPDU stands behind the Ethernet header and three bytes of LLC: 42 42 03 (9.3). */
#define BPDU       (HEADER_LEN + 3)

/* Times of a bridge that is the root itself, in milliseconds. */
#define HELLO      2000
#define MAX_AGE    20000
#define FORWARD    15000
#define AGEING     300000

enum state { BLOCKING, LISTENING, LEARNING, FORWARDING };

struct port {
	int        fd;
	uint16_t   id;
	uint32_t   cost;
	enum state state;
	/* TASK 1: what the best BPDU of this segment said, until when that holds, and
	 * when the state goes on. */
};

/* An entry of the table: where an address was seen, and when. */
struct entry {
	unsigned char address[ADDR_LEN];
	int           port;
	int64_t       seen;
};

static const unsigned char group[ADDR_LEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};

static struct port ports[PORTS_MAX];
static int nports;
static struct entry table[TABLE_MAX];
static int entries;
static uint64_t id;		/* the priority, and the address below it */
static unsigned char address[ADDR_LEN];

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void
transmit(int port, const unsigned char *frame, size_t len)
{
	if (write(ports[port].fd, frame, len) != (ssize_t)len)
		warn("write");
}

/* receive_bpdu takes a frame to the group of the bridges. */
static void
receive_bpdu(int in, const unsigned char *frame, size_t len, int64_t at)
{
	/* TASK 2: is it a BPDU at all, and whole? What does it say: root, cost, bridge,
	 * port, message age, and the root's times? */

	/* TASK 3: is that better than what is known of this segment? Then keep it, and
	 * choose anew: the root and the port that leads to it, the ports that are
	 * designated, and those that are blocked. */

	/* TASK 4: what came in by the root port goes out of the designated ports, with
	 * your cost, your identifier, and a message age of a second more. */

	/* TASK 8: a TCN is acknowledged, and told to the root. */
	(void)in, (void)frame, (void)len, (void)at;
}

/* tick does what is due. It is called after each frame, and when poll has waited long enough. */
static void
tick(int64_t at)
{
	/* TASK 5: a bridge that knows no better root sends a BPDU by each port, every HELLO. */

	/* TASK 6: a port that listens learns after the forward delay, and forwards after
	 * another one. That is a change of the topology. */

	/* TASK 7: what was said on a segment holds for max age, less its message age. */
	(void)at, (void)group, (void)id;
}

/* wait_for is how long there is nothing to do, in milliseconds. */
static int
wait_for(int64_t at)
{
	(void)at;
	return (1000);
}

static struct entry *
find(const unsigned char *a, int64_t at)
{
	/* TASK 9: while the root tells of a change, entries age within the forward delay. */
	for (int i = 0; i < entries;) {
		if (at - table[i].seen >= AGEING)
			table[i] = table[--entries];
		else if (memcmp(table[i].address, a, ADDR_LEN) == 0)
			return (&table[i]);
		else
			i++;
	}
	return (NULL);
}

static void
learn(const unsigned char *a, int port, int64_t at)
{
	struct entry *e;

	if ((a[0] & 1) != 0)
		return;
	if ((e = find(a, at)) == NULL) {
		if (entries == TABLE_MAX)
			return;
		e = &table[entries++];
		memcpy(e->address, a, ADDR_LEN);
	}
	e->port = port;
	e->seen = at;
}

static void
forward(int in, const unsigned char *frame, size_t len, int64_t at)
{
	const struct entry *e = (frame[0] & 1) != 0 ? NULL : find(frame, at);

	for (int i = 0; i < nports; i++)
		if (i != in && ports[i].state == FORWARDING && (e == NULL || e->port == i))
			transmit(i, frame, len);
}

static void
receive(int in, int64_t at)
{
	static unsigned char frame[FRAME_MAX];
	ssize_t n = read(ports[in].fd, frame, sizeof(frame));

	if (n < 0)
		err(1, "read");
	if (n < HEADER_LEN)
		return;
	if (memcmp(frame, group, ADDR_LEN - 1) == 0 && frame[5] < 0x10) {
		if (frame[5] == 0)
			receive_bpdu(in, frame, (size_t)n, at);
		return;			/* no bridge forwards these */
	}
	/* TASK 6: what may a port do with a frame in each state? */
	learn(frame + ADDR_LEN, in, at);
	forward(in, frame, (size_t)n, at);
}

static void
usage(void)
{
	fprintf(stderr, "usage: stpd PRIORITY ADDRESS DEVICE=COST DEVICE=COST...\n");
	exit(64);
}

static void
open_port(char *arg)
{
	struct port *p = &ports[nports++];
	char *cost = strchr(arg, '=');

	if (cost == NULL || (p->cost = (uint32_t)strtoul(cost + 1, NULL, 10)) == 0)
		usage();
	*cost = 0;
	p->id = (uint16_t)(0x80 << 8 | nports);	/* priority 128, then the number, from 1 */
	p->state = FORWARDING;			/* TASK 6: not yet */
	if ((p->fd = open(arg, O_RDWR)) < 0)
		err(1, "%s", arg);
}

int
main(int argc, char *argv[])
{
	struct pollfd fds[PORTS_MAX];
	unsigned int a[ADDR_LEN];

	if (argc < 5 || argc > PORTS_MAX + 3 ||
	    sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]) != ADDR_LEN)
		usage();
	id = strtoull(argv[1], NULL, 10);
	for (int i = 0; i < ADDR_LEN; i++) {
		address[i] = (unsigned char)a[i];
		id = id << 8 | address[i];
	}
	for (int i = 3; i < argc; i++) {
		open_port(argv[i]);
		fds[nports - 1] = (struct pollfd){.fd = ports[nports - 1].fd, .events = POLLIN};
	}
	for (;;) {
		tick(now());
		if (poll(fds, (nfds_t)nports, wait_for(now())) < 0)
			err(1, "poll");
		for (int i = 0; i < nports; i++)
			if (fds[i].revents != 0)
				receive(i, now());
	}
}
