/*
 * Vbridge is a bridge with virtual LANs (IEEE 802.1Q) whose ports are tap devices.
 *
 *	vbridge DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN... ...
 *
 * An access port belongs to one VLAN, and its frames have no tags. A trunk carries
 * several, each frame with the tag of its VLAN. Inside, each VLAN is a bridge of its
 * own: it has its own ports and its own addresses, and no frame gets from one to another.
 */
#include <net/ethernet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDR_LEN  ETHER_ADDR_LEN
#define HEAD_LEN  ETHER_HDR_LEN
#define TAG_LEN   ETHER_VLAN_ENCAP_LEN
#define FRAME_MAX (1514 + TAG_LEN)
#define PORTS_MAX 16
#define TABLE_MAX 1024
#define VLAN_MAX  4094			/* 0 and 4095 are no VLANs (802.1Q, table 9-2) */
#define AGE       300			/* seconds that an address is remembered */

/* A port of the bridge. */
struct port {
	int            fd;
	unsigned short access;		/* the VLAN of an access port; 0: a trunk */
	unsigned char  member[(VLAN_MAX + 8) / 8];	/* a bit for each VLAN that it carries */
};

/* An address of a VLAN, and the port that it was last seen on. */
struct entry {
	unsigned short vlan;
	unsigned char  address[ADDR_LEN];
	int            port;
	time_t         seen;
};

/*
 * A frame without a tag, with what the tag said. It lies behind TAG_LEN free bytes, so
 * that a tag can be put in by moving the two addresses only.
 */
struct frame {
	unsigned char  room[TAG_LEN];
	unsigned char  bytes[FRAME_MAX];
	size_t         len;
	unsigned short vlan, priority;	/* the priority with the bit that it may be dropped */
};

static struct port ports[PORTS_MAX];
static int nports;
static struct entry table[TABLE_MAX];
static int entries;

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec);
}

static unsigned short
get16(const unsigned char *p)
{
	return ((unsigned short)(p[0] << 8 | p[1]));
}

static void
put16(unsigned char *p, unsigned n)
{
	p[0] = (unsigned char)(n >> 8);
	p[1] = (unsigned char)n;
}

static int
carries(const struct port *p, unsigned vlan)
{
	return (p->member[vlan / 8] >> vlan % 8 & 1);
}

/*
 * classify finds out which VLAN a frame is of, and takes its tag off. It tells whether
 * the port admits it: an access port what has no tag, or one that only says a
 * priority; a trunk what has the tag of a VLAN that it carries (802.1Q, 6.9, 8.6.1, 8.6.2).
 */
static int
classify(const struct port *p, struct frame *f)
{
	unsigned tag = 0;

	f->priority = 0;
	if (f->len >= HEAD_LEN && get16(f->bytes + 2 * ADDR_LEN) == ETHERTYPE_VLAN) {
		if (f->len < HEAD_LEN + TAG_LEN)
			return (0);
		tag = get16(f->bytes + HEAD_LEN);
		f->priority = (unsigned short)(tag & 0xf000);
		f->len -= TAG_LEN;
		memmove(f->bytes + 2 * ADDR_LEN, f->bytes + 2 * ADDR_LEN + TAG_LEN, f->len - 2 * ADDR_LEN);
	}
	f->vlan = EVL_VLANOFTAG(tag);
	if (p->access != 0) {
		if (f->vlan != 0)
			return (0);	/* who could choose his VLAN would be in all of them */
		f->vlan = p->access;
	}
	return (f->len >= HEAD_LEN && f->vlan != 0 && f->vlan <= VLAN_MAX && carries(p, f->vlan));
}

/* transmit sends a frame by a port, with a tag if that is a trunk. */
static void
transmit(const struct port *p, struct frame *f)
{
	unsigned char *start = f->bytes, addresses[2 * ADDR_LEN];
	size_t len = f->len;

	memcpy(addresses, f->bytes, sizeof(addresses));
	if (p->access == 0) {
		/* The tag overwrites the end of the addresses, which move to the front. */
		start = f->room;
		len += TAG_LEN;
		memcpy(start, addresses, sizeof(addresses));
		put16(start + sizeof(addresses), ETHERTYPE_VLAN);
		put16(start + sizeof(addresses) + 2, f->priority | f->vlan);
	}
	if (write(p->fd, start, len) < 0 && errno != EHOSTDOWN && errno != ENOBUFS)
		warn("write");		/* one port that fails is not the end of the others */
	memcpy(f->bytes, addresses, sizeof(addresses));
}

/* find returns the entry of an address in a VLAN, if it is not too old; or NULL. */
static struct entry *
find(unsigned vlan, const unsigned char *address, time_t at)
{
	for (int i = 0; i < entries;) {
		struct entry *e = &table[i];

		if (at - e->seen >= AGE) {
			*e = table[--entries];
			continue;
		}
		if (e->vlan == vlan && memcmp(e->address, address, ADDR_LEN) == 0)
			return (e);
		i++;
	}
	return (NULL);
}

/* learn notes where the source of a frame is. Nobody is a group. */
static void
learn(const struct frame *f, int port, time_t at)
{
	const unsigned char *source = f->bytes + ADDR_LEN;
	struct entry *e;

	if (ETHER_IS_MULTICAST(source))
		return;
	if ((e = find(f->vlan, source, at)) == NULL) {
		if (entries == TABLE_MAX)
			return;		/* frames for it are flooded, which is right, only slower */
		e = &table[entries++];
		e->vlan = f->vlan;
		memcpy(e->address, source, ADDR_LEN);
	}
	e->port = port;
	e->seen = at;
}

/* forward sends a frame to where its destination is in its VLAN, or else to all of that. */
static void
forward(struct frame *f, int in, time_t at)
{
	static const unsigned char reserved[] = {0x01, 0x80, 0xc2, 0x00, 0x00};
	const struct entry *e = NULL;

	if (memcmp(f->bytes, reserved, sizeof(reserved)) == 0 && f->bytes[5] < 0x10)
		return;			/* for the bridges themselves (8.6.3) */
	if (!ETHER_IS_MULTICAST(f->bytes))
		e = find(f->vlan, f->bytes, at);
	for (int i = 0; i < nports; i++)
		if (i != in && carries(&ports[i], f->vlan) && (e == NULL || e->port == i))
			transmit(&ports[i], f);
}

/* receive reads a frame from a port. */
static void
receive(int in)
{
	static struct frame f;
	ssize_t n = read(ports[in].fd, f.bytes, sizeof(f.bytes));

	if (n < 0 && errno != EINTR && errno != EHOSTDOWN)
		err(1, "read");
	if (n <= 0)
		return;
	f.len = (size_t)n;
	if (!classify(&ports[in], &f))
		return;			/* and nothing is learned from it (8.7) */
	learn(&f, in, now());
	forward(&f, in, now());
}

/* open_port reads one argument, and opens the device. */
static void
open_port(char *arg)
{
	struct port *p = &ports[nports++];
	char *kind = strchr(arg, '='), *vlan, *end;
	int count = 0;
	long n;

	if (kind == NULL || (vlan = strchr(kind, ':')) == NULL)
		errx(64, "%s: want DEVICE=access:VLAN or DEVICE=trunk:VLAN,VLAN...", arg);
	*kind++ = *vlan++ = 0;
	do {
		n = strtol(vlan, &end, 10);
		if (end == vlan || n < 1 || n > VLAN_MAX || (*end != 0 && *end != ','))
			errx(64, "%s: a VLAN is a number from 1 to %d", vlan, VLAN_MAX);
		p->member[n / 8] |= (unsigned char)(1 << n % 8);
		vlan = end + 1;
		count++;
	} while (*end == ',');
	if (strcmp(kind, "access") == 0 && count == 1)
		p->access = (unsigned short)n;
	else if (strcmp(kind, "trunk") != 0)
		errx(64, "%s: a port is access, of one VLAN, or trunk", kind);
	if ((p->fd = open(arg, O_RDWR)) < 0)
		err(1, "%s", arg);
}

int
main(int argc, char *argv[])
{
	struct pollfd fds[PORTS_MAX];

	if (argc < 3 || argc > PORTS_MAX + 1) {
		fprintf(stderr, "usage: vbridge DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN... ...\n");
		return (64);
	}
	for (int i = 1; i < argc; i++) {
		open_port(argv[i]);
		fds[i - 1] = (struct pollfd){.fd = ports[i - 1].fd, .events = POLLIN};
	}
	for (;;) {
		if (poll(fds, (nfds_t)nports, -1) < 0) {
			if (errno != EINTR)
				err(1, "poll");
			continue;
		}
		for (int i = 0; i < nports; i++)
			if (fds[i].revents != 0)
				receive(i);
	}
}
