/* <netdb.h>: names are those of the lab's nodes; services a few well-known ones. */
#ifndef _NETDB_H_
#define _NETDB_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <lab/host.h>

__BEGIN_DECLS

struct addrinfo {
	int ai_flags;
	int ai_family;
	int ai_socktype;
	int ai_protocol;
	socklen_t ai_addrlen;
	char *ai_canonname;
	struct sockaddr *ai_addr;
	struct addrinfo *ai_next;
};

struct hostent {
	char *h_name;
	char **h_aliases;
	int h_addrtype;
	int h_length;
	char **h_addr_list;
};

#define h_addr h_addr_list[0]

struct servent {
	char *s_name;
	char **s_aliases;
	int s_port;
	char *s_proto;
};

#define AI_PASSIVE 0x1
#define AI_CANONNAME 0x2
#define AI_NUMERICHOST 0x4
#define AI_NUMERICSERV 0x8
#define AI_ADDRCONFIG 0x400

#define EAI_AGAIN 2
#define EAI_BADFLAGS 3
#define EAI_FAIL 4
#define EAI_FAMILY 5
#define EAI_MEMORY 6
#define EAI_NONAME 8
#define EAI_SERVICE 9
#define EAI_SOCKTYPE 10
#define EAI_SYSTEM 11
#define EAI_OVERFLOW 14

#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define NI_NOFQDN 0x1
#define NI_NUMERICHOST 0x2
#define NI_NAMEREQD 0x4
#define NI_NUMERICSERV 0x8
#define NI_DGRAM 0x10

/* What the host's sock_getaddrinfo fills in: the guest makes the structures. */
struct __lab_sockaddr {
	uint32_t family;
	uint32_t len;
	uint8_t *data;
};

struct __lab_addrinfo {
	uint16_t flags;
	uint8_t family;
	uint8_t type;
	uint32_t protocol;
	uint32_t addrlen;
	struct __lab_sockaddr *addr;
	char *canonname;
	uint32_t canonlen;
	struct __lab_addrinfo *next;
};

__LAB_WASI("sock_getaddrinfo") uint32_t __host_sock_getaddrinfo(const char *node, uint32_t nodelen, const char *service, uint32_t servicelen, const struct __lab_addrinfo *hints, struct __lab_addrinfo **res, uint32_t most, uint32_t *count);

/* __lab_port is the port of a service, -1 if there is none of the name. */
__LAB_FN int
__lab_port(const char *service)
{
	static const struct {
		const char *name;
		int port;
	} known[] = {
		{"echo", 7}, {"discard", 9}, {"daytime", 13}, {"ftp", 21}, {"ssh", 22}, {"telnet", 23}, {"time", 37},
		{"domain", 53}, {"bootps", 67}, {"bootpc", 68}, {"tftp", 69}, {"http", 80}, {"ntp", 123}, {"snmp", 161},
		{"https", 443}, {"syslog", 514}, {"openvpn", 1194},
	};
	char *end;
	unsigned long n = strtoul(service, &end, 10);

	if (end != service && *end == 0)
		return (n > 65535 ? -1 : (int)n);
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, service) == 0)
			return (known[i].port);
	}
	return (-1);
}

/* __lab_resolve is the address of a name in a family, AF_UNSPEC: any; it returns 0 or EAI_.... */
__LAB_FN int
__lab_resolve(const char *name, int family, int flags, struct __lab_raw *raw)
{
	uint8_t data[28] = {0};
	struct __lab_sockaddr sa = {0, sizeof(data), data};
	struct __lab_addrinfo hints = {0}, info = {0}, *list = &info;
	uint32_t count = 0, error;

	info.addr = &sa;
	hints.flags = (uint16_t)(flags & (AI_PASSIVE | AI_NUMERICHOST)); /* the host's numbers, too */
	hints.family = (uint8_t)(family == AF_INET ? 1 : family == AF_INET6 ? 2 : 0);
	error = __host_sock_getaddrinfo(name == 0 ? "" : name, name == 0 ? 0 : (uint32_t)strlen(name), "", 0, &hints, &list, 1, &count);
	if (error != 0 || count == 0)
		return (error == 81 ? EAI_FAMILY : EAI_NONAME);
	memset(raw, 0, sizeof(*raw));
	raw->family = info.family;
	if (info.family == 2)
		memcpy(raw->addr, data + 6, 16);
	else
		memcpy(raw->addr, data + 2, 4);
	return (0);
}

__LAB_FN void
freeaddrinfo(struct addrinfo *list)
{
	while (list != 0) {
		struct addrinfo *next = list->ai_next;

		free(list->ai_canonname);
		free(list);
		list = next;
	}
}

__LAB_FN int
getaddrinfo(const char *__restrict name, const char *__restrict service, const struct addrinfo *__restrict hints, struct addrinfo **__restrict res)
{
	static const struct addrinfo none = {0};
	const struct addrinfo *h = hints == 0 ? &none : hints;
	struct addrinfo *list = 0, **tail = &list;
	struct __lab_raw raw;
	int port = 0, error;

	if (name == 0 && service == 0)
		return (EAI_NONAME);
	if (h->ai_family != AF_UNSPEC && h->ai_family != AF_INET && h->ai_family != AF_INET6)
		return (EAI_FAMILY);
	if (service != 0 && (port = __lab_port(service)) < 0)
		return (EAI_SERVICE);
	if ((error = __lab_resolve(name, h->ai_family, h->ai_flags, &raw)) != 0)
		return (error);
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		struct __lab_one {
			struct addrinfo info;
			struct sockaddr_in6 addr;
		} *one;

		if (h->ai_socktype != 0 && h->ai_socktype != type)
			continue;
		if ((one = (struct __lab_one *)calloc(1, sizeof(*one))) == 0) {
			freeaddrinfo(list);
			return (EAI_MEMORY);
		}
		one->info.ai_family = raw.family == 2 ? AF_INET6 : AF_INET;
		one->info.ai_socktype = type;
		one->info.ai_protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
		one->info.ai_addr = (struct sockaddr *)&one->addr;
		one->info.ai_addrlen = sizeof(one->addr);
		__lab_from_host(&raw, (uint32_t)port, one->info.ai_addr, &one->info.ai_addrlen);
		if (h->ai_flags & AI_CANONNAME && list == 0 && name != 0)
			one->info.ai_canonname = strdup(name);
		*tail = &one->info;
		tail = &one->info.ai_next;
	}
	if (list == 0)
		return (EAI_SOCKTYPE);
	*res = list;
	return (0);
}

__LAB_FN const char *
gai_strerror(int error)
{
	static const char *const messages[] = {
		[0] = "Success",
		[EAI_AGAIN] = "Temporary failure in name resolution",
		[EAI_BADFLAGS] = "Invalid value for ai_flags",
		[EAI_FAIL] = "Non-recoverable failure in name resolution",
		[EAI_FAMILY] = "ai_family not supported",
		[EAI_MEMORY] = "Memory allocation failure",
		[EAI_NONAME] = "hostname nor servname provided, or not known",
		[EAI_SERVICE] = "servname not supported for ai_socktype",
		[EAI_SOCKTYPE] = "ai_socktype not supported",
		[EAI_SYSTEM] = "system error returned in errno",
		[EAI_OVERFLOW] = "argument buffer overflow",
	};

	if (error < 0 || error > EAI_OVERFLOW || messages[error] == 0)
		return ("Unknown error");
	return (messages[error]);
}

/* Addresses have no names: what getnameinfo(3) says is always numbers. */
__LAB_FN int
getnameinfo(const struct sockaddr *__restrict sa, socklen_t len, char *__restrict host, socklen_t hostlen, char *__restrict service, socklen_t servicelen, int flags)
{
	char text[INET6_ADDRSTRLEN], number[8];
	struct __lab_raw raw;
	uint32_t port;

	if (__lab_to_host(sa, len, &raw, &port) < 0)
		return (EAI_FAMILY);
	if (flags & NI_NAMEREQD)
		return (EAI_NONAME);
	if (inet_ntop(sa->sa_family, raw.addr, text, sizeof(text)) == 0)
		return (EAI_FAIL);
	snprintf(number, sizeof(number), "%u", (unsigned)port);
	if ((host != 0 && hostlen > 0 && strlcpy(host, text, hostlen) >= hostlen) || (service != 0 && servicelen > 0 && strlcpy(service, number, servicelen) >= servicelen))
		return (EAI_OVERFLOW);
	return (0);
}

__LAB_FN struct hostent *
gethostbyname2(const char *name, int family)
{
	static struct __lab_raw raw;
	static char *aliases[1], *addresses[2];
	static struct hostent host;

	if (__lab_resolve(name, family, 0, &raw) != 0)
		return (0);
	addresses[0] = (char *)raw.addr;
	host = (struct hostent){(char *)name, aliases, family, family == AF_INET ? 4 : 16, addresses};
	return (&host);
}

__LAB_FN struct hostent *gethostbyname(const char *name) { return (gethostbyname2(name, AF_INET)); }

__LAB_FN struct servent *
getservbyname(const char *name, const char *proto)
{
	static char *aliases[1];
	static struct servent service;
	int port = name[0] >= '0' && name[0] <= '9' ? -1 : __lab_port(name);

	if (port < 0)
		return (0);
	service = (struct servent){(char *)name, aliases, htons((uint16_t)port), (char *)(proto == 0 ? "tcp" : proto)};
	return (&service);
}

__END_DECLS

#endif
