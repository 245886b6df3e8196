/* <arpa/inet.h>: addresses as text. */
#ifndef _ARPA_INET_H_
#define _ARPA_INET_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <netinet/in.h>

#include <lab/host.h>

__BEGIN_DECLS

int inet_aton(const char *, struct in_addr *);
const char *inet_ntop(int, const void *__restrict, char *__restrict, socklen_t) __LAB_NAME("inet_ntop");
int inet_pton(int, const char *__restrict, void *__restrict) __LAB_NAME("inet_pton");
in_addr_t inet_addr(const char *) __LAB_NAME("inet_addr");
char *inet_ntoa(struct in_addr) __LAB_NAME("inet_ntoa");

/* wasi-libc's numbers of the families are 1 and 2. */
const char *__lab_libc_inet_ntop(int, const void *__restrict, char *__restrict, socklen_t) __asm__("inet_ntop");
int __lab_libc_inet_pton(int, const char *__restrict, void *__restrict) __asm__("inet_pton");

__LAB_FN const char *
inet_ntop(int af, const void *__restrict from, char *__restrict to, socklen_t size)
{
	return (__lab_libc_inet_ntop(af == AF_INET ? 1 : af == AF_INET6 ? 2 : 0, from, to, size));
}

__LAB_FN int
inet_pton(int af, const char *__restrict from, void *__restrict to)
{
	return (__lab_libc_inet_pton(af == AF_INET ? 1 : af == AF_INET6 ? 2 : 0, from, to));
}

__LAB_FN in_addr_t
inet_addr(const char *s)
{
	struct in_addr a;

	return (inet_aton(s, &a) ? a.s_addr : INADDR_NONE);
}

__LAB_FN char *
inet_ntoa(struct in_addr a)
{
	static char text[INET_ADDRSTRLEN];

	return ((char *)inet_ntop(AF_INET, &a, text, sizeof(text)));
}

__END_DECLS

#endif
