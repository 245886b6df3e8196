/*
 * The interfaces of a node: if_nametoindex(3) and its like, SIOCGIFCONF, and what
 * getifaddrs(3) is made of. For <net/if.h> and <ifaddrs.h>, not for programs.
 */
#ifndef _LAB_INTERFACES_H_
#define _LAB_INTERFACES_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/ifentry.h>
#include <net/if.h>
#include <net/if_dl.h>

#include <stdlib.h>
#include <unistd.h>

__BEGIN_DECLS

/* __lab_sockaddr_ip makes a sockaddr_in or sockaddr_in6 and returns its length. */
__LAB_FN unsigned char
__lab_sockaddr_ip(const struct __lab_ifentry *e, const uint8_t *addr, unsigned char *sa)
{
	int v6 = e->family == 6;

	sa[0] = v6 ? 28 : 16;
	sa[1] = v6 ? AF_INET6 : AF_INET;
	memcpy(sa + (v6 ? 8 : 4), addr, v6 ? 16 : 4);
	if (v6 && addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80)
		sa[24] = (unsigned char)e->index; /* sin6_scope_id */
	return (sa[0]);
}

/* __lab_sockaddr makes the address of an entry, a sockaddr_dl for the link's. */
__LAB_FN unsigned char
__lab_sockaddr(const struct __lab_ifentry *e, unsigned char *sa)
{
	struct sockaddr_dl dl;

	if (e->family != 0)
		return (__lab_sockaddr_ip(e, e->addr, sa));
	memset(&dl, 0, sizeof(dl));
	dl.sdl_len = sizeof(dl);
	dl.sdl_family = AF_LINK;
	dl.sdl_index = (unsigned short)e->index;
	dl.sdl_type = e->type;
	dl.sdl_nlen = (unsigned char)strlen(e->name);
	dl.sdl_alen = e->type == 6 ? 6 : 0; /* IFT_ETHER */
	if (dl.sdl_nlen > sizeof(dl.sdl_data) - 6)
		dl.sdl_nlen = sizeof(dl.sdl_data) - 6;
	memcpy(dl.sdl_data, e->name, dl.sdl_nlen);
	memcpy(dl.sdl_data + dl.sdl_nlen, e->addr, dl.sdl_alen);
	memcpy(sa, &dl, sizeof(dl));
	return (dl.sdl_len);
}

/* An entry is as long as struct ifreq, or longer where the address is. */
__LAB_FN int
__lab_ifconf(int fd, struct ifconf *c)
{
	struct __lab_ifentry e;
	struct sockaddr_storage ss;
	char *to = c->ifc_buf;
	size_t left = c->ifc_len < 0 ? 0 : (size_t)c->ifc_len, size, len;
	uint32_t n;
	int r;

	for (n = 0; (r = __lab_ifentry(fd, n, &e)) > 0; n++) {
		memset(&ss, 0, sizeof(ss));
		len = __lab_sockaddr(&e, (unsigned char *)&ss);
		size = sizeof(struct ifreq) - IFNAMSIZ;
		size = IFNAMSIZ + (len > size ? len : size);
		if (size > left)
			break;
		memset(to, 0, size);
		memcpy(to, e.name, IFNAMSIZ);
		memcpy(to + IFNAMSIZ, &ss, len);
		to += size;
		left -= size;
	}
	if (r < 0)
		return (-1);
	c->ifc_len = (int)(to - c->ifc_buf);
	return (0);
}

/* __lab_iflink looks for a link by its name, or by its index where name is null. */
__LAB_FN unsigned
__lab_iflink(const char *name, unsigned index, struct __lab_ifentry *e)
{
	uint32_t n;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), r;

	if (fd < 0)
		return (0);
	for (n = 0; (r = __lab_ifentry(fd, n, e)) > 0; n++)
		if (name != 0 ? strcmp(name, e->name) == 0 : index == e->index)
			break;
	close(fd);
	if (r > 0)
		return (e->index);
	if (r == 0)
		errno = ENXIO;
	return (0);
}

__LAB_FN unsigned
if_nametoindex(const char *name)
{
	struct __lab_ifentry e;

	return (__lab_iflink(name, 0, &e));
}

__LAB_FN char *
if_indextoname(unsigned index, char *name)
{
	struct __lab_ifentry e;

	if (__lab_iflink(0, index, &e) == 0)
		return (0);
	return ((char *)memcpy(name, e.name, IFNAMSIZ));
}

/* if_nameindex returns a list that ends with an index of 0, in one piece of memory. */
__LAB_FN struct if_nameindex *
if_nameindex(void)
{
	struct __lab_named {
		struct if_nameindex list[65];
		char names[64][IFNAMSIZ];
	} *all = (struct __lab_named *)calloc(1, sizeof(*all));
	struct __lab_ifentry e;
	uint32_t n;
	int fd, found = 0, r = -1;

	if (all == 0)
		return (0);
	if ((fd = socket(AF_INET, SOCK_DGRAM, 0)) >= 0) {
		for (n = 0; found < 64 && (r = __lab_ifentry(fd, n, &e)) > 0; n++) {
			if (e.family != 0)
				continue;
			all->list[found].if_index = e.index;
			all->list[found].if_name = (char *)memcpy(all->names[found], e.name, IFNAMSIZ);
			found++;
		}
		close(fd);
	}
	if (r >= 0)
		return (all->list);
	free(all);
	return (0);
}

__LAB_FN void if_freenameindex(struct if_nameindex *list) { free(list); }

__END_DECLS

#endif
