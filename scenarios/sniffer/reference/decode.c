/*
 * From a frame to a line. Each function gets what is left of the frame, looks at the
 * length before it looks at a byte, and appends to the line.
 */
#include <sys/socket.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sniffer.h"

#define ICMP_LEN 8
#define UDP_LEN  8
#define TCP_LEN  20
#define ARP_LEN  28
#define IP_LEN   20
#define IP6_LEN  40

static unsigned
get16(const unsigned char *p)
{
	return ((unsigned)p[0] << 8 | p[1]);
}

static uint32_t
get32(const unsigned char *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

/* add appends to the line. */
static void
add(struct seen *s, const char *format, ...)
{
	size_t used = strlen(s->line);
	va_list args;

	va_start(args, format);
	vsnprintf(s->line + used, sizeof(s->line) - used, format, args);
	va_end(args);
}

static void
add_mac(struct seen *s, const unsigned char *p)
{
	add(s, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
}

/* add_ip appends an address, with a port if there is one. */
static void
add_ip(struct seen *s, const unsigned char *p, int port)
{
	add(s, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	if (port >= 0)
		add(s, ".%d", port);
}

/* sum is the Internet checksum of some bytes (RFC 1071); 0 where it is in there and right. */
static unsigned
sum(const unsigned char *p, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	while (n >> 16 != 0)
		n = (n & 0xffff) + (n >> 16);
	return (~n & 0xffff);
}

/* arp is RFC 826. */
static void
arp(struct seen *s, const unsigned char *p, size_t len)
{
	static const unsigned char start[] = {0, 1, 8, 0, 6, 4};

	s->arp = 1;
	if (len < ARP_LEN) {
		add(s, "ARP, truncated");
	} else if (memcmp(p, start, sizeof(start)) != 0) {
		add(s, "ARP, not of IPv4 on Ethernet");
	} else {
		s->src = get32(p + 14);
		s->dst = get32(p + 24);
		switch (get16(p + 6)) {
		case 1:
			add(s, "ARP, Request who-has ");
			add_ip(s, p + 24, -1);
			add(s, " tell ");
			add_ip(s, p + 14, -1);
			break;
		case 2:
			add(s, "ARP, Reply ");
			add_ip(s, p + 14, -1);
			add(s, " is-at ");
			add_mac(s, p + 8);
			break;
		default:
			add(s, "ARP, op %u", get16(p + 6));
		}
	}
	add(s, ", length %zu", len);
}

/* icmp is RFC 792. */
static void
icmp(struct seen *s, const unsigned char *p, size_t len)
{
	if (len < ICMP_LEN) {
		add(s, "ICMP, truncated");
	} else {
		switch (p[0]) {
		case 0:
		case 8:
			add(s, "ICMP echo %s, id %u, seq %u", p[0] == 8 ? "request" : "reply", get16(p + 4), get16(p + 6));
			break;
		case 3:
			add(s, "ICMP unreachable, code %u", p[1]);
			break;
		case 11:
			add(s, "ICMP time exceeded, code %u", p[1]);
			break;
		default:
			add(s, "ICMP type %u, code %u", p[0], p[1]);
		}
	}
	add(s, ", length %zu", len);
}

/* tcp is RFC 9293. Flags are letters, and a point for ACK. */
static void
tcp(struct seen *s, const unsigned char *p, size_t len)
{
	static const char letters[] = "FSRP.U";
	size_t head = len < TCP_LEN ? 0 : (size_t)(p[12] >> 4) * 4;

	if (head < TCP_LEN || head > len) {
		add(s, "TCP, truncated, length %zu", len);
		return;
	}
	add(s, "Flags [");
	/* ACK, the point, stands last. */
	for (int i = 0; i < 6; i++)
		if (i != 4 && p[13] >> i & 1)
			add(s, "%c", letters[i]);
	if (p[13] >> 4 & 1)
		add(s, "%c", letters[4]);
	add(s, "], seq %lu", (unsigned long)get32(p + 4));
	if (p[13] >> 4 & 1)
		add(s, ", ack %lu", (unsigned long)get32(p + 8));
	add(s, ", win %u, length %zu", get16(p + 14), len - head);
}

/* transport appends what an IPv4 packet carries, of which len bytes are there. */
static void
transport(struct seen *s, const unsigned char *p, size_t len)
{
	switch (s->proto) {
	case IPPROTO_ICMP:
		icmp(s, p, len);
		break;
	case IPPROTO_TCP:
		tcp(s, p, len);
		break;
	case IPPROTO_UDP:
		if (len < UDP_LEN)
			add(s, "UDP, truncated, length %zu", len);
		else
			add(s, "UDP, length %zu", len - UDP_LEN);
		break;
	default:
		add(s, "proto %d, length %zu", s->proto, len);
	}
}

/*
 * ip4 is RFC 791. What follows the packet in a short frame is padding; so its own
 * length counts, unless it says more than there is.
 */
static void
ip4(struct seen *s, const unsigned char *p, size_t len)
{
	size_t head, size;
	unsigned at;

	s->ip = 1;
	head = len < IP_LEN ? 0 : (size_t)(p[0] & 15) * 4;
	size = len < IP_LEN ? 0 : get16(p + 2);
	if (head < IP_LEN || p[0] >> 4 != 4 || size < head || size > len) {
		add(s, "IP, truncated, length %zu", len);
		return;
	}
	s->src = get32(p + 12);
	s->dst = get32(p + 16);
	s->proto = p[9];
	at = (get16(p + 6) & 0x1fff) * 8;
	/* Only the first fragment has the ports. */
	if (at == 0 && (s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP) && size - head >= 4) {
		s->sport = (int)get16(p + head);
		s->dport = (int)get16(p + head + 2);
	}
	add(s, "IP ");
	add_ip(s, p + 12, s->sport);
	add(s, " > ");
	add_ip(s, p + 16, s->dport);
	add(s, ": ");
	if (at != 0)
		add(s, "proto %d, fragment at %u, length %zu", s->proto, at, size - head);
	else
		transport(s, p + head, size - head);
	if (sum(p, head) != 0)
		add(s, " (bad checksum)");
}

/* ip6 is RFC 8200, of which only the first header is looked at. */
static void
ip6(struct seen *s, const unsigned char *p, size_t len)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	s->ip6 = 1;
	if (len < IP6_LEN || p[0] >> 4 != 6) {
		add(s, "IP6, truncated, length %zu", len);
		return;
	}
	s->proto = p[6];
	inet_ntop(AF_INET6, p + 8, src, sizeof(src));
	inet_ntop(AF_INET6, p + 24, dst, sizeof(dst));
	add(s, "IP6 %s > %s: next header %d, length %u", src, dst, s->proto, get16(p + 4));
}

/* decode makes a line of a frame. */
void
decode(struct seen *s, const unsigned char *frame, size_t len)
{
	const unsigned char *p = frame + ETHER_HDR_LEN;
	unsigned type;

	*s = (struct seen){.proto = -1, .vlan = -1, .sport = -1, .dport = -1};
	if (len < ETHER_HDR_LEN) {
		add(s, "truncated, length %zu", len);
		return;
	}
	type = get16(frame + 2 * ETHER_ADDR_LEN);
	len -= ETHER_HDR_LEN;
	if (type == ETHERTYPE_VLAN && len >= ETHER_VLAN_ENCAP_LEN) {
		s->vlan = EVL_VLANOFTAG(get16(p));
		add(s, "vlan %d, p %u, ", s->vlan, EVL_PRIOFTAG(get16(p)));
		type = get16(p + 2);
		p += ETHER_VLAN_ENCAP_LEN;
		len -= ETHER_VLAN_ENCAP_LEN;
	}
	switch (type) {
	case ETHERTYPE_ARP:
		arp(s, p, len);
		break;
	case ETHERTYPE_IP:
		ip4(s, p, len);
		break;
	case ETHERTYPE_IPV6:
		ip6(s, p, len);
		break;
	default:
		add_mac(s, frame + ETHER_ADDR_LEN);
		add(s, " > ");
		add_mac(s, frame);
		/* Below 1536 it is no type, but the length of an 802.3 frame. */
		if (type < 1536)
			add(s, ", 802.3, length %zu", len);
		else
			add(s, ", ethertype 0x%04x, length %zu", type, len);
	}
}
