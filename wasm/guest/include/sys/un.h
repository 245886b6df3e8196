/*
 * <sys/un.h>: addresses of Unix sockets. A node has none: socket(AF_UNIX, ...) fails with
 * EAFNOSUPPORT, and a program that may do without goes on.
 */
#ifndef _SYS_UN_H_
#define _SYS_UN_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/socket.h>

#include <string.h>

struct sockaddr_un {
	unsigned char sun_len;
	sa_family_t sun_family;
	char sun_path[104];
};

#define SUN_LEN(su) (sizeof(*(su)) - sizeof((su)->sun_path) + strlen((su)->sun_path))

#endif
