/* <net/ethernet.h>: Ethernet's header and addresses. */
#ifndef _NET_ETHERNET_H_
#define _NET_ETHERNET_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <stdint.h>

#define ETHER_ADDR_LEN 6
#define ETHER_TYPE_LEN 2
#define ETHER_CRC_LEN 4
#define ETHER_HDR_LEN (ETHER_ADDR_LEN * 2 + ETHER_TYPE_LEN)
#define ETHER_MIN_LEN 64
#define ETHER_MAX_LEN 1518
#define ETHER_VLAN_ENCAP_LEN 4
#define ETHER_MAX_LEN_JUMBO 9018
#define ETHERMTU (ETHER_MAX_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHERMIN (ETHER_MIN_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)

__BEGIN_DECLS

struct ether_header {
	u_char ether_dhost[ETHER_ADDR_LEN];
	u_char ether_shost[ETHER_ADDR_LEN];
	u_short ether_type;
} __attribute__((__packed__));

struct ether_addr {
	u_char octet[ETHER_ADDR_LEN];
} __attribute__((__packed__));

#define ether_addr_octet octet

struct ether_vlan_header {
	uint8_t evl_dhost[ETHER_ADDR_LEN];
	uint8_t evl_shost[ETHER_ADDR_LEN];
	uint16_t evl_encap_proto;
	uint16_t evl_tag;
	uint16_t evl_proto;
} __attribute__((__packed__));

#define EVL_VLID_MASK 0x0fff
#define EVL_PRI_MASK 0xe000
#define EVL_VLANOFTAG(tag) ((tag) & EVL_VLID_MASK)
#define EVL_PRIOFTAG(tag) (((tag) >> 13) & 7)
#define EVL_CFIOFTAG(tag) (((tag) >> 12) & 1)
#define EVL_MAKETAG(vlid, pri, cfi) ((((((pri) & 7) << 1) | ((cfi) & 1)) << 12) | ((vlid) & EVL_VLID_MASK))

#define ETHER_IS_MULTICAST(addr) (*(const uint8_t *)(addr) & 0x01)

#define ETHERTYPE_IP 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_REVARP 0x8035
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_LOOPBACK 0x9000

/* ether_ntoa_r and ether_aton_r; the two without _r use one buffer each. */
static inline char *
ether_ntoa_r(const struct ether_addr *a, char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *t = text;

	for (int i = 0; i < ETHER_ADDR_LEN; i++) {
		*t++ = digits[a->octet[i] >> 4];
		*t++ = digits[a->octet[i] & 15];
		*t++ = i < ETHER_ADDR_LEN - 1 ? ':' : 0;
	}
	return (text);
}

static inline struct ether_addr *
ether_aton_r(const char *text, struct ether_addr *a)
{
	for (int i = 0; i < ETHER_ADDR_LEN; i++) {
		unsigned n = 0, digits = 0;

		for (; digits < 2; digits++, text++) {
			char c = *text;
			unsigned d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;

			if (d > 15)
				break;
			n = n * 16 + d;
		}
		if (digits == 0 || *text != (i < ETHER_ADDR_LEN - 1 ? ':' : 0))
			return (0);
		text++;
		a->octet[i] = (u_char)n;
	}
	return (a);
}

static inline char *
ether_ntoa(const struct ether_addr *a)
{
	static char text[18];

	return (ether_ntoa_r(a, text));
}

static inline struct ether_addr *
ether_aton(const char *text)
{
	static struct ether_addr a;

	return (ether_aton_r(text, &a));
}

__END_DECLS

#endif
