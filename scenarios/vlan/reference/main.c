/*
 * Vbridge is a bridge with virtual LANs (IEEE 802.1Q) whose ports are tap devices.
 *
 *	vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...
 *
 * An access port belongs to one VLAN, and its frames have no tags. A trunk carries
 * several, each frame with the tag of its VLAN, but for those of the native one. Inside,
 * each VLAN is a bridge of its own: it has its own ports and its own addresses, and no
 * frame gets from one to another. An address that was not seen for SECONDS is forgotten.
 */
#include <net/ethernet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
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
#define NONE      0

/* A port of the bridge. */
struct port {
	int            fd;
	int            trunk;		/* it takes tags */
	unsigned short native;		/* the VLAN of frames without one, or NONE */
	unsigned char  member[VLAN_MAX + 1];	/* the VLANs that it carries, the native one, too */
};

/* An address of a VLAN, and the port that it was last seen on. */
struct entry {
	unsigned short vlan;
	unsigned char  address[ADDR_LEN];
	int            port;
	int64_t        seen;		/* in milliseconds */
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
static int64_t age;		/* that an address is remembered, in milliseconds */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
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

/*
 * classify finds out which VLAN a frame is of, and takes its tag off (802.1Q, 6.9). It
 * tells whether the port admits it: an access port admits no tag of a VLAN, and no port
 * a VLAN that it does not carry (8.6.2).
 */
static int
classify(const struct port *p, struct frame *f)
{
	unsigned tag = 0;

	if (f->len < HEAD_LEN)
		return (0);
	if (get16(f->bytes + 2 * ADDR_LEN) == ETHERTYPE_VLAN) {
		if (f->len < HEAD_LEN + TAG_LEN)
			return (0);
		tag = get16(f->bytes + HEAD_LEN);
		f->len -= TAG_LEN;
		memmove(f->bytes + 2 * ADDR_LEN, f->bytes + 2 * ADDR_LEN + TAG_LEN, f->len - 2 * ADDR_LEN);
	}
	f->priority = (unsigned short)(tag & 0xf000);
	f->vlan = EVL_VLANOFTAG(tag);
	if (f->vlan == NONE)
		f->vlan = p->native;
	else if (!p->trunk)
		return (0);		/* who could choose his VLAN would be in all of them */
	return (f->vlan != NONE && f->vlan <= VLAN_MAX && p->member[f->vlan]);
}

/* transmit sends a frame by a port, with a tag unless its VLAN is the native one there. */
static void
transmit(const struct port *p, struct frame *f)
{
	unsigned char *start = f->bytes, addresses[2 * ADDR_LEN];
	size_t len = f->len;

	memcpy(addresses, f->bytes, sizeof(addresses));
	if (f->vlan != p->native) {
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
find(unsigned vlan, const unsigned char *address, int64_t at)
{
	for (int i = 0; i < entries;) {
		struct entry *e = &table[i];

		if (at - e->seen >= age) {
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
learn(const struct frame *f, int port, int64_t at)
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
forward(struct frame *f, int in, int64_t at)
{
	static const unsigned char reserved[] = {0x01, 0x80, 0xc2, 0x00, 0x00};
	const struct entry *e = NULL;

	if (memcmp(f->bytes, reserved, sizeof(reserved)) == 0 && f->bytes[ADDR_LEN - 1] < 0x10)
		return;			/* for the bridges themselves (8.6.3) */
	if (!ETHER_IS_MULTICAST(f->bytes))
		e = find(f->vlan, f->bytes, at);
	for (int i = 0; i < nports; i++)
		if (i != in && ports[i].member[f->vlan] && (e == NULL || e->port == i))
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
