/* The messages of DHCP (RFC 2131, section 2; the options in RFC 2132). */
#include <arpa/inet.h>
#include <string.h>

#include "dhcpd.h"

/* Where the fields of the fixed part are. */
#define AT_OP      0
#define AT_HTYPE   1
#define AT_HLEN    2
#define AT_XID     4
#define AT_FLAGS   10
#define AT_CIADDR  12
#define AT_YIADDR  16
#define AT_GIADDR  24
#define AT_CHADDR  28
#define FIXED_LEN  236
#define REPLY_LEN  300		/* what BOOTP clients and relays want at least */

#define OPT_PAD      0
#define OPT_NETMASK  1
#define OPT_ROUTER   3
#define OPT_DNS      6
#define OPT_WANTED   50
#define OPT_LEASE    51
#define OPT_KIND     53
#define OPT_SERVER   54
#define OPT_RENEW    58
#define OPT_REBIND   59
#define OPT_CLIENT   61
#define OPT_END      255

static const unsigned char cookie[] = {99, 130, 83, 99};

static uint32_t
get32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return (ntohl(n));
}

static void
put32(unsigned char *p, uint32_t n)
{
	n = htonl(n);
	memcpy(p, &n, sizeof(n));
}

/* option takes one option of a client's; those that it does not know it leaves. */
static void
option(struct message *m, unsigned code, const unsigned char *value, size_t len)
{
	switch (code) {
	case OPT_KIND:
		if (len == 1)
			m->kind = value[0];
		break;
	case OPT_WANTED:
		if (len == 4)
			m->wanted = get32(value);
		break;
	case OPT_SERVER:
		if (len == 4)
			m->server = get32(value);
		break;
	case OPT_CLIENT:
		if (len >= 2 && len <= CLIENT_MAX) {
			memcpy(m->client, value, len);
			m->client_len = len;
		}
		break;
	}
}

/* parse reads a message, and tells whether it is one of a client on Ethernet. */
int
parse(struct message *m, const unsigned char *b, size_t len)
{
	size_t at = FIXED_LEN + sizeof(cookie);

	memset(m, 0, sizeof(*m));
	if (len < at || b[AT_OP] != 1 || b[AT_HTYPE] != 1 || b[AT_HLEN] != HW_LEN || memcmp(b + FIXED_LEN, cookie, sizeof(cookie)) != 0)
		return (0);
	memcpy(m->raw, b, FIXED_LEN);
	m->ciaddr = get32(b + AT_CIADDR);
	m->giaddr = get32(b + AT_GIADDR);
	memcpy(m->hw, b + AT_CHADDR, HW_LEN);
	/* Who gives no identifier is known by the type and the bytes of his address (9.14). */
	m->client[0] = 1;
	memcpy(m->client + 1, m->hw, HW_LEN);
	m->client_len = 1 + HW_LEN;
	while (at < len && b[at] != OPT_END) {
		if (b[at] == OPT_PAD) {
			at++;
			continue;
		}
		if (at + 2 > len || at + 2 + b[at + 1] > len)
			return (0);
		option(m, b[at], b + at + 2, b[at + 1]);
		at += 2 + (size_t)b[at + 1];
	}
	return (m->kind >= DISCOVER && m->kind <= INFORM);
}

/* add32 appends an option of four bytes. */
static unsigned char *
add32(unsigned char *p, unsigned code, uint32_t value)
{
	p[0] = (unsigned char)code;
	p[1] = 4;
	put32(p + 2, value);
	return (p + 6);
}

/*
 * reply makes the answer to a message in b, of at least REPLY_LEN bytes, and returns
 * its length. Yours is the client's address; 0 in a NAK, and to who has one (INFORM).
 */
size_t
reply(unsigned char *b, size_t size, const struct message *m, enum kind kind, uint32_t yours)
{
	unsigned char *p = b + FIXED_LEN;

	memset(b, 0, size);
	b[AT_OP] = 2;
	b[AT_HTYPE] = 1;
	b[AT_HLEN] = HW_LEN;
	memcpy(b + AT_XID, m->raw + AT_XID, 4);
	memcpy(b + AT_FLAGS, m->raw + AT_FLAGS, 2);
	if (kind == ACK)
		put32(b + AT_CIADDR, m->ciaddr);
	/* Behind a relay the client can't know that his address is wrong (4.3.2). */
	if (kind == NAK && m->giaddr != 0)
		b[AT_FLAGS] |= 0x80;
	put32(b + AT_YIADDR, yours);
	put32(b + AT_GIADDR, m->giaddr);
	memcpy(b + AT_CHADDR, m->raw + AT_CHADDR, 16);
	memcpy(p, cookie, sizeof(cookie));
	p += sizeof(cookie);
	*p++ = OPT_KIND;
	*p++ = 1;
	*p++ = (unsigned char)kind;
	p = add32(p, OPT_SERVER, conf.address);
	if (yours != 0) {
		p = add32(p, OPT_LEASE, conf.lease);
		p = add32(p, OPT_RENEW, conf.lease / 2);
		p = add32(p, OPT_REBIND, conf.lease / 8 * 7);
	}
	if (kind != NAK) {
		p = add32(p, OPT_NETMASK, conf.netmask);
		if (conf.router != 0)
			p = add32(p, OPT_ROUTER, conf.router);
		if (conf.dns != 0)
			p = add32(p, OPT_DNS, conf.dns);
	}
	*p++ = OPT_END;
	return (p - b > REPLY_LEN ? (size_t)(p - b) : REPLY_LEN);
}
