/* <net/if.h>: interfaces and their flags. */
#ifndef _NET_IF_H_
#define _NET_IF_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <sys/socket.h>

#define IF_NAMESIZE 16
#define IFNAMSIZ IF_NAMESIZE

#define IFF_UP 0x1
#define IFF_BROADCAST 0x2
#define IFF_DEBUG 0x4
#define IFF_LOOPBACK 0x8
#define IFF_POINTOPOINT 0x10
#define IFF_SMART 0x20
#define IFF_RUNNING 0x40
#define IFF_DRV_RUNNING IFF_RUNNING
#define IFF_NOARP 0x80
#define IFF_PROMISC 0x100
#define IFF_ALLMULTI 0x200
#define IFF_OACTIVE 0x400
#define IFF_DRV_OACTIVE IFF_OACTIVE
#define IFF_SIMPLEX 0x800
#define IFF_LINK0 0x1000
#define IFF_LINK1 0x2000
#define IFF_LINK2 0x4000
#define IFF_MULTICAST 0x8000

#define LINK_STATE_UNKNOWN 0
#define LINK_STATE_DOWN 1
#define LINK_STATE_UP 2

/* On FreeBSD and DragonFly it has 32 bytes, on NetBSD 144. */
struct ifreq {
	char ifr_name[IFNAMSIZ];
	union {
		struct sockaddr ifru_addr;
		struct sockaddr ifru_dstaddr;
		struct sockaddr ifru_broadaddr;
#if defined(__LAB_NETBSD)
		struct sockaddr_storage ifru_space;
#endif
		short ifru_flags[2];
		int ifru_metric;
		short ifru_index;
		int ifru_mtu;
		int ifru_media;
		char *ifru_data;
	} ifr_ifru;
};

#define ifr_addr ifr_ifru.ifru_addr
#define ifr_dstaddr ifr_ifru.ifru_dstaddr
#define ifr_broadaddr ifr_ifru.ifru_broadaddr
#define ifr_flags ifr_ifru.ifru_flags[0]
#define ifr_flagshigh ifr_ifru.ifru_flags[1]
#define ifr_metric ifr_ifru.ifru_metric
#define ifr_mtu ifr_ifru.ifru_mtu
#define ifr_index ifr_ifru.ifru_index
#define ifr_media ifr_ifru.ifru_media
#define ifr_data ifr_ifru.ifru_data

/* The destination address of a tun, the broadcast address of a tap. */
struct ifaliasreq {
	char ifra_name[IFNAMSIZ];
	struct sockaddr ifra_addr;
	union {
		struct sockaddr ifrau_broadaddr;
		struct sockaddr ifrau_dstaddr;
	} ifra_ifrau;
	struct sockaddr ifra_mask;
};

#define ifra_broadaddr ifra_ifrau.ifrau_broadaddr
#define ifra_dstaddr ifra_ifrau.ifrau_dstaddr

struct ifconf {
	int ifc_len;
	union {
		char *ifcu_buf;
		struct ifreq *ifcu_req;
	} ifc_ifcu;
};

#define ifc_buf ifc_ifcu.ifcu_buf
#define ifc_req ifc_ifcu.ifcu_req

struct ifmediareq {
	char ifm_name[IFNAMSIZ];
	int ifm_current;
	int ifm_mask;
	int ifm_status;
	int ifm_active;
	int ifm_count;
	int *ifm_ulist;
};

struct if_nameindex {
	unsigned int if_index;
	char *if_name;
};

#define IFSTATMAX 800

struct ifstat {
	char ifs_name[IFNAMSIZ];
	char ascii[IFSTATMAX + 1];
};

#include <lab/interfaces.h>

#endif
