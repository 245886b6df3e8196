/*
 * Stpd is a learning bridge with a spanning tree (IEEE 802.1D-1998, clause 8), whose
 * ports are tap devices.
 *
 *	stpd PRIORITY ADDRESS DEVICE=COST...
 *
 * PRIORITY and ADDRESS are its identifier; COST is that of the path by a port. Bridges
 * tell each other in BPDUs which of them is the root and how far it is. A port that
 * leads to the root, or is the way there for others, forwards; all others are blocked,
 * so that what is left of the network is a tree.
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
#define HEADER_LEN 14
#define FRAME_MAX  1518
#define PORTS_MAX  16
#define TABLE_MAX  256
#define NOWHERE    -1
#define NEVER      INT64_MAX

/* A BPDU stands behind the Ethernet header and three bytes of LLC (9.3). */
#define BPDU       (HEADER_LEN + 3)
#define CONFIG_LEN 35
#define TCN_LEN    4
#define CONFIG     0x00
#define TCN        0x80
#define FLAG_TC    0x01
#define FLAG_TCA   0x80

/* Times are in milliseconds; those of a bridge that is the root itself (8.10.2). */
#define SECOND     1000
#define HELLO      (2 * SECOND)
#define MAX_AGE    (20 * SECOND)
#define FORWARD    (15 * SECOND)
#define AGEING     (300 * SECOND)

/* What a BPDU says of the way to the root: the less, the better (8.6.2). */
struct vector {
	uint64_t root;
	uint32_t cost;
	uint64_t bridge;
	uint16_t port;
};

struct times {
	int64_t max_age, hello, forward;
};

enum state { BLOCKING, LISTENING, LEARNING, FORWARDING };

struct port {
	int           fd;
	uint16_t      id;
	uint32_t      cost;
	enum state    state;
	int64_t       next;	/* when the state goes on, or NEVER */
	struct vector best;	/* of what was said on this segment; ours, where we are designated */
	int64_t       expires;	/* when that is no longer true; NEVER where it is ours */
	int           acknowledge;	/* a change that was told here (8.5.5.8) */
};

/* An entry of the table: where an address was seen, and when. */
struct entry {
	unsigned char address[ADDR_LEN];
	int           port;
	int64_t       seen;
};

static const unsigned char group[ADDR_LEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
static const struct times own_times = {MAX_AGE, HELLO, FORWARD};

static struct port ports[PORTS_MAX];
static int nports;
static struct entry table[TABLE_MAX];
static int entries;

static uint64_t id;
static unsigned char address[ADDR_LEN];
static uint64_t root;
static uint32_t root_cost;
static int root_port = NOWHERE;
static struct times times;	/* those of the root */
static int64_t hello_at;	/* when the root says hello next */
static int64_t tcn_at = NEVER;	/* when a change is told again that nobody has acknowledged */
static int64_t changed_until;	/* until when the root tells of a change */
static int changing;		/* the root does so */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* number reads so many bytes, the first of which weighs most. */
static uint64_t
number(const unsigned char *p, int bytes)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	return (n);
}

static void
put(unsigned char *p, int bytes, uint64_t n)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
}

/* A time in a BPDU is in units of 1/256 of a second (9.2.8). */
static int64_t
milliseconds(const unsigned char *p)
{
	return ((int64_t)number(p, 2) * 1000 / 256);
}

static void
put_time(unsigned char *p, int64_t t)
{
	put(p, 2, (uint64_t)(t * 256 / 1000));
}

/* compare tells which of two vectors is better: that one is less. */
static int
compare(const struct vector *a, const struct vector *b)
{
	if (a->root != b->root)
		return (a->root < b->root ? -1 : 1);
	if (a->cost != b->cost)
		return (a->cost < b->cost ? -1 : 1);
	if (a->bridge != b->bridge)
		return (a->bridge < b->bridge ? -1 : 1);
	return (a->port < b->port ? -1 : a->port > b->port);
}

static void
transmit(int port, const unsigned char *frame, size_t len)
{
	if (write(ports[port].fd, frame, len) != (ssize_t)len)
		warn("write");		/* one port that fails is not the end of the others */
}

/* begin_bpdu writes what stands before a BPDU, and its first four bytes. */
static void
begin_bpdu(unsigned char *frame, size_t len, int type)
{
	memset(frame, 0, BPDU + len);
	memcpy(frame, group, ADDR_LEN);
	memcpy(frame + ADDR_LEN, address, ADDR_LEN);
	put(frame + 2 * ADDR_LEN, 2, len + 3);
	frame[HEADER_LEN] = frame[HEADER_LEN + 1] = 0x42;	/* the bridges' LLC address */
	frame[HEADER_LEN + 2] = 0x03;
	frame[BPDU + 3] = (unsigned char)type;
}

static int
designated(const struct port *p)
{
	return (p->expires == NEVER);
}

/* message_age is how old the root's word is when we pass it on (8.5.1.3). */
static int64_t
message_age(int64_t at)
{
	if (root_port == NOWHERE)
		return (0);
	return (times.max_age - (ports[root_port].expires - at) + SECOND);
}

/* send_config tells a segment the way to the root that leads by us. */
static void
send_config(int port, int64_t at)
{
	unsigned char frame[BPDU + CONFIG_LEN], *b = frame + BPDU;
	struct port *p = &ports[port];
	int64_t age = message_age(at);

	if (age >= times.max_age)
		return;			/* it would be dropped */
	begin_bpdu(frame, CONFIG_LEN, CONFIG);
	b[4] = (unsigned char)((changing ? FLAG_TC : 0) | (p->acknowledge ? FLAG_TCA : 0));
	put(b + 5, 8, root);
	put(b + 13, 4, root_cost);
	put(b + 17, 8, id);
	put(b + 25, 2, p->id);
	put_time(b + 27, age);
	put_time(b + 29, times.max_age);
	put_time(b + 31, times.hello);
	put_time(b + 33, times.forward);
	transmit(port, frame, sizeof(frame));
	p->acknowledge = 0;
}

static void
send_all(int64_t at)
{
	for (int i = 0; i < nports; i++)
		if (designated(&ports[i]))
			send_config(i, at);
}

/* topology_changed tells it: the root to all, another bridge towards the root (8.6.14). */
static void
topology_changed(int64_t at)
{
	unsigned char frame[BPDU + TCN_LEN];

	if (root_port == NOWHERE) {
		changing = 1;
		changed_until = at + MAX_AGE + FORWARD;
		return;
	}
	begin_bpdu(frame, TCN_LEN, TCN);
	transmit(root_port, frame, sizeof(frame));
	tcn_at = at + HELLO;
}

/* set_state moves a port; one that must not forward stops at once. */
static void
set_state(struct port *p, enum state s, int64_t at)
{
	enum state was = p->state;

	p->state = s;
	p->next = s == LISTENING || s == LEARNING ? at + times.forward : NEVER;
	if (s == FORWARDING || (s == BLOCKING && was >= LEARNING))
		topology_changed(at);
}

/* choose_root finds the best way to the root, if that is not the bridge itself (8.6.8). */
static void
choose_root(int64_t at)
{
	struct vector best = {0};
	int was = root_port;

	root_port = NOWHERE;
	for (int i = 0; i < nports; i++) {
		struct vector path = ports[i].best;

		if (designated(&ports[i]) || path.root >= id || path.bridge == id)
			continue;
		path.cost += ports[i].cost;
		if (root_port == NOWHERE || compare(&path, &best) < 0) {
			root_port = i;
			best = path;
		}
	}
	root = root_port == NOWHERE ? id : best.root;
	root_cost = root_port == NOWHERE ? 0 : best.cost;
	if (root_port == NOWHERE && was != NOWHERE) {
		times = own_times;
		tcn_at = NEVER;
		hello_at = at;
	}
}

/*
 * choose_roles gives each port its part: that which leads to the root and those on whose
 * segments nobody says anything better than we do shall forward, the others are blocked.
 */
static void
choose_roles(int64_t at)
{
	choose_root(at);
	for (int i = 0; i < nports; i++) {
		struct port *p = &ports[i];
		struct vector ours = {root, root_cost, id, p->id};

		if (i != root_port && (designated(p) || compare(&ours, &p->best) < 0)) {
			p->best = ours;
			p->expires = NEVER;
		} else if (i != root_port) {
			if (p->state != BLOCKING)
				set_state(p, BLOCKING, at);
			continue;
		}
		if (p->state == BLOCKING)
			set_state(p, LISTENING, at);
	}
}

static void
receive_config(int in, const unsigned char *b, int64_t at)
{
	struct port *p = &ports[in];
	struct vector said = {number(b + 5, 8), (uint32_t)number(b + 13, 4), number(b + 17, 8), (uint16_t)number(b + 25, 2)};
	struct times t = {milliseconds(b + 29), milliseconds(b + 31), milliseconds(b + 33)};
	int64_t age = milliseconds(b + 27);

	if (age >= t.max_age || (said.bridge == id && said.port == p->id))
		return;			/* too old, or our own */
	if (compare(&said, &p->best) > 0 && (said.bridge != p->best.bridge || said.port != p->best.port)) {
		if (designated(p))
			send_config(in, at);	/* they don't know better */
		return;
	}
	p->best = said;
	p->expires = at + t.max_age - age;
	if (root_port == NOWHERE || in == root_port)
		times = t;		/* what is chosen now goes by the root's times */
	choose_roles(at);
	if (in != root_port)
		return;
	times = t;
	changing = (b[4] & FLAG_TC) != 0;
	if ((b[4] & FLAG_TCA) != 0)
		tcn_at = NEVER;
	send_all(at);
}

static void
receive_bpdu(int in, const unsigned char *frame, size_t len, int64_t at)
{
	static const unsigned char head[] = {0x42, 0x42, 0x03, 0x00, 0x00};
	const unsigned char *b = frame + BPDU;

	if (len < BPDU + TCN_LEN || memcmp(frame + HEADER_LEN, head, sizeof(head)) != 0)
		return;
	if (b[3] == CONFIG && len >= BPDU + CONFIG_LEN)
		receive_config(in, b, at);
	if (b[3] == TCN && designated(&ports[in])) {
		ports[in].acknowledge = 1;
		topology_changed(at);
		send_config(in, at);
	}
}

/* tick does what is due. */
static void
tick(int64_t at)
{
	int aged = 0;

	for (int i = 0; i < nports; i++) {
		struct port *p = &ports[i];

		if (p->expires <= at) {	/* nobody is the way to the root there any more */
			p->expires = NEVER;
			aged = 1;
		}
		if (p->next <= at)
			set_state(p, p->state + 1, at);
	}
	if (aged)
		choose_roles(at);
	if (tcn_at <= at)
		topology_changed(at);
	if (root_port == NOWHERE && hello_at <= at) {
		changing = at < changed_until;
		hello_at = at + HELLO;
		send_all(at);
	}
}

/* wait_for is how long there is nothing to do, for poll(2). */
static int
wait_for(int64_t at)
{
	int64_t next = root_port == NOWHERE ? hello_at : tcn_at;

	for (int i = 0; i < nports; i++) {
		if (ports[i].expires < next)
			next = ports[i].expires;
		if (ports[i].next < next)
			next = ports[i].next;
	}
	return (next == NEVER ? -1 : next > at ? (int)(next - at) : 0);
}

/* find returns the entry of an address; while a change is told, they age soon (8.6.14). */
static struct entry *
find(const unsigned char *a, int64_t at)
{
	int64_t age = changing ? times.forward : AGEING;

	for (int i = 0; i < entries;) {
		if (at - table[i].seen >= age)
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
		return;			/* nobody is a group */
	if ((e = find(a, at)) == NULL) {
		if (entries == TABLE_MAX)
			return;
		e = &table[entries++];
		memcpy(e->address, a, ADDR_LEN);
	}
	e->port = port;
	e->seen = at;
}

/* forward sends a frame to where its destination is, or else to all that forward. */
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
		return;			/* no bridge forwards these (7.12.6) */
	}
	if (ports[in].state >= LEARNING)
		learn(frame + ADDR_LEN, in, at);
	if (ports[in].state == FORWARDING)
		forward(in, frame, (size_t)n, at);
}

static void
usage(void)
{
	fprintf(stderr, "usage: stpd PRIORITY ADDRESS DEVICE=COST DEVICE=COST...\n");
	exit(64);
}

/* open_port opens the device of an argument. */
static void
open_port(char *arg)
{
	struct port *p = &ports[nports++];
	char *cost = strchr(arg, '=');

	if (cost == NULL || (p->cost = (uint32_t)strtoul(cost + 1, NULL, 10)) == 0)
		usage();
	*cost = 0;
	p->id = (uint16_t)(0x80 << 8 | nports);	/* priority 128, then the number, from 1 (8.5.5.1) */
	p->expires = p->next = NEVER;
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
	for (int i = 0; i < ADDR_LEN; i++)
		address[i] = (unsigned char)a[i];
	id = strtoull(argv[1], NULL, 10) << 48 | number(address, ADDR_LEN);
	times = own_times;
	for (int i = 3; i < argc; i++) {
		open_port(argv[i]);
		fds[nports - 1] = (struct pollfd){.fd = ports[nports - 1].fd, .events = POLLIN};
	}
	hello_at = now();
	choose_roles(hello_at);		/* the root, for all that is known */
	for (;;) {
		tick(now());
		if (poll(fds, (nfds_t)nports, wait_for(now())) < 0)
			err(1, "poll");
		for (int i = 0; i < nports; i++)
			if (fds[i].revents != 0)
				receive(i, now());
	}
}
