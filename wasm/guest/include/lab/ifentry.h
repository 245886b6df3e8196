/*
 * The list of a node's interfaces and their addresses, one entry a request: what
 * SIOCGIFCONF, getifaddrs(3) and if_nameindex(3) are made of. Not for programs.
 */
#ifndef _LAB_IFENTRY_H_
#define _LAB_IFENTRY_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>
#include <sys/ioccom.h>

#include <string.h>

__BEGIN_DECLS

struct __lab_ifentry {
	uint32_t number; /* of the entry, from 0 */
	uint32_t index;
	char name[16];
	uint32_t flags;
	uint32_t mtu;
	uint8_t family; /* 0: the link, 4, 6 */
	uint8_t type;
	uint8_t bits; /* of the netmask */
	uint8_t has_peer;
	uint8_t addr[16];
	uint8_t peer[16];
};

#define __LAB_GETENTRY _IOWR('i', 250, struct __lab_ifentry)

/* __lab_ifentry is 1 with an entry, 0 after the last, -1 with errno where fd is no socket. */
__LAB_FN int
__lab_ifentry(int fd, uint32_t number, struct __lab_ifentry *e)
{
	int32_t r;

	memset(e, 0, sizeof(*e));
	e->number = number;
	r = __host_ioctl(fd, __LAB_GETENTRY, e, sizeof(*e));
	if (r >= 0)
		return (1);
	if (r == -ENXIO)
		return (0);
	return (__lab_result(r));
}

/* In <lab/interfaces.h>: it needs addresses, which <sys/ioctl.h> does not. */
struct ifconf;
int __lab_ifconf(int, struct ifconf *) __attribute__((__weak__));

__END_DECLS

#endif
