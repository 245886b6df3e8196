/* <ifaddrs.h>: getifaddrs(3), the addresses of a node's interfaces. */
#ifndef _IFADDRS_H_
#define _IFADDRS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/socket.h>

struct ifaddrs {
	struct ifaddrs *ifa_next;
	char *ifa_name;
	unsigned int ifa_flags;
	struct sockaddr *ifa_addr;
	struct sockaddr *ifa_netmask;
	struct sockaddr *ifa_dstaddr;
	void *ifa_data;
};

#ifndef ifa_broadaddr
#define ifa_broadaddr ifa_dstaddr
#endif

#include <lab/interfaces.h>

__BEGIN_DECLS

struct __lab_ifaddrs {
	struct ifaddrs ifa;
	char name[IFNAMSIZ];
	struct sockaddr_storage addr, mask, other;
};

/* __lab_ifaddr fills in an entry of the list. */
__LAB_FN void
__lab_ifaddr(struct __lab_ifaddrs *a, const struct __lab_ifentry *e)
{
	uint8_t mask[16] = {0}, other[16];
	int i, broadcast = e->family == 4 && (e->flags & IFF_BROADCAST) != 0;

	a->ifa.ifa_name = (char *)memcpy(a->name, e->name, IFNAMSIZ);
	a->ifa.ifa_flags = e->flags;
	a->ifa.ifa_addr = (struct sockaddr *)&a->addr;
	__lab_sockaddr(e, (unsigned char *)&a->addr);
	if (e->family == 0)
		return;
	for (i = 0; i < e->bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	a->ifa.ifa_netmask = (struct sockaddr *)&a->mask;
	__lab_sockaddr_ip(e, mask, (unsigned char *)&a->mask);
	if (!broadcast && !e->has_peer)
		return;
	for (i = 0; i < 16; i++)
		other[i] = broadcast ? e->addr[i] | (uint8_t)~mask[i] : e->peer[i];
	a->ifa.ifa_dstaddr = (struct sockaddr *)&a->other;
	__lab_sockaddr_ip(e, other, (unsigned char *)&a->other);
}

__LAB_FN void
freeifaddrs(struct ifaddrs *list)
{
	struct ifaddrs *next;

	for (; list != 0; list = next) {
		next = list->ifa_next;
		free(list);
	}
}

/* ifa_data is a null pointer: a node's counters are netstat(1)'s. */
__LAB_FN int
getifaddrs(struct ifaddrs **list)
{
	struct ifaddrs **end = list;
	struct __lab_ifaddrs *a;
	struct __lab_ifentry e;
	uint32_t n;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), r;

	*list = 0;
	if (fd < 0)
		return (-1);
	for (n = 0; (r = __lab_ifentry(fd, n, &e)) > 0; n++) {
		if ((a = (struct __lab_ifaddrs *)calloc(1, sizeof(*a))) == 0) {
			r = -1;
			break;
		}
		__lab_ifaddr(a, &e);
		*end = &a->ifa;
		end = &a->ifa.ifa_next;
	}
	close(fd);
	if (r == 0)
		return (0);
	freeifaddrs(*list);
	*list = 0;
	return (-1);
}

__END_DECLS

#endif
