/*
 * The table of mappings. A mapping does not depend on whom the host talks to (RFC 4787,
 * REQ-1), but only those whom it has talked to may answer (REQ-8).
 */
#include <string.h>

#include "natd.h"

#define TABLE_MAX  1024
#define FIRST_PORT 49152	/* of those that are given where the host's own is taken */

/* How long a mapping lives after the last packet that went out, in milliseconds. */
#define ICMP_LIFE  (60 * 1000)		/* RFC 5508, REQ-2 */
#define UDP_LIFE   (300 * 1000)		/* RFC 4787, REQ-5 */
#define TCP_LIFE   (7440 * 1000)	/* RFC 5382, REQ-5: of a connection that stands */
#define TCP_BRIEF  (240 * 1000)		/* of one that begins or ends */

static struct mapping table[TABLE_MAX];

static int64_t
life(const struct mapping *m)
{
	if (m->proto == ICMP)
		return (ICMP_LIFE);
	if (m->proto == UDP)
		return (UDP_LIFE);
	return (m->answered && !m->reset && !(m->fin_in && m->fin_out) ? TCP_LIFE : TCP_BRIEF);
}

/* live tells whether a mapping is in use; if its time is up, it is given up. */
static int
live(struct mapping *m, int64_t now)
{
	if (m->proto != 0 && now - m->used >= life(m))
		m->proto = 0;
	return (m->proto != 0);
}

/* table_in returns the mapping that a port of the outside belongs to; NULL if none. */
struct mapping *
table_in(uint8_t proto, uint16_t outside_port, int64_t now)
{
	for (struct mapping *m = table; m < table + TABLE_MAX; m++)
		if (live(m, now) && m->proto == proto && m->outside_port == outside_port)
			return (m);
	return (NULL);
}

/*
 * free_port chooses a port of the outside: the host's own, if no other host has it,
 * else one of the upper range, odd or even as the host's is (REQ-4). 0 if there is none.
 */
static uint16_t
free_port(uint8_t proto, uint16_t port, int64_t now)
{
	if (port != 0 && table_in(proto, port, now) == NULL)
		return (port);
	for (uint32_t p = FIRST_PORT + (port & 1); p <= 65535; p += 2)
		if (table_in(proto, (uint16_t)p, now) == NULL)
			return ((uint16_t)p);
	return (0);
}

/*
 * table_out returns the mapping of a port of a host inside. If there is none, it makes
 * one, if it is to; NULL if not, or if there is no room.
 */
struct mapping *
table_out(uint8_t proto, uint32_t inside, uint16_t port, int64_t now, int make)
{
	struct mapping *room = NULL;
	uint16_t outside_port;

	for (struct mapping *m = table; m < table + TABLE_MAX; m++) {
		if (!live(m, now)) {
			if (room == NULL)
				room = m;
		} else if (m->proto == proto && m->inside == inside && m->port == port)
			return (m);
	}
	if (!make || room == NULL || (outside_port = free_port(proto, port, now)) == 0)
		return (NULL);
	memset(room, 0, sizeof(*room));
	room->proto = proto;
	room->inside = inside;
	room->port = port;
	room->outside_port = outside_port;
	return (room);
}

/* table_peer notes that a packet went to a peer; the one longest known makes room. */
void
table_peer(struct mapping *m, uint32_t peer)
{
	const int max = sizeof(m->peers) / sizeof(m->peers[0]);

	if (!table_allows(m, peer))
		m->peers[m->npeers++ % max] = peer;
}

/* table_allows tells whether a peer may answer: whether it was ever sent to. */
int
table_allows(const struct mapping *m, uint32_t peer)
{
	const int max = sizeof(m->peers) / sizeof(m->peers[0]);

	for (int i = 0; i < m->npeers && i < max; i++)
		if (m->peers[i] == peer)
			return (1);
	return (0);
}
