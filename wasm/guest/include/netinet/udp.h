/* <netinet/udp.h>: the header of UDP (RFC 768). */
#ifndef _NETINET_UDP_H_
#define _NETINET_UDP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

struct udphdr {
	u_short uh_sport; /* source port */
	u_short uh_dport; /* destination port */
	u_short uh_ulen; /* length of header and data */
	u_short uh_sum; /* checksum, 0 if there is none */
};

#endif
