/* Sniffer: what its parts share. */
#include <stddef.h>
#include <stdint.h>

/* What a frame is, as far as a filter asks, and the line that tells of it. */
struct seen {
	int      arp, ip, ip6, proto;	/* proto: of IPv4 or IPv6; -1 if neither, or of a fragment without it */
	int      vlan;			/* -1: no tag */
	uint32_t src, dst;		/* IPv4, of ARP's sender and target, too, in host byte order; 0 if none */
	int      sport, dport;		/* -1: none */
	char     line[400];
};

/* decode.c */
void decode(struct seen *, const unsigned char *frame, size_t len);

/* filter.c */
void filter_add(char *words[], int count);
int  filter_shows(const struct seen *);
