/*
 * Vbridge shall be a bridge with virtual LANs (IEEE 802.1Q) whose ports are tap devices.
 * This one is a learning bridge that has never heard of them: everything is one network,
 * and tags are data. The places marked TASK are yours.
 *
 *	vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...
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

#define ADDR_LEN  6
#define HEAD_LEN  14		/* destination (6 bytes), source (6), type (2) */
#define TAG_LEN   4		/* behind the addresses: 0x8100 (2), priority and VLAN (2) */
#define FRAME_MAX (1514 + TAG_LEN)
#define PORTS_MAX 16
#define TABLE_MAX 1024
#define VLAN_MAX  4094		/* 0 and 4095 are no VLANs */
#define NONE      0

/* A port of the bridge, as its argument says. */
struct port {
	int            fd;
	int            trunk;		/* it takes tags */
	unsigned short native;		/* the VLAN of frames without one, or NONE */
	unsigned char  member[VLAN_MAX + 1];	/* the VLANs that it carries, the native one, too */
};

/* An address, and the port that it was last seen on. TASK 4: of which VLAN? */
struct entry {
	unsigned char address[ADDR_LEN];
	int           port;
	int64_t       seen;		/* in milliseconds */
};

static struct port ports[PORTS_MAX];
static int nports;
static struct entry table[TABLE_MAX];
static int entries;
static int64_t age;		/* that an address is remembered, in milliseconds */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* transmit sends a frame by a port. */
static void
transmit(const struct port *p, const unsigned char *frame, size_t len)
{
	/* TASK 3: with a tag, unless the frame's VLAN is the native one there. The priority
	 * in it is what it was. */
	if (write(p->fd, frame, len) != (ssize_t)len)
		warn("write");
}

/* find returns the entry of an address, if it is not too old; or NULL. */
static struct entry *
find(const unsigned char *address, int64_t at)
{
	for (int i = 0; i < entries;) {
		if (at - table[i].seen >= age)
			table[i] = table[--entries];
		else if (memcmp(table[i].address, address, ADDR_LEN) == 0)
			return (&table[i]);
		else
			i++;
	}
	return (NULL);
}

/* learn notes that an address is on a port. Nobody is a group. */
static void
learn(const unsigned char *address, int port, int64_t at)
{
	struct entry *e;

	if ((address[0] & 1) != 0)
		return;
	if ((e = find(address, at)) == NULL) {
		if (entries == TABLE_MAX)
			return;
		e = &table[entries++];
		memcpy(e->address, address, ADDR_LEN);
	}
	e->port = port;
	e->seen = at;
}

/* forward sends a frame to where its destination is, or else to all other ports. */
static void
forward(const unsigned char *frame, size_t len, int in, int64_t at)
{
	static const unsigned char reserved[] = {0x01, 0x80, 0xc2, 0x00, 0x00};
	const struct entry *e = (frame[0] & 1) != 0 ? NULL : find(frame, at);

	if (memcmp(frame, reserved, sizeof(reserved)) == 0 && frame[ADDR_LEN - 1] < 0x10)
		return;			/* for the bridges themselves */
	/* TASK 2: which ports carry the frame's VLAN? */
	for (int i = 0; i < nports; i++)
		if (i != in && (e == NULL || e->port == i))
			transmit(&ports[i], frame, len);
}

/* receive reads a frame from a port. */
static void
receive(int in)
{
	static unsigned char frame[FRAME_MAX];
	ssize_t n = read(ports[in].fd, frame, sizeof(frame));

	if (n < 0)
		err(1, "read");
	if (n < HEAD_LEN)
		return;
	printf("%s port %d: %zd bytes, type %02x%02x\n", ports[in].trunk ? "trunk" : "access", in, n, frame[12], frame[13]);
	/* TASK 1: which VLAN is it of, and does the port admit it? Take the tag off. */
	learn(frame + ADDR_LEN, in, now());
	forward(frame, (size_t)n, in, now());
}

_Noreturn static void
usage(void)
{
	fprintf(stderr, "usage: vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...\n");
	exit(64);
}

/* number reads the number of a VLAN, and goes on behind it. */
static unsigned short
number(char **text)
{
	long n = strtol(*text, text, 10);

	if (n < 1 || n > VLAN_MAX)
		usage();
	return ((unsigned short)n);
}

/* open_port reads one argument, and opens the device. */
static void
open_port(char *arg)
{
	struct port *p = &ports[nports++];
	char *kind = strchr(arg, '='), *vlans, before = 0;
	unsigned short vlan;

	if (kind == NULL || (vlans = strchr(kind, ':')) == NULL)
		usage();
	*kind++ = *vlans++ = 0;
	p->trunk = strcmp(kind, "trunk") == 0;
	do {
		vlan = number(&vlans);
		p->member[vlan] = 1;
		if (!p->trunk || before == '/')
			p->native = vlan;
		before = *vlans++;
	} while (before == ',' || before == '/');
	if ((p->fd = open(arg, O_RDWR)) < 0)
		err(1, "%s", arg);
}

int
main(int argc, char *argv[])
{
	struct pollfd fds[PORTS_MAX];

	if (argc < 4 || argc > PORTS_MAX + 2 || (age = strtol(argv[1], NULL, 10) * 1000) < 1000)
		usage();
	for (int i = 2; i < argc; i++) {
		open_port(argv[i]);
		fds[i - 2] = (struct pollfd){.fd = ports[i - 2].fd, .events = POLLIN};
	}
	for (;;) {
		if (poll(fds, (nfds_t)nports, -1) < 0)
			err(1, "poll");
		for (int i = 0; i < nports; i++)
			if (fds[i].revents != 0)
				receive(i);
	}
}
