/* <net/if_dl.h>: the address of an interface's link. */
#ifndef _NET_IF_DL_H_
#define _NET_IF_DL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/socket.h>

#if defined(__LAB_FREEBSD)
#define __LAB_SDL_DATA 46
#elif defined(__LAB_NETBSD)
#define __LAB_SDL_DATA 24
#else
#define __LAB_SDL_DATA 12
#endif

struct sockaddr_dl {
	unsigned char sdl_len;
	sa_family_t sdl_family;
	unsigned short sdl_index;
	unsigned char sdl_type;
	unsigned char sdl_nlen;
	unsigned char sdl_alen;
	unsigned char sdl_slen;
	char sdl_data[__LAB_SDL_DATA]; /* the name, then the address */
#if defined(__LAB_DRAGONFLY)
	unsigned short sdl_rcf;
	unsigned short sdl_route[16];
#endif
};

#define LLADDR(s) ((char *)((s)->sdl_data + (s)->sdl_nlen))
#define CLLADDR(s) ((const char *)((s)->sdl_data + (s)->sdl_nlen))

#endif
