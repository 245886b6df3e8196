/*
 * Changing packets. Checksums are updated by what has changed (RFC 1624), not made
 * anew: so an error that was in a packet before stays one.
 */
#include <string.h>

#include "natd.h"

#define AT_TTL   8
#define AT_PROTO 9
#define AT_SUM   10
#define AT_SRC   12
#define AT_DST   16
#define IP_LEN   20
#define FIN      1
#define RST      4

/* head_len is the length of an IPv4 header. */
static size_t
head_len(const unsigned char *p)
{
	return ((size_t)(p[0] & 15) * 4);
}

/* min_len is how long the header of a protocol is at least; 0 of one that is not translated. */
static size_t
min_len(uint8_t proto)
{
	return (proto == TCP ? 20 : proto == UDP || proto == ICMP ? 8 : 0);
}

/*
 * sound tells whether p is a whole IPv4 packet with a header that is right, and sets
 * len to its own length. Fragments are none: only the first has ports.
 */
int
sound(const unsigned char *p, size_t *len)
{
	size_t head;

	if (*len < IP_LEN || p[0] >> 4 != 4 || (head = head_len(p)) < IP_LEN || get16(p + 2) < head || get16(p + 2) > *len)
		return (0);
	*len = get16(p + 2);
	return (sum(p, head) == 0 && (get16(p + 6) & 0x3fff) == 0 && min_len(p[AT_PROTO]) != 0 && *len >= head + min_len(p[AT_PROTO]));
}

/* is_error tells whether a packet is an ICMP error, which quotes another packet. */
int
is_error(const unsigned char *p)
{
	unsigned type = p[head_len(p)];

	return (p[AT_PROTO] == ICMP && (type == 3 || type == 4 || type == 11 || type == 12));
}

/*
 * adjust updates a checksum for two bytes that change: HC' = ~(~HC + ~m + m'),
 * RFC 1624, equation 3. Where there is none (NULL) nothing is done.
 */
static void
adjust(unsigned char *at, uint16_t old, uint16_t new)
{
	uint32_t n;

	if (at == NULL)
		return;
	n = (uint16_t)~get16(at) + (uint32_t)(uint16_t)~old + new;
	n = (n & 0xffff) + (n >> 16);
	n = (n & 0xffff) + (n >> 16);
	put16(at, (uint16_t)~n);
}

static void
change16(unsigned char *at, uint16_t new, unsigned char *sum1)
{
	adjust(sum1, get16(at), new);
	put16(at, new);
}

/* change32 changes an address, which is in two checksums: IP's and the pseudo header's. */
static void
change32(unsigned char *at, uint32_t new, unsigned char *sum1, unsigned char *sum2)
{
	adjust(sum2, get16(at), (uint16_t)(new >> 16));
	adjust(sum2, get16(at + 2), (uint16_t)new);
	change16(at, (uint16_t)(new >> 16), sum1);
	change16(at + 2, (uint16_t)new, sum1);
}

/* age takes one from the time to live. */
void
age(unsigned char *p)
{
	change16(p + AT_TTL, (uint16_t)((p[AT_TTL] - 1) << 8 | p[AT_PROTO]), p + AT_SUM);
}

/*
 * rewrite gives a packet another source (AT_SRC) or destination (AT_DST), with its port
 * or ICMP identifier. Of a packet that is quoted in an error there may be only the
 * first len bytes, eight at least behind its header.
 */
static void
rewrite(unsigned char *p, size_t len, int which, uint32_t address, uint16_t port)
{
	unsigned char *l4 = p + head_len(p), *sum4 = NULL, *at = l4 + (which == AT_SRC ? 0 : 2);
	size_t left = len - head_len(p);

	switch (p[AT_PROTO]) {
	case TCP:
		sum4 = left >= 18 ? l4 + 16 : NULL;
		break;
	case UDP:
		sum4 = get16(l4 + 6) != 0 ? l4 + 6 : NULL;	/* 0: the sender has made none */
		break;
	case ICMP:
		at = l4 + 4;
		change16(at, port, l4 + 2);			/* no pseudo header */
		change32(p + which, address, p + AT_SUM, NULL);
		return;
	}
	change16(at, port, sum4);
	change32(p + which, address, p + AT_SUM, sum4);
	if (p[AT_PROTO] == UDP && sum4 != NULL && get16(sum4) == 0)
		put16(sum4, 0xffff);				/* RFC 768: 0 would mean none */
}

/* port_of is the source or destination port of a packet, or its ICMP identifier. */
static uint16_t
port_of(const unsigned char *p, int which)
{
	const unsigned char *l4 = p + head_len(p);

	return (get16(l4 + (p[AT_PROTO] == ICMP ? 4 : which == AT_SRC ? 0 : 2)));
}

/* is_query tells whether a packet is not of ICMP, or is an echo message of this type. */
static int
is_query(const unsigned char *p, unsigned type)
{
	return (p[AT_PROTO] != ICMP || p[head_len(p)] == type);
}

/* quoted returns the packet that an error quotes, and how much of it is there; NULL if too little. */
static unsigned char *
quoted(unsigned char *p, size_t len, size_t *left)
{
	unsigned char *q = p + head_len(p) + 8;

	*left = len - head_len(p) - 8;
	if (*left < IP_LEN || q[0] >> 4 != 4 || head_len(q) < IP_LEN || *left < head_len(q) + 8 || min_len(q[AT_PROTO]) == 0)
		return (NULL);
	return (q);
}

/*
 * error translates an ICMP error: the packet that it quotes, of which one end (which)
 * was translated and has to be so again, and then its own address. All of it is in
 * its checksum, which is made anew if it was right.
 */
static int
error(unsigned char *p, size_t len, int inward, uint32_t outside, int64_t now)
{
	unsigned char *icmp = p + head_len(p), *q;
	const struct mapping *m;
	size_t left;

	/* A wrong checksum would be mended by making it anew. */
	if ((q = quoted(p, len, &left)) == NULL || sum(icmp, len - head_len(p)) != 0)
		return (0);
	if (inward) {
		if ((m = table_in(q[AT_PROTO], port_of(q, AT_SRC), now)) == NULL)
			return (0);
		rewrite(q, left, AT_SRC, m->inside, m->port);
		change32(p + AT_DST, m->inside, p + AT_SUM, NULL);
	} else {
		if ((m = table_out(q[AT_PROTO], get32(q + AT_DST), port_of(q, AT_DST), now, 0)) == NULL)
			return (0);
		rewrite(q, left, AT_DST, outside, m->outside_port);
		change32(p + AT_SRC, outside, p + AT_SUM, NULL);
	}
	put16(icmp + 2, 0);
	put16(icmp + 2, sum(icmp, len - head_len(p)));
	return (1);
}

/* translate_out changes the source of a packet that leaves the inside. */
int
translate_out(unsigned char *p, size_t len, uint32_t outside, int64_t now)
{
	const unsigned char *l4 = p + head_len(p);
	struct mapping *m;

	if (is_error(p))
		return (error(p, len, 0, outside, now));
	if (!is_query(p, 8) || (m = table_out(p[AT_PROTO], get32(p + AT_SRC), port_of(p, AT_SRC), now, 1)) == NULL)
		return (0);
	if (p[AT_PROTO] == TCP) {
		m->fin_out |= (l4[13] & FIN) != 0;
		m->reset |= (l4[13] & RST) != 0;
	}
	m->used = now;		/* only what goes out keeps it (REQ-6): nobody outside can */
	table_peer(m, get32(p + AT_DST));
	rewrite(p, len, AT_SRC, outside, m->outside_port);
	return (1);
}

/* translate_in changes the destination of a packet that comes from the outside. */
int
translate_in(unsigned char *p, size_t len, int64_t now)
{
	const unsigned char *l4 = p + head_len(p);
	struct mapping *m;

	if (is_error(p))
		return (error(p, len, 1, 0, now));
	if (!is_query(p, 0) || (m = table_in(p[AT_PROTO], port_of(p, AT_DST), now)) == NULL || !table_allows(m, get32(p + AT_SRC)))
		return (0);
	if (p[AT_PROTO] == TCP) {
		m->answered = 1;
		m->fin_in |= (l4[13] & FIN) != 0;
		m->reset |= (l4[13] & RST) != 0;
	}
	rewrite(p, len, AT_DST, m->inside, m->port);
	return (1);
}
