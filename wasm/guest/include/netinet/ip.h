/* <netinet/ip.h>: the header of IPv4 (RFC 791). */
#ifndef _NETINET_IP_H_
#define _NETINET_IP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <netinet/in.h>

#define IPVERSION 4

struct ip {
	u_char ip_hl:4, ip_v:4; /* length of the header in words, version */
	u_char ip_tos; /* type of service */
	u_short ip_len; /* total length */
	u_short ip_id; /* identification */
	u_short ip_off; /* flags and offset of a fragment */
#define IP_RF 0x8000
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFMASK 0x1fff
	u_char ip_ttl; /* time to live */
	u_char ip_p; /* protocol */
	u_short ip_sum; /* checksum */
	struct in_addr ip_src, ip_dst;
} __attribute__((__packed__, __aligned__(4)));

#define IP_MAXPACKET 65535
#define IP_MSS 576
#define MAXTTL 255
#define IPDEFTTL 64

#define IPTOS_LOWDELAY 0x10
#define IPTOS_THROUGHPUT 0x08
#define IPTOS_RELIABILITY 0x04

#define IPOPT_EOL 0
#define IPOPT_NOP 1
#define IPOPT_RR 7
#define IPOPT_TS 68
#define IPOPT_LSRR 131
#define IPOPT_SSRR 137
#define IPOPT_RA 148

#endif
