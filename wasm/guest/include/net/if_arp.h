/* <net/if_arp.h>: the fixed part of ARP (RFC 826). */
#ifndef _NET_IF_ARP_H_
#define _NET_IF_ARP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <sys/socket.h>

struct arphdr {
	u_short ar_hrd; /* format of hardware address */
	u_short ar_pro; /* format of protocol address */
	u_char ar_hln; /* length of hardware address */
	u_char ar_pln; /* length of protocol address */
	u_short ar_op; /* one of ARPOP_... */
};

#define ARPHRD_ETHER 1
#define ARPHRD_IEEE802 6
#define ARPHRD_IEEE1394 24

#define ARPOP_REQUEST 1
#define ARPOP_REPLY 2
#define ARPOP_REVREQUEST 3
#define ARPOP_REVREPLY 4
#define ARPOP_INVREQUEST 8
#define ARPOP_INVREPLY 9

#define ar_sha(ap) (((caddr_t)((ap) + 1)) + 0)
#define ar_spa(ap) (((caddr_t)((ap) + 1)) + (ap)->ar_hln)
#define ar_tha(ap) (((caddr_t)((ap) + 1)) + (ap)->ar_hln + (ap)->ar_pln)
#define ar_tpa(ap) (((caddr_t)((ap) + 1)) + 2 * (ap)->ar_hln + (ap)->ar_pln)

#define arphdr_len2(hln, pln) (sizeof(struct arphdr) + 2 * (hln) + 2 * (pln))
#define arphdr_len(ap) (arphdr_len2((ap)->ar_hln, (ap)->ar_pln))

#endif
